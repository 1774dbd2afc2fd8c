"""Rows that stay on the disk are the rows of the file, in any order that is asked for."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from engine.data.split_rows import SplitRows
from engine.schema import UNLABELLED, Example

ROWS = [
    Example("b", "the same first words of every one of them, then water", "wet"),
    Example("a", "the same first words of every one of them, then fire", "dry"),
    Example("é", "", UNLABELLED),
    Example("z2", "kühl \U0001f30a and longer than others by a good deal of words", "wet"),
    Example("z1", "kühl \U0001f30a and longer than others by a good deal of words", "dry"),
    Example("c", "kühl", "wet"),
    Example("d", "￿ sorts before what needs two words of UTF-16: \U00010000", "wet"),
    Example("e", "\U00010000", "dry"),
]


@pytest.fixture
def split(tmp_path: Path) -> Path:
    path = tmp_path / "pool.jsonl"
    path.write_bytes(b"".join(orjson.dumps(row.as_json()) + b"\n" for row in ROWS))
    return path


def test_rows_come_in_file_order_and_by_text(split: Path) -> None:
    rows = SplitRows.read(split, None)
    assert list(rows) == ROWS
    ordered = sorted(ROWS, key=lambda row: (row.text, row.id))
    by_text = SplitRows.read(split, None, by_text=True)
    assert list(by_text) == ordered
    assert list(by_text.ids) == [row.id for row in ordered]
    assert list(by_text[2:5]) == ordered[2:5]
    assert (by_text[-1], len(by_text[2:5])) == (ordered[-1], 3)


def test_rows_that_came_later_are_left_out(split: Path) -> None:
    size = sum(map(len, split.read_bytes().splitlines(keepends=True)[:6]))
    assert list(SplitRows.read(split, size)) == ROWS[:6]
    assert list(SplitRows.read(split, size, then=4, by_text=True)) == sorted(
        ROWS[:4], key=lambda row: (row.text, row.id)
    )


def test_labels_of_people_stand_above_those_of_the_file(split: Path) -> None:
    rows = SplitRows.read(split, None).labelled({"é": "dry", "a": "wet"})
    assert [row.label for row in rows] == ["wet", "wet", "dry", "wet", "dry", "wet", "wet", "dry"]


def test_pairs_are_ordered_by_their_second_text_too(tmp_path: Path) -> None:
    pairs = [Example("2", "one", "x", "b"), Example("1", "one", "x", "a"), Example("0", "one", "x", "a")]
    path = tmp_path / "pool.jsonl"
    path.write_bytes(b"".join(orjson.dumps(row.as_json()) + b"\n" for row in pairs))
    assert list(SplitRows.read(path, None, by_text=True)) == pairs[::-1]
