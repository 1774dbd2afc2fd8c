"""One key an action: ids are unique, groups do not clash, and no key is one that terminals take for themselves."""

from __future__ import annotations

from collections import Counter

import pytest
from textual.binding import Binding

from tui.keys import _TABLE, BINDINGS, FOOTER_KEYS, keys

FORBIDDEN = {f"ctrl+{letter}" for letter in "abhimqsz"}
# groups whose keys are live at the same time, the focused one first
TOGETHER = [
    ("list", "spots", "screen", "app"),
    ("pane", "spots", "screen", "app"),
    ("list", "evidence", "screen", "app"),
    ("pane", "evidence", "screen", "app"),
    ("plane", "map", "screen", "app"),
    ("list", "trial", "screen", "app"),
    ("list", "review", "screen", "app"),
    ("pane", "comparison", "screen", "app"),
    ("filter", "spots", "screen", "app"),
]


def single(binding: Binding) -> list[str]:
    return [key.strip() for key in binding.key.split(",")]


def test_ids_are_unique() -> None:
    assert len(BINDINGS) == len(_TABLE)


def test_every_key_has_a_word_and_a_sentence() -> None:
    for binding in _TABLE:
        assert binding.description
        assert binding.tooltip.endswith((".", "!", "?"))


def test_no_key_is_one_that_terminals_and_multiplexers_use() -> None:
    assert not {key for binding in _TABLE for key in single(binding)} & FORBIDDEN


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
