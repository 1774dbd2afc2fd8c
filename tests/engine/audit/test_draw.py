"""Drawing an audit: how many rows of each stratum, with which chance, in which order."""

from __future__ import annotations

from collections import Counter

import pytest

from engine.audit.draw import LOOKS, STRATA, StratumName, draw, sizes

ROWS: dict[StratumName, int] = {"flagged": 100, "confident": 700, "not confident": 200}


def drawn(labels: int, seed: int = 13, rows: dict[StratumName, int] | None = None) -> list[tuple[str, str, float, int]]:
    strata = [name for name, count in (rows or ROWS).items() for _ in range(count)]
    choices = draw(strata, [f"h{n}" for n in range(len(strata))], labels, seed)
    return [(one.row, one.stratum, one.chance or 0.0, one.batch) for one in choices]


@pytest.mark.parametrize(
    ("rows", "labels", "expected"),
    [
        (ROWS, 100, (32, 48, 20)),
        ({"confident": 900, "not confident": 100}, 100, (0, 90, 10)),
        ({"flagged": 10, "confident": 900, "not confident": 90}, 100, (10, 81, 9)),  # all that are flagged
        ({"flagged": 600, "confident": 200}, 100, (75, 25, 0)),  # more flagged than not: as they are
        ({"flagged": 30, "confident": 20, "not confident": 50}, 200, (30, 20, 50)),  # more labels than rows
        ({"confident": 10, "not confident": 990}, 100, (0, 10, 90)),
        ({"not confident": 500}, 100, (0, 0, 100)),
        ({"flagged": 5, "confident": 95, "not confident": 2}, 40, (5, 33, 2)),
    ],
)
def test_how_many_rows_of_each_stratum(
    rows: dict[StratumName, int], labels: int, expected: tuple[int, int, int]
) -> None:
    assert tuple(sizes(rows, labels)[name] for name in STRATA) == expected


def test_each_look_adds_a_sample_of_every_stratum_and_no_row_comes_twice() -> None:
    found = drawn(100)
    assert len({row for row, *_ in found}) == 100
    assert [look for *_, look in found] == sorted(look for *_, look in found)
    for look in range(1, LOOKS + 1):
        counts = Counter(stratum for _, stratum, _, part in found if part == look)
        assert counts["not confident"] == 4
        assert counts["flagged"] in (6, 7)
        assert counts["confident"] in (9, 10)


def test_the_chance_is_that_of_the_stratum_and_the_seed_decides() -> None:
    assert {(stratum, chance) for _, stratum, chance, _ in drawn(100)} == {
        ("flagged", 0.32),
        ("confident", 48 / 700),
        ("not confident", 0.1),
    }
    assert drawn(100) == drawn(100)
    assert drawn(100) != drawn(100, seed=14)


def test_every_row_of_a_stratum_is_as_likely_at_every_look() -> None:
    rows: dict[StratumName, int] = {"flagged": 6, "confident": 14}
    times: Counter[str] = Counter()
    first: Counter[str] = Counter()
    for seed in range(400):
        for row, _, _, look in drawn(10, seed, rows):
            times[row] += 1
            first[row] += look == 1
    # 4 of 6 flagged and 6 of 14 others: 267 and 171 times; at the first look 1 of 6 and 1 of 14
    assert all(220 < times[f"h{n}"] < 310 for n in range(6))
    assert all(125 < times[f"h{n}"] < 220 for n in range(6, 20))
    assert all(35 < first[f"h{n}"] < 105 for n in range(6))
