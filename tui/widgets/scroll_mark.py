"""How much of a list or a text lies above and below its window: one that is cut shows no other sign of it."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult

from tui.shell import shell
from tui.widgets.line import Line
from tui.widgets.line_list import GUTTER, LineList
from tui.widgets.text_pane import TextPane


class ScrollMark(Line):
    """``3 above, 12 more below``; empty where all is in sight.

    Args:
        rows: the list, whose rows are counted, or the text, whose lines are; it stands on the same screen.
        indent: cells before the counts.
    """

    def __init__(self, rows: LineList | TextPane, *, indent: int = GUTTER) -> None:
        super().__init__()
        self._rows = rows
        self._indent = indent

    def on_mount(self) -> None:
        """Follow it."""
        for name in ("scroll_y", "virtual_size"):
            self.watch(self._rows, name, self.update, init=False)
        self.screen.screen_layout_refresh_signal.subscribe(self, lambda _: self.update())  # its height has changed
        self.call_after_refresh(self.update)

    def line(self, width: int) -> Text:
        """The counts that are not 0."""
        above, below = self._rows.out_of_sight
        parts = [f"{above} above"] * bool(above) + [f"{below} more below"] * bool(below)
        return Text(" " * self._indent + ", ".join(parts), style=shell(self).ink.accent, no_wrap=True, end="")


def with_mark(pane: TextPane, *, indent: int) -> ComposeResult:
    """A pane, and beneath it how much of it is out of sight; ``indent``: cells before the counts."""
    yield pane
    yield ScrollMark(pane, indent=indent)
