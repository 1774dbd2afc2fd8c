"""Rows whose predicted label an arm changed: fixed and newly broken.

Only rows that people may see: the test split and the pool rows of blind spots; of proof rows there are counts alone.
What is stored of them holds ids and figures, no text (`engine.proof.report.flipped` adds it).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from engine.proof.metrics import Scored
from engine.proof.report import StoredFlip
from engine.proof.report_types import Group


def flips(
    ids: Sequence[str], models: Mapping[Group, Sequence[Scored]], baseline: Group, labels: Sequence[str], *, split: str
) -> list[StoredFlip]:
    """Rows of one split that more than half of the seeds flip from wrong to right, or from right to wrong.

    Args:
        ids: of the rows.
        models: for each arm and recipe one `Scored` per seed.
        baseline: which of them the others are compared with.
        labels: of the project.
        split: what the rows are.

    Returns:
        Those of each arm, the most confident errors first.
    """
    reference = models[baseline]
    found: list[StoredFlip] = []
    for (arm, recipe), runs in models.items():
        if (arm, recipe) == baseline:
            continue
        pairs = list(zip(runs, reference, strict=True))
        fixed = np.sum([old.wrong & ~new.wrong for new, old in pairs], axis=0)
        broken = np.sum([new.wrong & ~old.wrong for new, old in pairs], axis=0)
        before, after = (_said(side, labels) for side in (reference, runs))
        for place in np.flatnonzero(np.maximum(fixed, broken) * 2 > len(runs)):
            found.append(
                StoredFlip(
                    arm=arm,
                    recipe=recipe,
                    split=split,
                    id=ids[int(place)],
                    gold=labels[runs[0].gold[place]],
                    fixed=bool(fixed[place] > broken[place]),
                    seeds=int(max(fixed[place], broken[place])),
                    before=before[place][0],
                    before_confidence=before[place][1],
                    after=after[place][0],
                    after_confidence=after[place][1],
                )
            )
    return sorted(found, key=lambda one: -one.error_confidence)


def _said(runs: Sequence[Scored], labels: Sequence[str]) -> list[tuple[str, float]]:
    """For each row the label that most seeds give, and their mean confidence."""
    votes = np.sum([np.eye(len(labels))[run.predicted] for run in runs], axis=0)
    confidence = np.mean([run.confidence for run in runs], axis=0)
    return [
        (labels[place], round(float(sure), 4)) for place, sure in zip(votes.argmax(axis=1), confidence, strict=True)
    ]
