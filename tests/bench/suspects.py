"""`python -m tests.bench.suspects`: how many suspect labels are wrong, with labels flipped on purpose.

On the pools of `make bench-proof`: a share of the labels is replaced by another one, at random; every row that the
round's model is then confidently wrong about is a UU; of those, the rows that `engine.discovery.label_errors` names are
compared with the rows that were flipped. A label that was wrong before counts as a false alarm, so the precision is a
lower bound.

Options from the environment: ``TASKS`` (with commas), ``SEEDS`` (of the flips) and ``OUT`` (the folder of bench-proof).
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from statistics import mean

import numpy as np

from engine.discovery.label_errors import suspects
from engine.discovery.pool_scoring import score_pool
from engine.model.model_registry import current_model, embeddings
from engine.progress import Silent
from engine.project import Project

SHARES = (0.02, 0.05, 0.1)


def main() -> int:
    """One line a task and share: means over the seeds."""
    out = Path(os.environ.get("OUT") or "bench-results/proof")
    seeds = [int(seed) for seed in (os.environ.get("SEEDS") or "13,14,15,16,17").split(",")]
    for task in (os.environ.get("TASKS") or "sentiment").split(","):
        measure(Project.open(out / task), task, seeds)
    return 0


def measure(project: Project, task: str, seeds: list[int]) -> None:
    """Flip, ask, compare."""
    scored = score_pool(project, current_model(project, monitor=Silent()), monitor=Silent())
    vectors = embeddings(project, scored.rows, monitor=Silent())
    labels, tau = len(project.labels), project.settings.discovery.tau
    gold = np.array([project.labels.index(row.label) for row in scored.rows])
    sure = scored.scores.confidence >= tau
    for share in SHARES:
        found = []
        for seed in seeds:
            draw = np.random.default_rng(seed)
            flipped = draw.random(len(gold)) < share
            given = gold.copy()
            given[flipped] = (given[flipped] + draw.integers(1, labels, flipped.sum())) % labels
            uus = np.flatnonzero(sure & (scored.scores.predicted != given))
            named = suspects(vectors, given, uus, seed=project.settings.discovery.seed)
            found.append((len(uus), flipped[uus].mean(), len(named), flipped[named].sum(), flipped[uus].sum()))
        count, base, named_count, right, present = (list(column) for column in zip(*found, strict=True))
        precision = sum(right) / max(1, sum(named_count))
        recall = sum(right) / max(1, sum(present))
        print(
            f"{task}: {share:.0%} flipped: {mean(count):.0f} UUs, {mean(base):.3f} of them flipped; named "
            f"{mean(named_count):.0f}, precision {precision:.2f}, recall {recall:.2f}",
            flush=True,
        )


if __name__ == "__main__":
    sys.exit(main())
