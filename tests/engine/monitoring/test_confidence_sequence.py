"""Coverage over a year of weekly looks, where the true rate is known."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
import pytest

from engine.monitoring.confidence_sequence import Labelled, first_above, sequence_bounds, window_coverage
from engine.wilson import wilson_bounds

STREAMS, WEEKS, LABELS = 400, 52, 20
MISSES = 0.05 + 3 * (0.05 * 0.95 / STREAMS) ** 0.5
"""Share of the streams that may miss: what is asked for, and three standard errors of the simulation."""
bounds = cache(sequence_bounds)


def weekly_hits(rate: float) -> npt.NDArray[np.int64]:
    """Wrong rows of each week, (streams, weeks)."""
    return np.random.default_rng(13).binomial(LABELS, rate, size=(STREAMS, WEEKS))


@pytest.mark.parametrize("rate", [0.005, 0.05, 0.3])
def test_of_a_year_of_looks_none_misses_the_true_rate_in_95_of_100_streams(rate: float) -> None:
    missed = 0
    for hits in weekly_hits(rate).cumsum(axis=1).tolist():
        looks = [bounds(found, LABELS * week, 0.95) for week, found in enumerate(hits, start=1)]
        missed += not all(low <= rate <= high for low, high in looks)
    assert missed <= MISSES * STREAMS


def test_intervals_for_one_look_would_miss_in_more_of_the_same_streams() -> None:
    hits = weekly_hits(0.3).cumsum(axis=1).tolist()
    single = cache(wilson_bounds)
    looks = [[single(found, LABELS * week, 0.95) for week, found in enumerate(one, start=1)] for one in hits]
    assert sum(not all(low <= 0.3 <= high for low, high in one) for one in looks) > MISSES * STREAMS


@pytest.mark.parametrize(("hits", "rows"), [(0, 1), (1, 1), (0, 40), (40, 40), (3, 40), (37, 40), (150, 5_000)])
def test_an_end_is_where_the_mixture_reaches_its_limit(hits: int, rows: int) -> None:
    low, high = sequence_bounds(hits, rows, 0.95)
    assert 0 <= low <= hits / rows <= high <= 1
    shares = (np.arange(20_000) + 0.5) / 20_000  # the mixture by sums over the arc sine law, its prior
    prior = np.sin(shares * np.pi / 2) ** 2
    mixed = np.mean(np.exp(hits * np.log(prior) + (rows - hits) * np.log1p(-prior) - rows * _entropy(hits, rows)))
    ends = {low, high} - {0.0, 1.0}
    assert len(ends) == (hits > 0) + (hits < rows)
    for end in ends:
        at = np.exp(hits * np.log(end) + (rows - hits) * np.log1p(-end) - rows * _entropy(hits, rows))
        assert mixed / at == pytest.approx(20, rel=1e-3)


def _entropy(hits: int, rows: int) -> float:
    """Largest log-likelihood of a row, by which both sides are divided."""
    share = hits / rows
    return sum(part * float(np.log(part)) for part in (share, 1 - share) if part)


def test_both_directions_are_alike_and_no_label_says_nothing() -> None:
    low, high = sequence_bounds(3, 40, 0.95)
    assert sequence_bounds(37, 40, 0.95) == pytest.approx((1 - high, 1 - low))
    assert sequence_bounds(0, 0, 0.95) == (0.0, 1.0)


def test_the_chances_of_all_windows_together_are_the_one_asked_for() -> None:
    left = [1 - window_coverage(place, 0.05) for place in range(1, 1_000)]
    assert sum(left) == pytest.approx(0.05 * (1 - 1 / 1_000))


def test_a_change_after_many_calm_weeks_is_seen_since_about_when_it_came() -> None:
    calm, changed = [Labelled(50, 1)] * 30, [Labelled(50, 10)] * 6
    assert first_above(calm, 0.06, 0.05) is None
    place = first_above([*calm, *changed], 0.06, 0.05)
    assert place is not None
    assert 20 < place <= 31
    low, _ = sequence_bounds(30 + 60, 36 * 50, window_coverage(1, 0.05))
    assert low < 0.06  # the sequence over all weeks does not see it


def test_while_the_share_stays_at_the_limit_hardly_a_stream_is_ever_called_above_it() -> None:
    streams = [[Labelled(LABELS, found) for found in hits] for hits in weekly_hits(0.05)[:40, ::4].tolist()]
    called = sum(any(first_above(one[:week], 0.05, 0.05) for week in range(1, len(one) + 1)) for one in streams)
    assert called <= 0.05 * len(streams) + 3 * (0.05 * 0.95 * len(streams)) ** 0.5
