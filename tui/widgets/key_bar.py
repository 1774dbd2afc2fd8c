"""The footer: at most seven keys that work here, those that cannot be used now dimmed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.cells import cell_len
from rich.text import Text
from textual.screen import Screen

from tui.availability import not_for_guests, why_not
from tui.keys import FOOTER_KEYS, Live, in_order
from tui.shell import shell
from tui.widgets.line import Line

_GAP = "  "
_LAST_TO_GO = ("app.help", "back", "escape", "hand_in")
"""From a narrow footer: one explains the rest, two lead out, and without the last nothing of a review counts."""


class KeyBar(Line):
    """Shows keys, those of the screen first.

    Args:
        chosen: gives the ids of the bindings to show; none: those that are marked for the footer.
    """

    DEFAULT_CSS = """
    KeyBar { background: $surface; padding: 0 1; }
    """

    def __init__(self, chosen: Callable[[], Sequence[str]]) -> None:
        super().__init__()
        self._chosen = chosen

    def on_mount(self) -> None:
        """Follow the focus."""
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_updated)

    def _bindings_updated(self, screen: Screen[object]) -> None:
        if screen is self.screen:
            self.update()

    def line(self, width: int) -> Text:
        """Keys and their words, as many as fit: help, the way back, handing in, then the others in their order."""
        app = shell(self)
        ink = app.ink
        text = Text(no_wrap=True, end="")
        chosen = self._chosen()
        live = [one for one in in_order(self.screen) if one.label and not not_for_guests(one.binding.action)]
        shown = [one for one in live if (one.binding.id in chosen if chosen else one.binding.show)]
        shown.sort(key=lambda one: one.binding.action == "app.help")
        shown = shown[: FOOTER_KEYS - 1] + shown[FOOTER_KEYS - 1 :][-1:]
        for one in _fitting(shown, width):
            off = why_not(app, one.binding.action, one.owner) is not None
            text.append(_GAP if text else "")
            text.append(one.label, ink.muted if off else ink.accent)
            text.append(f" {one.binding.description}", ink.muted)
        return text


def _fitting(shown: Sequence[Live], width: int) -> list[Live]:
    """Those that fit, in their order."""
    room = width + len(_GAP)
    kept: list[Live] = []
    rank = {action: place for place, action in enumerate(_LAST_TO_GO)}
    for one in sorted(shown, key=lambda one: rank.get(one.binding.action, len(rank))):
        room -= _cells(one) + len(_GAP)
        if room >= 0 or not kept:
            kept.append(one)
    return [one for one in shown if one in kept]


def _cells(one: Live) -> int:
    return cell_len(one.label) + 1 + cell_len(one.binding.description)
