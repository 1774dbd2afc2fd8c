"""The interval of a share: exact where all is known, and over the truth as often as it says."""

from __future__ import annotations

import random
from math import comb

import pytest

from engine.audit.estimate import Stratum, bounds, estimate, labels_that_halve


def test_rows_that_all_have_a_label_are_counted_exactly() -> None:
    found = estimate([Stratum(40, 40, 6), Stratum(60, 60, 1)], 0.95)
    assert found is not None
    assert (found.value, found.low, found.high) == (pytest.approx(0.07), pytest.approx(0.07), pytest.approx(0.07))
    assert (found.number, found.fewest, found.most, found.more) == (7, 7, 7, None)


def test_one_stratum_has_the_quantiles_of_its_posterior() -> None:
    low, high = bounds([Stratum(10_000_000, 100, 5)], 0.95)
    assert low == pytest.approx(0.01643, abs=1e-4)  # scipy: beta.ppf(.025, 5, 96)
    assert high == pytest.approx(0.10610, abs=1e-4)  # beta.ppf(.975, 5.5, 95.5)
    assert bounds([Stratum(10_000_000, 100, 95)], 0.95) == (pytest.approx(1 - high), pytest.approx(1 - low))


def test_three_strata_have_the_quantiles_of_their_sum() -> None:
    low, high = bounds([Stratum(10_000_000, 40, 30), Stratum(90_000_000, 40, 1), Stratum(20_000_000, 20, 9)], 0.99)
    assert low == pytest.approx(0.0963, abs=1e-3)  # two million draws of numpy
    assert high == pytest.approx(0.2590, abs=1e-3)


def test_labels_of_rows_that_run_out_narrow_the_interval() -> None:
    few, many = bounds([Stratum(110, 100, 20)], 0.95), bounds([Stratum(100_000, 100, 20)], 0.95)
    assert few[1] - few[0] < 0.4 * (many[1] - many[0])
    assert few[0] >= 20 / 110
    assert few[1] <= 30 / 110


def test_what_nobody_has_labelled_may_be_anything() -> None:
    found = estimate([Stratum(50, 0, 0), Stratum(50, 20, 0)], 0.95)
    assert found is not None
    assert (found.value, found.number, found.more) == (None, None, None)
    assert found.low == 0
    assert found.high > 0.45
    assert estimate([], 0.95) is None
    assert estimate([Stratum(0, 0, 0)], 0.95) is None


@pytest.mark.parametrize(
    "strata",
    [
        [Stratum(100_000, 100, 5)],
        [Stratum(100_000, 60, 0)],
        [Stratum(1_000, 40, 30), Stratum(9_000, 60, 1)],
        [Stratum(1_000, 100, 30), Stratum(2_000, 200, 40)],
    ],
)
def test_so_many_more_labels_halve_the_interval(strata: list[Stratum]) -> None:
    labelled = sum(one.labelled for one in strata)
    times = 1 + labels_that_halve(strata) / labelled
    later = [Stratum(one.rows, round(one.labelled * times), round(one.hits * times)) for one in strata]
    (low, high), (then_low, then_high) = bounds(strata, 0.95), bounds(later, 0.95)
    assert (then_high - then_low) / (high - low) == pytest.approx(0.5, abs=0.04)


def chances(rows: int, wrong: int, drawn: int) -> list[tuple[int, float]]:
    """Hits among rows drawn at random, with their chances."""
    whole = comb(rows, drawn)
    found = [(hits, comb(wrong, hits) * comb(rows - wrong, drawn - hits) / whole) for hits in range(drawn + 1)]
    return [(hits, chance) for hits, chance in found if chance > 1e-4]


@pytest.mark.parametrize("flagged", [(0.9, 0.03), (0.6, 0.25)], ids=["strong", "weak"])
@pytest.mark.parametrize("rate", [0.005, 0.05, 0.3])
def test_the_interval_covers_the_truth(rate: float, flagged: tuple[float, float]) -> None:
    """Likely outcomes of an audit of 60 labels, each with its chance; all cells of the grid are in `tests/bench`."""
    rows, wrong = 4_000, round(4_000 * rate)
    caught = round(flagged[0] * wrong)
    in_flagged = caught + round(flagged[1] * (rows - wrong))
    covered = whole = 0.0
    for first, chance in chances(in_flagged, caught, 24):
        for second, other in chances(rows - in_flagged, wrong - caught, 36):
            if chance * other > 1e-4:
                low, high = bounds([Stratum(in_flagged, 24, first), Stratum(rows - in_flagged, 36, second)], 0.95)
                whole += chance * other
                covered += chance * other * (low <= wrong / rows <= high)
    assert whole > 0.996
    assert covered / whole >= 0.94


def test_the_same_labels_give_the_same_interval() -> None:
    strata = [Stratum(500, 40, 12), Stratum(4_500, 60, 2), Stratum(900, 20, 7)]
    assert estimate(strata, 0.99) == estimate(list(strata), 0.99)


def test_ends_lie_around_what_was_found() -> None:
    dice = random.Random(5)
    for _ in range(40):
        strata = []
        for _ in range(dice.randint(1, 3)):
            rows = dice.randint(1, 400)
            labelled = dice.randint(1, rows)
            strata.append(Stratum(rows, labelled, dice.randint(0, labelled)))
        found = estimate(strata, 0.99)
        assert found is not None
        assert found.value is not None
        assert -1e-9 <= found.low <= found.value + 1e-9
        assert found.value <= found.high + 1e-9 <= 1 + 2e-9
        assert found.number is not None
        assert found.fewest <= found.number <= found.most
