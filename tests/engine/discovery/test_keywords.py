"""Words of blind spots."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from engine.discovery.keywords import WORDS, Background, telling, words_of
from engine.schema import Example


def rows(*texts: str | tuple[str, str], label: str = "x") -> list[Example]:
    pairs = [(text, None) if isinstance(text, str) else text for text in texts]
    return [Example(str(number), text, label, pair) for number, (text, pair) in enumerate(pairs)]


THINGS = ("tea", "room", "view", "walk", "bus", "map")
HOW = ("good", "fine", "warm", "long", "near", "calm", "neat", "dry")
ORDINARY = rows(*(f"the {thing} was {how} and we liked it" for thing in THINGS for how in HOW), label="right")


def distinctive(group: Sequence[Example], right: Sequence[Example] = ORDINARY) -> list[str]:
    """Words by contrast alone, the model being wrong about the group and right about the rest."""
    background = Background([*group, *right], [False] * len(group) + [True] * len(right))
    return [one.word for one in background.candidates(group, ("x", "right"), ())]


def test_words_of_the_group_come_and_ordinary_words_do_not() -> None:
    parking = rows("the parking was far", "no parking at the door", "we paid for parking and it was dear")
    assert distinctive(parking) == ["parking"]
    queue = rows("the queue was long", "a queue at the desk", "an endless queue and it was cold")
    assert distinctive(queue) == ["queue"]


def test_a_word_of_one_row_does_not_speak_for_the_others() -> None:
    lamps = rows("broken lamp", "broken lamp xylophone xylophone xylophone", "broken chair")
    assert distinctive(lamps) == ["broken", "lamp"]


def test_a_word_as_common_where_the_model_is_right_is_not_distinctive() -> None:
    group = rows("never again", "never good", "never once", "never mind")
    assert "never" in distinctive(group)
    assert "never" not in distinctive(group, rows(*(f"never the {n}th" for n in range(20)), label="right"))


def test_rows_nearby_are_a_contrast_too_whatever_their_label() -> None:
    group, elsewhere = rows("soup cold", "soup late", "soup thin"), rows(*["soup warm"] * 40, label="other")
    background = Background([*group, *elsewhere, *ORDINARY], [False] * 3 + [True] * (40 + len(ORDINARY)))
    assert [one.word for one in background.candidates(group, ("x", "right"), ())] == ["soup"]
    assert background.candidates(group, ("x", "right"), elsewhere) == []


def test_of_a_pair_the_difference_comes_first() -> None:
    pairs = rows(("a girl runs home", "a boy runs home"), ("the girl runs far", "the boy runs far"))
    right = rows(*[("a cat sat", "a dog sat"), ("the tea", "the milk")] * 24, label="right")
    words = distinctive(pairs, right)
    assert set(words[:2]) == {"girl", "boy"}
    assert "runs" in words[2:]


def test_words_with_a_meaning_stay_and_function_words_go() -> None:
    group = rows(*["their pork", "their pork now", "their menu", "menu was", "pork late"])
    background = Background([*group, *ORDINARY], [False] * len(group) + [True] * len(ORDINARY))
    candidates = background.candidates(group, ("x", "right"), ())
    assert {"their", "pork", "menu"} <= {one.word for one in candidates}
    place = {"pork": (1.0, 0.0), "menu": (0.9, 0.4), "their": (0.0, 1.0)}
    vectors = np.array([place[one.word] for one in candidates])
    words = telling(candidates, vectors, np.array([[1.0, 0.0]] * len(group)), np.array([0.3, 0.3]))
    assert set(words) == {"pork", "menu"}


def test_a_negation_stays_where_contrast_alone_speaks_for_it() -> None:
    right = rows(*(f"a fine {thing} {number}" for thing in ("walk", "view") for number in range(60)), label="right")
    nowhere, pool = np.zeros((1, 2)), np.zeros(2)
    for share, kept in ((2, False), (9, True)):
        group = rows(
            *(f"not {number} bad" for number in range(share)), *(f"well {number}" for number in range(12 - share))
        )
        background = Background([*group, *right], [False] * len(group) + [True] * len(right))
        candidates = [one for one in background.candidates(group, ("x", "right"), ()) if one.word == "not"]
        assert candidates
        assert ("not" in telling(candidates, nowhere, np.zeros((12, 2)), pool)) is kept


def test_no_more_words_than_fit() -> None:
    text = " ".join(f"word{letter}" for letter in "abcdefghijklmnopqrst")
    group = rows(text, text + " end", text)
    background = Background([*group, *ORDINARY], [False] * 3 + [True] * len(ORDINARY))
    found = background.candidates(group, ("x", "right"), ())
    assert len(found) == 20
    assert len(telling(found, np.ones((20, 1)), np.ones((3, 1)), np.zeros(1))) == WORDS


def test_groups_without_words() -> None:
    assert distinctive(rows("...", "!!"), rows("?!", label="right")) == []
    assert distinctive(rows("...", "!!")) == []


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
