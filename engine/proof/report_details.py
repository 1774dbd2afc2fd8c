"""Further parts of a report: risk-coverage curve, calibration bins, accuracy by label, churn, proof rows by blind spot.

All of it describes, none of it decides: means over seeds, without intervals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from engine.proof.metrics import ECE_BINS, IntArray, Scored, calibration_bins

CURVE_POINTS = 20
FAR = -1  # place of the nearest blind spot of a row that is near none

Entry = dict[str, Any]


def details(runs: Sequence[Scored], labels: Sequence[str]) -> Entry:
    """Risk-coverage curve, calibration bins and accuracy by label of one model's runs on one split."""
    return {
        "by_label": _by_label(runs, labels),
        "reliability": _reliability(runs),
        "risk_coverage": _risk_coverage(runs),
    }


def _by_label(runs: Sequence[Scored], labels: Sequence[str]) -> dict[str, float | None]:
    """Accuracy among the rows of each gold label, 0..1; None for a label without rows."""
    gold = runs[0].gold
    right = np.mean([~run.wrong for run in runs], axis=0)
    return {
        label: round(float(right[gold == place].mean()), 6) if (gold == place).any() else None
        for place, label in enumerate(labels)
    }


def _reliability(runs: Sequence[Scored]) -> list[Entry]:
    """The bins behind ECE, rows of all runs together: their share of the rows, mean confidence and accuracy."""
    confidence = np.concatenate([run.confidence for run in runs])
    right = np.concatenate([~run.wrong for run in runs])
    bins = calibration_bins(confidence)
    found = []
    for place in range(ECE_BINS):
        inside = bins == place
        if inside.any():
            means = {"share": inside.mean(), "confidence": confidence[inside].mean(), "accuracy": right[inside].mean()}
            found.append(
                {"to": round((place + 1) / ECE_BINS, 6)}
                | {name: round(float(value), 6) for name, value in means.items()}
            )
    return found


def _risk_coverage(runs: Sequence[Scored]) -> list[list[float]]:
    """Error rate among the most confident rows, at equal steps of coverage: [coverage, risk], both 0..1."""
    rows = len(runs[0].gold)
    ends = np.unique(np.ceil(np.arange(1, CURVE_POINTS + 1) / CURVE_POINTS * rows).astype(int))
    risks = [np.cumsum(run.wrong[np.argsort(-run.confidence, kind="stable")])[ends - 1] / ends for run in runs]
    return [
        [round(float(end / rows), 6), round(float(risk), 6)]
        for end, risk in zip(ends, np.mean(risks, axis=0), strict=True)
    ]


def churn(after: Sequence[Scored], before: Sequence[Scored]) -> float:
    """Share of rows that are given another label than by the baseline of the same seed, 0..1, mean over seeds."""
    changed = [np.mean(new.predicted != old.predicted) for new, old in zip(after, before, strict=True)]
    return round(float(np.mean(changed)), 6)


def seed_noise(runs: Sequence[Scored]) -> float | None:
    """Share of rows that two runs of one model label differently, mean over pairs of seeds; None with one seed.

    Churn below it is what any retrain would do (Milani Fard et al. 2016, "Launch and Iterate").
    """
    pairs = [np.mean(one.predicted != other.predicted) for one, other in combinations(runs, 2)]
    return round(float(np.mean(pairs)), 6) if pairs else None


def by_blind_spot(
    models: Mapping[tuple[str, str], Sequence[Scored]],
    baseline: tuple[str, str],
    nearest: IntArray,
    spots: Sequence[Entry],
    tau: float,
) -> Entry:
    """What became of the proof rows near each blind spot, and of the UUs near none.

    Args:
        models: for each arm and recipe one `Scored` per seed.
        baseline: which of them the others are compared with.
        nearest: (n,) place of the nearest blind spot of each proof row, or `FAR`.
        spots: the blind spots, each with id, gold and predicted.
        tau: threshold of a UU.
    """
    reference = models[baseline]
    arms = {group: runs for group, runs in models.items() if group != baseline}

    def fates(inside: Sequence[Any]) -> list[Entry]:
        return [{"arm": arm, "recipe": recipe} | _fate(runs, reference, inside) for (arm, recipe), runs in arms.items()]

    listed = []
    for place, spot in enumerate(spots):
        near = nearest == place
        listed.append(
            {key: spot[key] for key in ("id", "gold", "predicted")}
            | {"rows": int(near.sum()), "arms": fates([near] * len(reference))}
        )
    unseen = [(nearest == FAR) & run.wrong & run.covered(tau) for run in reference]
    uus = float(np.mean([(run.wrong & run.covered(tau)).sum() for run in reference]))
    return {
        "blind_spots": listed,
        "unseen": {
            "uus": round(float(np.mean([found.sum() for found in unseen])), 2),
            "of": round(uus, 2),
            "arms": fates(unseen),
        },
    }


def _fate(after: Sequence[Scored], before: Sequence[Scored], inside: Sequence[Any]) -> Entry:
    """Rows ``inside``, one mask a seed: wrong before and right now, wrong still, right before and wrong now."""
    fixed, still, broken = [], [], []
    for new, old, rows in zip(after, before, inside, strict=True):
        fixed.append((rows & old.wrong & ~new.wrong).sum())
        still.append((rows & old.wrong & new.wrong).sum())
        broken.append((rows & ~old.wrong & new.wrong).sum())
    counts = {"fixed": fixed, "still_wrong": still, "newly_broken": broken}
    return {name: round(float(np.mean(values)), 2) for name, values in counts.items()}
