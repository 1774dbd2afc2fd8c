"""Wrapping by cells: nothing is lost, nothing is too wide, whatever the script."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from rich.cells import cell_len
from rich.text import Text

from tui.terminal.wrapping import LONGEST, bounded, fitted, wrap_spans, wrapped

TEXTS = [
    "",
    "one",
    "a few plain words that need more than one line",
    "averyveryverylongwordthatfitsnowhere and more",
    "部屋は駅の上にあり、夜通し電車の音が聞こえました。",
    "mixed 部屋 and 👩‍👩‍👧 family 🙄 emoji ❤️ here",
    "  leading and   inner   spaces  ",
]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("width", [2, 3, 7, 12, 40, 200])
def test_lines_fit_and_hold_everything_but_spaces(text: str, width: int) -> None:
    spans = wrap_spans(text, width)
    lines = [text[start:end] for start, end in spans]
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(cell_len(line.rstrip()) <= width for line in lines)
    assert all(first[1] <= second[0] for first, second in pairwise(spans))


def test_words_stay_whole_where_they_fit() -> None:
    assert [str(line) for line in wrapped(Text("the quick brown fox"), 9)] == ["the quick", "brown fox"]


def test_a_family_of_emoji_is_one_character() -> None:
    lines = [str(line) for line in wrapped(Text("👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧"), 4)]
    assert lines == ["👩‍👩‍👧👩‍👩‍👧", "👩‍👩‍👧"]


def test_styles_stay_on_their_words() -> None:
    text = Text.assemble("plain words ", ("bold words", "bold"))
    lines = wrapped(text, 12)
    assert [line.plain for line in lines] == ["plain words", "bold words"]
    assert [span.style for line in lines for span in line.spans] == ["bold"]


def test_random_texts_never_overflow() -> None:
    chance = random.Random(3)
    alphabet = ["a", "b", " ", "é", "部", "🙄", "👩‍👩‍👧", "❤️"]
    for _ in range(500):
        text = "".join(chance.choice(alphabet) for _ in range(chance.randrange(60)))
        width = chance.randrange(2, 20)
        assert all(cell_len(text[start:end].rstrip()) <= width for start, end in wrap_spans(text, width))


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("abc", 5, "abc  "),
        ("abcdef", 4, "abc…"),
        ("abc", 0, ""),
        ("abc", 1, "…"),
        ("部屋部屋", 5, "部屋…"),
        ("部屋部屋", 6, "部屋 …"),
    ],
)
def test_fitted_text_has_exactly_its_cells(text: str, width: int, shown: str) -> None:
    assert fitted(text, width) == shown
    assert cell_len(fitted(text, width)) == width


def test_a_very_long_text_is_cut_and_says_how_much_is_missing() -> None:
    assert bounded("word " * 200) == "word " * 200
    long = bounded("x" * 1_000_000)
    assert long == "x" * LONGEST + f"… ({1_000_000 - LONGEST:,} characters more)"
    assert fitted("x" * 1_000_000, 10) == "x" * 9 + "…"


def test_a_letter_keeps_few_marks_and_nothing_else_loses_one() -> None:
    assert bounded("a" + "\u0301" * 20_000 + "b") == "a" + "\u0301" * 8 + f"… ({20_002 - LONGEST:,} characters more)"
    assert bounded("a" + "\u0301" * 30 + "b") == "a" + "\u0301" * 8 + "b"
    for text in ("ต้น" * 20, "שָׁלוֹם" * 9, "👩\u200d👩\u200d👧" * 9, "हिन्दी" * 9, "…!?—" * 9, "e\u0301" * 50):
        assert bounded(text) == text
