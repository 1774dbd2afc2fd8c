"""A pane of wrapped text that scrolls: details, help, reports."""

from __future__ import annotations

from collections.abc import Callable

from rich.segment import Segment
from rich.text import Text
from textual import events
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.keys import keys
from tui.shell import shell
from tui.terminal.wrapping import seen

Builder = Callable[[int], list[Text]]


class TextPane(ScrollView, can_focus=True):
    """Shows lines that a builder makes for the width it is given, in cells."""

    DEFAULT_CSS = """
    TextPane { overflow-x: hidden; scrollbar-size: 0 0; height: 1fr; }
    """
    BINDINGS = [*keys("pane")]
    ALLOW_SELECT = False

    def __init__(self, build: Builder | None = None, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._build = build or (lambda width: [])
        self._lines: list[Text] = []

    def show(self, build: Builder, *, keep_scroll: bool = False) -> None:
        """Show other lines, from their start unless told otherwise."""
        self._build = build
        self._lay_out()
        if not keep_scroll and self.scroll_offset.y:
            self.scroll_to(y=0, animate=False, immediate=True)

    @property
    def text(self) -> str:
        """Everything it shows, one line each."""
        return "\n".join(line.plain for line in self._lines)

    @property
    def out_of_sight(self) -> tuple[int, int]:
        """How many lines lie above and below the window."""
        above = self.scroll_offset.y
        return above, max(0, len(self._lines) - above - self.size.height)

    def repaint(self) -> None:
        """Build and paint everything again, as when the colours have changed."""
        self._lay_out()

    def on_resize(self, event: events.Resize) -> None:
        """Build the lines for the new width."""
        self._lay_out()

    def _lay_out(self) -> None:
        width = self.size.width
        self._lines = [seen(line) for line in self._build(width)] if width else []
        self.virtual_size = Size(width, len(self._lines))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line of the window."""
        line = y + self.scroll_offset.y
        style = self.rich_style
        if line >= len(self._lines):
            return Strip.blank(self.size.width, style)
        text = self._lines[line]
        text.end = ""
        segments = Segment.apply_style(text.render(shell(self).console), style)
        return Strip(list(segments)).adjust_cell_length(self.size.width, style)

    def action_down(self) -> None:
        """One line down."""
        self.scroll_relative(y=1, animate=False)

    def action_up(self) -> None:
        """One line up."""
        self.scroll_relative(y=-1, animate=False)

    def action_top(self) -> None:
        """To the start."""
        self.scroll_to(y=0, animate=False)

    def action_bottom(self) -> None:
        """To the end."""
        self.scroll_to(y=self.virtual_size.height, animate=False)

    def action_page(self, direction: int) -> None:
        """A windowful up or down."""
        self.scroll_relative(y=direction * max(1, self.size.height - 1), animate=False)
