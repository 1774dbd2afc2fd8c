from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from engine.data import splits
from engine.data.duplicates import NearDuplicates
from engine.errors import DataError
from engine.schema import Example
from tests.engine.data.conftest import examples, sentence, store


def split_pool(rows: list[Example], seed: int) -> tuple[list[Example], list[Example]]:
    with TemporaryDirectory() as folder:
        pool, proof = splits.split_pool(store(Path(folder), rows), seed)
        return list(pool.examples()), list(proof.examples())


LABELS = ("a", "a", "a", "b", "b", "c")


def test_halves_are_whole_disjoint_stratified_and_in_file_order() -> None:
    rows = examples(120, labels=LABELS)
    pool, proof = split_pool(rows, 13)
    assert sorted([*pool, *proof], key=rows.index) == rows
    assert pool == sorted(pool, key=rows.index)
    assert proof == sorted(proof, key=rows.index)
    assert Counter(row.label for row in pool) == Counter(row.label for row in proof) == {"a": 30, "b": 20, "c": 10}


def test_odd_counts_differ_by_one_row_at_most() -> None:
    rows = [row for row in examples(61, labels=LABELS) if row.label != "c"]
    pool, proof = split_pool(rows, 1)
    assert abs(len(pool) - len(proof)) <= 1
    for label in "ab":
        assert abs(sum(row.label == label for row in pool) - sum(row.label == label for row in proof)) <= 1


def test_the_seed_decides() -> None:
    rows = examples(60)
    assert split_pool(rows, 13) == split_pool(rows, 13)
    assert split_pool(rows, 13) != split_pool(rows, 14)


def test_near_duplicates_are_on_one_side() -> None:
    rows = examples(80)
    rows += [Example(f"copy-{row.id}", row.text + " again", row.label) for row in rows[:40]]
    for seed in range(5):
        pool, proof = split_pool(rows, seed)
        index = NearDuplicates((row.text, None) for row in pool)
        assert not [row.id for row in proof if index.find(row.text) is not None]
        assert abs(len(pool) - len(proof)) <= 4


def test_pairs_that_share_a_text_are_on_one_side() -> None:
    rng = random.Random(2)
    rows = []
    for number in range(40):
        premise, other = sentence(rng), sentence(rng)
        rows += [Example(f"{number}a", premise, "x", sentence(rng)), Example(f"{number}b", other, "y", premise)]
    pool, _ = split_pool(rows, 3)
    ids = {row.id for row in pool}
    assert all((f"{number}a" in ids) == (f"{number}b" in ids) for number in range(40))
    assert len(pool) == 40


def test_a_fixed_question_in_every_pair_links_nothing() -> None:
    rows = [Example(row.id, row.text, row.label, "Is this review kind?") for row in examples(60)]
    pool, proof = split_pool(rows, 13)
    assert len(pool) == len(proof) == 30


def test_rows_that_hang_together_cannot_be_parted() -> None:
    rows = [
        Example(str(number), f"the very same long sentence about a boat, number {number}", "ab"[number % 2])
        for number in range(50)
    ]
    with pytest.raises(DataError, match=r"50 of 50 are near-duplicates or share a text; give held-out"):
        split_pool(rows, 13)
