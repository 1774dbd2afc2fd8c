"""A share of rows, with an interval, from people's labels of a random sample in strata. Light.

A stratum has N rows, of which n, drawn at random, have a label; k of these count (they are wrong, say). Its share has a
Beta posterior, and that of the whole is the sum of the strata's, each weighted by its rows; an end of the interval is a
quantile of that sum. The end nearer to 1/2 comes from Jeffreys' Beta(k + 1/2, n - k + 1/2) [Brown, Cai, DasGupta 2001],
the other from Beta(k, n - k + 1), as Clopper and Pearson have it: with Jeffreys' at both ends each stratum adds half a
hit that nobody found, and where few rows count the interval lies above the share (it covered .79 of the time).
Measured coverage: `tests/bench/README.md`.

The rows without a label are beta-binomial; the posterior is given their mean and variance, so a stratum that is
labelled whole is known exactly. Quantiles are read from a grid, not from draws: the same labels give the same interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import asin, ceil, cos, exp, floor, log, pi, sin, sqrt

from engine.schema import Record

_JEFFREYS, _STRICT = 0.5, 0.0  # hits that the upper and the lower end take for granted, of one label
_CELLS = 120  # of a stratum's posterior
_REACH = 3.0  # of the cells, to each side: times 1 / sqrt(n + 1), which is about two standard deviations
_BINS = 600  # of a sum of two posteriors
_NOTHING = 1e-9  # mass that changes no quantile that is asked for

_Posterior = list[tuple[float, float]]
"""Values, rising, and their masses, which add up to 1."""


@dataclass(frozen=True, slots=True)
class Stratum(Record):
    """Rows of one kind: all of them, at least one; those of them that have a label; how many of those count."""

    rows: int
    labelled: int
    hits: int


@dataclass(frozen=True, slots=True)
class AuditEstimate(Record):
    """A share of rows, and how many rows that is.

    Attributes:
        rows: of which it is the share. labelled: of these. hits: of those labelled, however they were drawn.
        value: the share, 0..1; None where a stratum has no label. low, high: its interval.
        number: of rows; None as ``value``. fewest, most: its interval.
        more: about how many more labels, drawn as these were, halve the interval; None without a label or a width.
    """

    rows: int
    labelled: int
    hits: int
    value: float | None
    low: float
    high: float
    number: int | None
    fewest: int
    most: int
    more: int | None


def estimate(strata: Sequence[Stratum], coverage: float) -> AuditEstimate | None:
    """The share of rows that count, over all strata; None where there is no row.

    Args:
        strata: that the rows fall into.
        coverage: of the interval, 0..1.
    """
    strata = [one for one in strata if one.rows]
    if not strata:
        return None
    rows = sum(one.rows for one in strata)
    value = None
    if all(one.labelled for one in strata):
        value = sum(one.rows * one.hits / one.labelled for one in strata) / rows
    low, high = bounds(strata, coverage)
    return AuditEstimate(
        rows=rows,
        labelled=sum(one.labelled for one in strata),
        hits=sum(one.hits for one in strata),
        value=value,
        low=low,
        high=high,
        number=None if value is None else round(value * rows),
        fewest=floor(low * rows + _NOTHING),
        most=ceil(high * rows - _NOTHING),
        more=None if value is None or high <= low else labels_that_halve(strata),
    )


def bounds(strata: Sequence[Stratum], coverage: float) -> tuple[float, float]:
    """Both ends of the interval of a share, 0..1.

    Args:
        strata: at least one, each with a row.
        coverage: of the interval, 0..1.
    """
    if 2 * sum(one.hits for one in strata) > sum(one.labelled for one in strata):
        low, high = bounds([Stratum(one.rows, one.labelled, one.labelled - one.hits) for one in strata], coverage)
        return 1 - high, 1 - low
    tail = (1 - coverage) / 2
    return _quantile(strata, _STRICT, tail), _quantile(strata, _JEFFREYS, 1 - tail)


def labels_that_halve(strata: Sequence[Stratum]) -> int:
    """About how many more labels halve the interval, if they are drawn as those so far and the shares stay.

    With n labels its square is about A / n + B / n^2: A is what the shares vary, B that few labels hide rare hits. So
    it takes four times as many labels, and twice as many while nothing was found; fewer where the rows run out.

    Args:
        strata: each with a row.
    """
    rows = sum(one.rows for one in strata)
    varies = hides = 0.0
    for one in strata:
        n, weight = max(one.labelled, 1), one.rows / rows
        share = one.hits / n
        left = 1 - one.labelled / one.rows
        varies += weight * weight * share * (1 - share) / n * left
        hides += weight * weight / (2 * n * n) * left
    if not hides:
        return 0
    times = 2 * (varies + sqrt(varies * varies + (varies + hides) * hides)) / (varies + hides)
    more = 0.0
    for one in strata:
        n = max(one.labelled, 1)
        then = 1 / ((1 / n - 1 / one.rows) / times + 1 / one.rows)
        more += then - one.labelled
    return max(1, round(more))


def _quantile(strata: Sequence[Stratum], taken: float, probability: float) -> float:
    """Of the share over all strata."""
    rows = sum(one.rows for one in strata)
    whole = [(0.0, 1.0)]
    for one in strata:
        whole = _sum(whole, _posterior(one, taken, one.rows / rows))
    before, last = 0.0, (whole[0][0], 0.0)
    for value, mass in whole:
        middle = before + mass / 2
        if middle >= probability:
            part = (probability - last[1]) / (middle - last[1])
            return min(1.0, last[0] + (value - last[0]) * part)
        before, last = before + mass, (value, middle)
    return min(1.0, whole[-1][0])


def _posterior(one: Stratum, taken: float, weight: float) -> _Posterior:
    """A stratum's part of the share: its posterior times its weight.

    In phi = asin(sqrt(share)) a Beta(a, b) is sin(phi)^(2a-1) cos(phi)^(2b-1): as wide wherever it lies, and, with what
    is ``taken`` here, finite and smooth.
    """
    a, b = one.hits + taken, one.labelled - one.hits + 1 - taken
    without = one.rows - one.labelled
    if not a or not without:
        return [(weight * one.hits / one.rows, 1.0)]
    mean, reach = a / (a + b), _REACH / sqrt(one.labelled + 1)
    first, last = max(0.0, asin(sqrt(mean)) - reach), min(pi / 2, asin(sqrt(mean)) + reach)
    places = [first + (cell + 0.5) * (last - first) / _CELLS for cell in range(_CELLS)]
    heights = [(2 * a - 1) * log(sin(place)) + (2 * b - 1) * log(cos(place)) for place in places]
    top = max(heights)
    masses = [exp(height - top) for height in heights]
    total = sum(masses)
    centre, spread = (one.hits + without * mean) / one.rows, sqrt(without * (one.rows + 1)) / one.rows
    least, most = one.hits / one.rows, (one.hits + without) / one.rows
    values = (centre + (sin(place) ** 2 - mean) * spread for place in places)
    return [(weight * min(max(value, least), most), mass / total) for value, mass in zip(values, masses, strict=True)]


def _sum(left: _Posterior, right: _Posterior) -> _Posterior:
    """The distribution of the sum of two independent values, on `_BINS` places; their mean stays."""
    if len(left) == 1 or len(right) == 1:
        return sorted((value + other, mass * part) for value, mass in left for other, part in right)
    left, right = ([one for one in each if one[1] > _NOTHING] for each in (left, right))
    first = left[0][0] + right[0][0]
    scale = _BINS / ((left[-1][0] + right[-1][0] - first) or 1.0)
    bins = [0.0] * (_BINS + 2)
    for value, mass in left:
        start = value - first
        for other, part in right:
            at = (start + other) * scale
            place = int(at)
            upper = (at - place) * part * mass
            bins[place + 1] += upper
            bins[place] += mass * part - upper
    return [(first + place / scale, mass) for place, mass in enumerate(bins) if mass]
