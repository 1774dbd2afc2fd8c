from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch

from engine.model.token_rows import MASK, Features, TokenRows
from tests.builders.tiny_bert import tokenizer

TEXTS = ["the soup", "soup", "the warm bread soup", "bread the"]
NAMES = ("input_ids", "token_type_ids")


def rows_of(words: Any, pairs: Sequence[str] | None = None, *, longest: int = 64) -> TokenRows:
    return TokenRows.of_texts(words, TEXTS, pairs, longest, NAMES)


def batch_of(rows: TokenRows, numbers: Sequence[int]) -> Features:
    return rows.batch(torch.tensor(numbers), rows.lengths[list(numbers)])


def lists(features: Features) -> dict[str, Any]:
    return {name: values.tolist() for name, values in features.items()}


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("pairs", [None, ["bread", "the soup", "", "soup soup soup"]])
@pytest.mark.parametrize("longest", [64, 5])
def test_a_batch_is_what_the_tokenizer_pads(side: str, pairs: list[str] | None, longest: int) -> None:
    words: Any = tokenizer()
    words.padding_side = side
    padded = words(TEXTS, pairs, padding=True, truncation=True, max_length=longest, return_tensors="pt")
    made = batch_of(rows_of(words, pairs, longest=longest), [0, 1, 2, 3])
    if MASK not in made:
        assert padded.pop(MASK).all()
    assert lists(made) == lists(padded)


def test_padded_rows_are_taken_apart_again() -> None:
    words: Any = tokenizer()
    padded = words(TEXTS, padding=True, return_tensors="pt")
    rows = TokenRows.of_padded([{**padded, "note": "kept"}, dict(padded)], words)
    assert rows.lengths.tolist() == rows_of(words).lengths.tolist() * 2
    assert lists(batch_of(rows_of(words), [1, 2]))["input_ids"] == batch_of(rows, [5, 2])["input_ids"].tolist()
    assert batch_of(rows, [5])["note"] == "kept"


def test_rows_of_one_length_need_no_mask() -> None:
    made = batch_of(rows_of(tokenizer()), [3, 0])
    assert MASK not in made
    assert made["input_ids"].shape == (2, 4)


def test_a_tokenizer_in_python_is_asked_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    words: Any = tokenizer()
    fast = rows_of(words)
    monkeypatch.setattr(type(words), "is_fast", False)
    slow = rows_of(words)
    assert lists(batch_of(slow, [0, 1])) == lists(batch_of(fast, [0, 1]))


def test_a_row_without_tokens_is_padding_alone() -> None:
    words: Any = tokenizer()
    nothing = torch.zeros((2, 1), dtype=torch.int64)
    rows = TokenRows.of_padded([{"input_ids": nothing, MASK: nothing}], words)
    made = rows.batch(torch.tensor([0, 1]), rows.lengths)
    assert made["input_ids"].tolist() == [[words.pad_token_id]] * 2
    assert made[MASK].tolist() == [[0], [0]]
