"""Krippendorff's alpha: how far people agree beyond chance. Light."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import product

from engine.counted import counted

_COVERAGE = 0.95
_DRAWS = 1_000
_SEED = 13


def krippendorff_alpha(units: Iterable[Sequence[str]]) -> float:
    """Krippendorff's alpha for nominal answers, with answers that are missing (Krippendorff 2011).

    From *Computing Krippendorff's Alpha-Reliability*, section C: each unit with m answers adds its ordered pairs of
    answers, each weighted 1 / (m - 1), to the coincidences; alpha is one minus observed by expected disagreement.

    Args:
        units: the answers that each unit got, at most one of each observer; units with fewer than two say nothing.

    Returns:
        1 for perfect agreement, 0 for chance.

    Raises:
        ZeroDivisionError: all answers are the same, so that nothing is expected to disagree.
    """
    coincidences: defaultdict[tuple[str, str], float] = defaultdict(float)
    for answers in units:
        if len(answers) > 1:
            given = Counter(answers)
            for one, other in product(given, repeat=2):
                pairs = given[one] * (given[other] - (one == other))
                coincidences[one, other] += pairs / (len(answers) - 1)
    totals: defaultdict[str, float] = defaultdict(float)
    for (one, _), value in coincidences.items():
        totals[one] += value
    n = sum(totals.values())
    observed = sum(value for (one, other), value in coincidences.items() if one != other)
    expected = (n * n - sum(total * total for total in totals.values())) / (n - 1)
    return 1 - observed / expected


def alpha_interval(units: Sequence[Sequence[str]]) -> tuple[float, float] | None:
    """Bounds of alpha, 95 %, by a seeded percentile bootstrap over units (Efron & Tibshirani 1993, section 13.3).

    Args:
        units: as in `krippendorff_alpha`.

    Returns:
        The bounds; None where more than a tenth of the draws have one answer only, so that most say nothing.
    """
    chance, found = random.Random(_SEED), []
    for _ in range(_DRAWS):
        try:
            found.append(krippendorff_alpha(chance.choices(units, k=len(units))))
        except ZeroDivisionError:
            continue
    if len(found) < 0.9 * _DRAWS:
        return None
    found.sort()
    cut = int((1 - _COVERAGE) / 2 * len(found))
    return found[cut], found[-1 - cut]


def agreement_words(units: Sequence[Sequence[str]]) -> str:
    """Alpha, its interval and the number of units with two answers or more: ``alpha 0.82 (0.70-0.91), 34 rows``.

    Empty where there is none, or all answers are the same.
    """
    try:
        alpha = krippendorff_alpha(units)
    except ZeroDivisionError:
        return ""
    bounds = alpha_interval(units)
    shown = f" ({bounds[0]:.2f}-{bounds[1]:.2f})" if bounds else ""
    return f"alpha {alpha:.2f}{shown}, {counted(len(units), 'row')}"
