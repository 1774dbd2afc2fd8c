from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch

from engine.model.token_rows import MASK, Features, TokenRows
from tests.builders.tiny_bert import tokenizer

LISTS = {
    "input_ids": [[2, 5, 3], [2, 3], [2, 7, 8, 3], [2, 9, 3]],
    "token_type_ids": [[0, 0, 1], [0, 1], [0] * 4, [1] * 3],
}


def batch_of(rows: TokenRows, numbers: Sequence[int]) -> Features:
    return rows.batch(torch.tensor(numbers), rows.lengths[list(numbers)])


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_batch_is_what_the_tokenizer_pads(side: str) -> None:
    words: Any = tokenizer()
    words.padding_side = side
    padded = words.pad(LISTS, return_tensors="pt")
    rows = TokenRows.of_lists(LISTS, words)
    assert {name: values.tolist() for name, values in batch_of(rows, [0, 1, 2, 3]).items()} == {
        name: values.tolist() for name, values in padded.items()
    }
    again = TokenRows.of_padded([{**padded, "note": "kept"}, dict(padded)], words)
    assert again.lengths.tolist() == [3, 2, 4, 3] * 2
    assert batch_of(again, [5, 2])["input_ids"].tolist() == batch_of(rows, [1, 2])["input_ids"].tolist()
    assert batch_of(again, [5])["note"] == "kept"


def test_rows_of_one_length_need_no_mask() -> None:
    rows = TokenRows.of_lists(LISTS, tokenizer())
    made = batch_of(rows, [3, 0])
    assert MASK not in made
    assert made["input_ids"].tolist() == [[2, 9, 3], [2, 5, 3]]


def test_a_row_without_tokens_is_padding_alone() -> None:
    words = tokenizer()
    rows = TokenRows.of_lists({"input_ids": [[], []]}, words)
    made = rows.batch(torch.tensor([0, 1]), np.array([0, 0]))
    assert made["input_ids"].tolist() == [[words.pad_token_id]] * 2
    assert made[MASK].tolist() == [[0], [0]]
