"""Words of blind spots."""

from __future__ import annotations

import pytest

from engine.discovery.keywords import WORDS, distinctive_words, words_of
from engine.schema import Example


def rows(*texts: str | tuple[str, str]) -> list[Example]:
    pairs = [(text, None) if isinstance(text, str) else text for text in texts]
    return [Example(str(number), text, "x", pair) for number, (text, pair) in enumerate(pairs)]


ORDINARY = rows(*(f"the {thing} was {how} and we liked it" for thing in ("tea", "room", "view", "walk", "bus", "map")
                  for how in ("good", "fine", "warm")))  # fmt: skip


def test_words_of_the_group_come_and_ordinary_words_do_not() -> None:
    parking = rows("the parking was far", "no parking at the door", "we paid for parking and it was dear")
    queue = rows("the queue was long", "a queue at the desk", "an endless queue and it was cold")
    found = distinctive_words([parking, queue], ORDINARY)
    assert found[0][0] == "parking"
    assert found[1][0] == "queue"
    assert not {"the", "was", "and", "it", "we"} & {word for words in found for word in words}


def test_words_of_several_rows_stand_before_words_of_one() -> None:
    lamps = rows("broken lamp", "broken lamp xylophone xylophone xylophone", "broken chair")
    (words,) = distinctive_words([lamps], ORDINARY)
    assert words[:2] == ("broken", "lamp")
    assert "xylophone" in words[2:]


def test_no_more_words_than_fit() -> None:
    text = " ".join(f"word{letter}" for letter in "abcdefghijklmnopqrst")
    (words,) = distinctive_words([rows(text, text + " end")], ORDINARY)
    assert len(words) == WORDS


def test_of_a_pair_the_difference_comes_first() -> None:
    pairs = rows(("a girl runs home", "a boy runs home"), ("the girl runs far", "the boy runs far"))
    (words,) = distinctive_words([pairs], rows(("a cat sat", "a dog sat"), ("the tea", "the milk")))
    assert set(words[:2]) == {"girl", "boy"}
    assert "runs" in words[2:]


def test_groups_without_words_and_no_groups() -> None:
    assert distinctive_words([rows("...", "!!")], rows("?!")) == [()]
    assert distinctive_words([rows("...", "!!")], ORDINARY) == [()]
    assert distinctive_words([], ORDINARY) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Don’t, DON'T!", ["don't", "don't"]),
        ("Straße ÉTÉ naïve", ["strasse", "été", "naïve"]),
        ("料理が遅い 😡", ["料理", "理が", "が遅", "遅い", "😡"]),
        ("плохо, очень", ["плохо", "очень"]),
        ("5 stars_x 'quoted'", ["5", "stars", "x", "quoted"]),
        ("บริการแย่", ["บร", "ริ", "ิก", "กา", "าร", "รแ", "แย", "ย่"]),
        ("!?", []),
    ],
)
def test_words_in_any_script(text: str, words: list[str]) -> None:
    assert words_of(text) == words
