"""One key an action: ids are unique, groups do not clash, and no key is one that terminals take for themselves."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from textual.binding import Binding

from tui.keys import BINDINGS, FOOTER_KEYS, TABLE, bindings, keys, label_of

FORBIDDEN = {f"ctrl+{letter}" for letter in "abhimqsz"}
# groups whose keys are live at the same time, the focused one first
TOGETHER = [
    ("list", "spots", "screen", "app"),
    ("pane", "spots", "screen", "app"),
    ("list", "evidence", "screen", "app"),
    ("pane", "evidence", "screen", "app"),
    ("plane", "map", "screen", "app"),
    ("list", "pattern_test", "screen", "app"),
    ("list", "found", "screen", "app"),
    ("list", "review", "screen", "app"),
    ("pane", "comparison", "screen", "app"),
    ("filter", "spots", "screen", "app"),
]


def single(binding: Binding) -> list[str]:
    return [key.strip() for key in binding.key.split(",")]


def test_ids_are_unique() -> None:
    assert len(BINDINGS) == len(TABLE)


def test_every_key_has_a_word_and_a_sentence() -> None:
    for binding in TABLE:
        assert binding.description
        assert binding.tooltip.endswith((".", "!", "?"))


def test_no_key_is_one_that_terminals_and_multiplexers_use() -> None:
    assert not {key for binding in TABLE for key in single(binding)} & FORBIDDEN


@pytest.mark.parametrize("groups", TOGETHER)
def test_no_two_actions_share_a_key_but_for_a_list_that_shadows_its_screen(groups: tuple[str, ...]) -> None:
    used = Counter(key for group in groups for binding in keys(group) for key in single(binding))
    twice = {key for key, times in used.items() if times > 1}
    shadowed = {"filter": {"escape", "tab", "down"}}.get(groups[0], set())
    assert twice <= shadowed


@pytest.mark.parametrize("groups", TOGETHER)
def test_the_footer_has_room_for_the_keys_marked_for_it(groups: tuple[str, ...]) -> None:
    shown = [binding for group in groups if group != "filter" for binding in keys(group) if binding.show]
    assert len(shown) <= FOOTER_KEYS + 1  # the way back makes room for help where a screen has many of its own


# keys of fields, lists and dialogs, and those that go about: they mean "move" or "answer the dialog" everywhere
MOVES = ("list", "pane", "plane", "filter", "palette", "dialog", "choices", "page", "messages", "prose")
WAYS_OF_MOVING = {"enter", "h", "left", "right", "l", "space", "left_square_bracket", "right_square_bracket", "J", "K"}
ONE_IDEA = {
    "e": "change what is under the cursor",
    "o": "what the list shows, and in which order",
    "x": "throw away what is under the cursor",
    "t": "test: a pattern on rows, an arm in one short training",
    "s": "set aside",
    "S": "start",
    "ctrl+j": "hand in",
    "alt+enter": "hand in",
    "backspace": "take off what one has said of a row",
}
ANSWERS = {"n", "a", "y"}  # no, accept and yes where a screen asks; next, ambiguous and copy where it does not


def test_a_key_means_the_same_on_every_screen() -> None:
    meanings: dict[str, set[str]] = {}
    for binding in TABLE:
        if str(binding.id).partition(".")[0] not in MOVES:
            for key in single(binding):
                meanings.setdefault(key, set()).add(binding.description)
    several = {key for key, words in meanings.items() if len(words) > 1}
    assert several - WAYS_OF_MOVING - ANSWERS <= set(ONE_IDEA)


def test_an_action_has_the_same_key_on_every_screen() -> None:
    first: dict[str, set[str]] = {}
    for binding in TABLE:
        if str(binding.id).partition(".")[0] not in MOVES:
            first.setdefault(binding.description, set()).add(single(binding)[0])
    several = {name: keys for name, keys in first.items() if len(keys) > 1}
    assert set(several) <= {"next", "back", "next row", "row before"}  # moves; `next` is enter where n says no


@pytest.mark.parametrize("file", ["README.md"])
def test_every_key_that_is_written_about_exists(file: str) -> None:
    written = set(re.findall(r"`([a-zA-Z?:/=$\[\]]|f\d\d?|ctrl\+.)`", (Path(__file__).parents[2] / file).read_text()))
    known = {key for binding in TABLE for key in (*single(binding), label_of(binding))}
    assert written <= known


KEY_COLUMN = 10


def test_every_key_fits_its_column_in_the_help() -> None:
    assert all(len(label_of(binding)) < KEY_COLUMN for binding in TABLE)


def test_no_key_of_a_guest_is_one_that_browsers_keep() -> None:
    guests = bindings(browser=True)
    assert guests.keys() == BINDINGS.keys()
    for name, binding in guests.items():
        names = binding.key.split(",")
        assert names != [""]
        assert not {"ctrl+n", "ctrl+t", "ctrl+w"} & {*names, binding.key_display}
        assert {*names} <= {*BINDINGS[name].key.split(",")}
    assert (label_of(guests["describe.form"]), label_of(guests["describe.about"])) == ("f2", "f5")
