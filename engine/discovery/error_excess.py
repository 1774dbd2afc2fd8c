"""Whether there are more errors near a blind spot than the model's confidence implies.

What is tested: if the confidence of the rows near a blind spot were right, each would be wrong with the chance
1 - confidence, independently of the others. How likely would at least as many errors be as are there? That is the upper
tail of a Poisson-binomial distribution, one-sided; over all blind spots it becomes a q-value (Benjamini & Hochberg
1995, "Controlling the false discovery rate"). A small q says that the model is too sure of itself there.

The rows near it that have a label and a confidence of at least tau are counted, right and wrong ones. A blind spot's
own rows were picked because they are wrong, so whether a row is near is decided without it, as of proof rows. The pool
is cut into `_FOLDS` parts, and the rows of each are compared with the centres that the rows of the other
parts give. Rows that people were asked for because they looked wrong (by a hunt or a flag) are left out.

The grouping itself has seen all rows, so q ranks blind spots and proves nothing; proof rows do (`engine.proof.closed`).
Where errors were drawn by chance from the confidence (30 pools of 3,000 rows in 32 dimensions, 23 blind spots each), 1
% of the blind spots had p < 0.05 if the rows lay in 60 groups, and 15 % if they lay anywhere; 1 and 10 of the 30 pools
had one with q < 0.05. Without the parts, 56 and 100 % of the blind spots had p < 0.05.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import false_discovery_control

from engine.arrays import Bools, Floats, Ints
from engine.discovery.nearest_spot import FAR, Reach
from engine.discovery.sampling import blocks
from engine.schema import ErrorExcess

_FOLDS = 5
_DIGITS = 3  # of expected errors, p and q in the file: confidence comes from a scan where rows are scanned in bf16


def error_excess(
    groups: Sequence[Ints], embeddings: Floats, counted: Ints, wrong: Bools, confidence: Floats
) -> list[ErrorExcess | None]:
    """For each blind spot its errors against those that its rows' confidence implies; None without a row near it.

    Args:
        groups: for each blind spot the places of its rows in the pool.
        embeddings: (n, d) of the pool, rows of length 1; may lie on disk.
        counted: (c,) places of the rows that are counted.
        wrong: (n,) whether the model gets a pool row wrong.
        confidence: (n,) of the model, 0..1.
    """
    if not groups:
        return []
    nearest = _nearest_without_it(groups, embeddings, counted)
    found: dict[int, tuple[int, int, float, float]] = {}
    for place in range(len(groups)):
        near = counted[nearest == place]
        if len(near):
            chances, errors = 1 - confidence[near], int(wrong[near].sum())
            found[place] = len(near), errors, float(chances.sum()), at_least(errors, chances)
    q_of = dict(zip(found, false_discovery_control([p for *_, p in found.values()]) if found else (), strict=True))
    excess: list[ErrorExcess | None] = [None] * len(groups)
    for place, (rows, errors, expected, p) in found.items():
        excess[place] = ErrorExcess(rows, errors, *(_short(value) for value in (expected, p, float(q_of[place]))))
    return excess


def _nearest_without_it(groups: Sequence[Ints], embeddings: Floats, counted: Ints) -> Ints:
    """(c,) the place of the nearest blind spot of each counted row, by rows of the other parts of the pool, or `FAR`.

    The parts follow the order of the pool (`pool_in_order`), in which texts that begin alike stand together.
    """
    nearest = np.full(len(counted), FAR, dtype=np.intp)
    for fold in range(_FOLDS):
        others = [(place, rows) for place, group in enumerate(groups) if len(rows := group[group % _FOLDS != fold])]
        if not others:
            continue
        reach = Reach.of(embeddings[rows] for _, rows in others)
        places = np.array([place for place, _ in others], dtype=np.intp)
        for _, block in blocks(np.flatnonzero(counted % _FOLDS == fold)):
            found = reach.nearest(embeddings[counted[block]])
            near = found != FAR
            nearest[block[near]] = places[found[near]]
    return nearest


def at_least(events: int, chances: Floats) -> float:
    """The probability of at least so many of independent events with these chances, 0..1 each.

    Exact, one event after the other (Hong 2013, "On computing the distribution function for the Poisson binomial
    distribution", section 2.4), and sums of positive terms alone, so that a tiny tail keeps its digits. 10,000 events
    take 0.05 s.
    """
    below = np.zeros(events)  # [k]: probability of k events so far; all from ``events`` on are in the tail
    if not events:
        return 1.0
    below[0], tail = 1.0, 0.0
    for chance in chances.astype(np.float64):
        tail += below[-1] * chance
        moved = below * chance
        below -= moved
        below[1:] += moved[:-1]
    return float(min(1.0, tail))


def _short(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
