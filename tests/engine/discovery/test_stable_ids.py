"""Ids of blind spots from one discovery to the next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest

from engine.discovery.stable_ids import OVERLAP, match_ids
from engine.schema import BlindSpot, Discovery
from tests.builders.discovery import discovery_of


def group(rows: Iterable[int], gold: str = "a", predicted: str = "b", name: str = "") -> BlindSpot:
    return BlindSpot(name, gold, predicted, tuple(f"r{row}" for row in rows), 0.95, 0.6, ())


def discovery(spots: Sequence[BlindSpot], *, next_id: int, retired: Sequence[BlindSpot] = ()) -> Discovery:
    return discovery_of(spots, labels=("a", "b"), next_id=next_id, retired=tuple(retired))


def ids(found: Sequence[BlindSpot]) -> dict[str, tuple[str, ...]]:
    return {spot.id: spot.rows for spot in found}


def test_the_first_ids_go_by_size_then_by_cell() -> None:
    found = match_ids([group(range(4), "b", "a"), group(range(10, 14)), group(range(20, 29))], None)
    assert [(spot.id, len(spot.rows), spot.gold) for spot in found.blind_spots] == [
        ("B1", 9, "a"),
        ("B2", 4, "a"),
        ("B3", 4, "b"),
    ]
    assert found.next_id == 4
    assert found.retired == ()
    assert all(spot.overlap is None for spot in found.blind_spots)


def test_ids_follow_the_rows_and_say_how_much_they_overlap() -> None:
    before = discovery([group(range(10), name="B1"), group(range(10, 20), name="B2")], next_id=3)
    found = match_ids([group(range(10, 19)), group([*range(5), *range(40, 45)])], before)
    assert [(spot.id, spot.rows[0]) for spot in found.blind_spots] == [("B1", "r0"), ("B2", "r10")]
    assert [spot.overlap for spot in found.blind_spots] == [pytest.approx(5 / 15), pytest.approx(9 / 10)]


def test_a_split_group_leaves_its_id_to_the_larger_part() -> None:
    before = discovery([group(range(20), name="B1")], next_id=2)
    found = match_ids([group(range(8)), group(range(8, 20))], before)
    assert {name: len(rows) for name, rows in ids(found.blind_spots).items()} == {"B1": 12, "B2": 8}


def test_the_pairing_is_best_for_all_and_not_first_come() -> None:
    before = discovery([group(range(10), name="B1"), group(range(10, 16), name="B2")], next_id=3)
    found = match_ids([group([*range(5, 16)]), group(range(5))], before)  # the first overlaps B1 by 5/16, B2 by 6/11
    assert ids(found.blind_spots) == {"B1": group(range(5)).rows, "B2": group(range(5, 16)).rows}


def test_another_direction_is_another_blind_spot() -> None:
    before = discovery([group(range(10), name="B1")], next_id=2)
    found = match_ids([group(range(10), "b", "a")], before)
    assert [spot.id for spot in found.blind_spots] == ["B2"]
    assert [spot.id for spot in found.retired] == ["B1"]


def test_too_little_overlap_is_a_new_blind_spot() -> None:
    before = discovery([group(range(10), name="B1")], next_id=2)
    shared = 3  # Jaccard 3 / 17 < OVERLAP < 4 / 16
    assert shared / 17 < OVERLAP < 4 / 16
    apart = match_ids([group([*range(shared), *range(50, 57)])], before)
    near = match_ids([group([*range(4), *range(50, 56)])], before)
    assert [spot.id for spot in apart.blind_spots] == ["B2"]
    assert [spot.id for spot in near.blind_spots] == ["B1"]


def test_a_number_is_never_given_away_again_and_comes_back_with_its_rows() -> None:
    first = match_ids([group(range(10)), group(range(10, 16))], None)
    before = discovery(first.blind_spots, next_id=first.next_id)
    second = match_ids([group(range(10))], before)  # B2 is gone
    assert [spot.id for spot in second.retired] == ["B2"]
    before = discovery(second.blind_spots, next_id=second.next_id, retired=second.retired)
    third = match_ids([group(range(10)), group(range(30, 40)), group(range(11, 16))], before)
    assert {name: rows[0] for name, rows in ids(third.blind_spots).items()} == {"B1": "r0", "B2": "r11", "B3": "r30"}
    assert third.retired == ()
    assert third.next_id == 4


def test_nothing_found_retires_all() -> None:
    before = discovery([group(range(10), name="B7")], next_id=9)
    found = match_ids([], before)
    assert (found.blind_spots, [spot.id for spot in found.retired], found.next_id) == ((), ["B7"], 9)


def test_ten_comes_after_nine() -> None:
    found = match_ids([group(range(100 * n, 100 * n + 30 - n)) for n in range(12)], None)
    assert [spot.id for spot in found.blind_spots] == [f"B{n}" for n in range(1, 13)]
