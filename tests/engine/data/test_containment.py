"""Rows that stand inside longer texts, against a look at each pair."""

from __future__ import annotations

import random

import pytest

from engine.data import containment
from engine.data.containment import Contained, rows_holding
from engine.data.duplicates import ListedTexts
from tests.engine.data.conftest import sentence


def test_rows_are_found_wherever_they_stand_also_where_many_begin_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containment, "TOGETHER", 3)
    rng = random.Random(7)
    heading = sentence(rng, 5)
    inner = [f"{heading} {sentence(rng, 3)}" for _ in range(12)] + [sentence(rng, 6) for _ in range(20)]
    texts = [f"{sentence(rng, 4)} {inner[place]} {sentence(rng, 2)}" for place in (0, 3, 11, 12, 25, 31)]
    texts += [heading, f"{heading} {sentence(rng, 3)}", *(sentence(rng, 9) for _ in range(10))]
    rng.shuffle(texts)
    holding = [place for place, text in enumerate(texts) if any(row in text for row in inner)]
    assert len(holding) == 6
    assert (
        rows_holding(ListedTexts((text, None) for text in texts), ListedTexts((row, None) for row in inner)) == holding
    )
    assert not rows_holding(ListedTexts([(sentence(rng, 8), None)]), ListedTexts((row, None) for row in inner))


def test_a_row_is_found_in_a_text_of_a_million_characters_wherever_it_stands() -> None:
    rng = random.Random(7)
    row, pair = sentence(rng, 8), (sentence(rng, 6), sentence(rng, 6))
    filling = " ".join(sentence(rng, 9) for _ in range(20_000))
    contained = Contained([(row, None), pair, ("short", None)])
    assert len(filling) > 600_000
    assert not contained.stands_in(filling)
    for place in (0, (1 << 18) - 10, (1 << 18) - 1, 1 << 18, len(filling)):  # ends of what is hashed at a time as well
        assert contained.stands_in(f"{filling[:place]}{row}{filling[place:]}")
    assert not contained.stands_in(f"{filling} {pair[0]}")
    assert contained.stands_in(f"{pair[1]} {filling} {pair[0]}")
    assert not Contained([]).stands_in(filling)
