from __future__ import annotations

import numpy as np

from engine.model.batches import collate, scoring_batches, tokenise, training_batches
from engine.schema import Example
from tests.builders.tiny_bert import tokenizer

LENGTHS = [3 + (7 * row) % 23 for row in range(101)]


def test_an_epoch_holds_every_row_once() -> None:
    batches = training_batches(LENGTHS, 8, seed=1, epoch=0)
    assert sorted(row for batch in batches for row in batch) == list(range(101))
    assert sorted(map(len, batches)) == [5] + [8] * 12


def test_the_order_is_a_function_of_seed_and_epoch() -> None:
    assert training_batches(LENGTHS, 8, seed=1, epoch=2) == training_batches(LENGTHS, 8, seed=1, epoch=2)
    assert training_batches(LENGTHS, 8, seed=1, epoch=2) != training_batches(LENGTHS, 8, seed=1, epoch=3)
    assert training_batches(LENGTHS, 8, seed=1, epoch=2) != training_batches(LENGTHS, 8, seed=2, epoch=2)


def test_batches_hold_rows_of_similar_length() -> None:
    def padding(batches: list[list[int]]) -> int:
        return sum(len(batch) * max(LENGTHS[row] for row in batch) for batch in batches) - sum(LENGTHS)

    in_file_order = [list(range(101))[start : start + 8] for start in range(0, 101, 8)]
    assert padding(training_batches(LENGTHS, 8, seed=1, epoch=0)) < padding(in_file_order) / 2


def test_scoring_batches_keep_to_the_budget_and_hold_every_row_once() -> None:
    batches = [batch.tolist() for batch in scoring_batches(np.array(LENGTHS), 60)]
    assert sorted(row for batch in batches for row in batch) == list(range(101))
    assert all(len(batch) * max(LENGTHS[row] for row in batch) <= 60 for batch in batches)
    assert LENGTHS[batches[0][0]] == max(LENGTHS)


def test_scoring_batches_end_where_the_length_changes_once_they_are_half_full() -> None:
    lengths = np.array([5] * 7 + [4] * 4 + [3, 2, 1])
    assert [lengths[batch].tolist() for batch in scoring_batches(lengths, 20)] == [
        [5, 5, 5, 5],
        [5, 5, 5],
        [4, 4, 4, 4],
        [3, 2, 1],
    ]


def test_a_row_longer_than_the_budget_is_a_batch_of_its_own() -> None:
    assert [batch.tolist() for batch in scoring_batches(np.array([100, 2]), 10)] == [[0], [1]]


def test_pairs_are_tokenised_as_pairs_and_padded() -> None:
    words = tokenizer()
    rows = tokenise(words, [Example("1", "the soup", "x", "warm bread"), Example("2", "soup", "x", "bread")], 64)
    assert words.decode(rows[0]["input_ids"]) == "[CLS] the soup [SEP] warm bread [SEP]"
    assert rows[0]["token_type_ids"] == [0, 0, 0, 0, 1, 1, 1]
    padded = collate(words, rows, "cpu")
    assert padded["input_ids"].shape == (2, 7)
    assert padded["attention_mask"].sum(dim=1).tolist() == [7, 5]


def test_long_rows_are_cut() -> None:
    rows = tokenise(tokenizer(), [Example("1", "soup " * 50, "x")], 8)
    assert len(rows[0]["input_ids"]) == 8
