"""What differs between the texts of a pair: words, or characters where no spaces part words."""

from __future__ import annotations

import pytest

from engine.data.differences import differences
from tui.themes import DARK, INKS, PLAIN
from tui.widgets.evidence_rows import marked


def parts(first: str, second: str) -> tuple[list[str], list[str]]:
    left, right = differences(first, second)
    return [first[a:b] for a, b in left], [second[a:b] for a, b in right]


@pytest.mark.parametrize(
    ("first", "second", "left", "right"),
    [
        ("a red apple", "a green apple", ["red"], ["green"]),
        ("a red apple", "a red apple", [], []),
        ("not good", "good", ["not"], []),
        ("a big old dog", "a dog", ["big old"], []),
        ("He said yes.", "He said no!", ["yes."], ["no!"]),
        ("犬が猫を追う", "犬が鳥を追う", ["猫"], ["鳥"]),
        ("", "new", [], ["new"]),
    ],
)
def test_only_what_differs_is_found(first: str, second: str, left: list[str], right: list[str]) -> None:
    assert parts(first, second) == (left, right)


def test_the_text_itself_is_never_changed_but_for_brackets() -> None:
    first, second = "A man eats.", "A woman eats."
    spans = differences(first, second)[1]
    assert marked(second, spans, INKS[DARK]).plain == second
    assert marked(second, spans, INKS[PLAIN]).plain == "A [woman] eats."


def test_a_change_is_told_by_more_than_its_colour() -> None:
    for ink in INKS.values():
        assert ink.change.underline
        assert ink.change.bold
