"""The share of rows that count, from labels that come week by week: intervals that hold however often one looks. Light.

An interval for one look is too narrow for whoever looks every week: sooner or later one of them misses. A confidence
sequence holds at all numbers of labels together, with the chance that is asked for, so looking and stopping are free.
It asks for one thing: rows that have a label are drawn at random from those that it speaks of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, lgamma, log, log1p, pi

_PRIOR = (
    0.5  # Jeffreys': at rates of a few per cent its intervals are narrower than with 1, see `tests/bench/README.md`
)
_HALVINGS = 50  # of an interval in 0..1


@dataclass(frozen=True, slots=True)
class Labelled:
    """Rows of one batch that have a label, and how many of them count (they are wrong, say)."""

    rows: int
    hits: int


def sequence_bounds(hits: int, rows: int, coverage: float) -> tuple[float, float]:
    """Both ends of the interval of a share, 0..1; (0, 1) without a row.

    With a Beta(1/2, 1/2) mixture over all shares, the likelihood ratio against a share p after n rows, k of them hits,
    is R(p) = B(k + 1/2, n - k + 1/2) / (B(1/2, 1/2) p^k (1 - p)^(n - k)). Where p is right, R is a martingale from 1
    on, which by Ville's inequality ever reaches 1 / (1 - coverage) with a chance of at most 1 - coverage. The interval
    is all p with a lower R [Robbins 1970, Annals of Mathematical Statistics 41(5); Howard, Ramdas, McAuliffe and Sekhon
    2021, arXiv 1810.08240, section 3: conjugate mixtures].

    Args:
        hits: rows that count, 0 to ``rows``.
        rows: that have a label.
        coverage: chance that no interval, at any number of rows, misses the share; 0..1.
    """
    if not rows:
        return 0.0, 1.0
    evidence = lgamma(hits + _PRIOR) + lgamma(rows - hits + _PRIOR) - lgamma(rows + 2 * _PRIOR) - log(pi)
    floor = evidence + log(1 - coverage)
    if not hits:
        return 0.0, 1 - exp(floor / rows)
    if hits == rows:
        return exp(floor / rows), 1.0
    share = hits / rows

    def end(outer: float) -> float:
        inner = share
        for _ in range(_HALVINGS):
            middle = (inner + outer) / 2
            if hits * log(middle) + (rows - hits) * log1p(-middle) > floor:
                inner = middle
            else:
                outer = middle
        return outer

    return end(0.0), end(1.0)


def window_coverage(place: int, chance: float) -> float:
    """Coverage of the sequence over the batches from the ``place``-th on (from 1), so that those of all places hold.

    What is left of ``chance``, that any of them ever misses, is divided as 1/2, 1/6, 1/12 ...: 1 / (place (place + 1)).
    """
    return 1 - chance / (place * (place + 1))


def first_above(batches: Sequence[Labelled], limit: float, chance: float) -> int | None:
    """Place, from 1, of the first batch since which the share is surely above a limit; None if it is so since none.

    Weeks in which all was well hide a later change in a sequence over all weeks, so there is one from each batch on.
    While the share never rises above the limit, this ever gives a place with at most the ``chance``.

    Args:
        batches: in the order in which they came.
        limit: share, 0..1.
        chance: of an error, over all batches and all looks.
    """
    rows, hits = sum(one.rows for one in batches), sum(one.hits for one in batches)
    for place, batch in enumerate(batches, start=1):
        if sequence_bounds(hits, rows, window_coverage(place, chance))[0] > limit:
            return place
        rows, hits = rows - batch.rows, hits - batch.hits
    return None
