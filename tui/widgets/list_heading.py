"""The two lines above a list: what it shows, and the names of its columns."""

from __future__ import annotations

from collections.abc import Callable

from rich.text import Text
from textual import events
from textual.widget import Widget

from tui.shell import shell
from tui.terminal.wrapping import fitted
from tui.widgets.line_list import GUTTER


class ListHeading(Widget):
    """Title, and columns aligned with the rows beneath."""

    DEFAULT_CSS = """
    ListHeading { height: 2; text-wrap: nowrap; text-overflow: clip; }
    """
    ALLOW_SELECT = False

    def __init__(self) -> None:
        super().__init__(markup=False)
        self.title = ""
        self._columns: Callable[[int], Text] = lambda width: Text("")

    def show(self, title: str, columns: Callable[[int], Text]) -> None:
        """Show another title and other columns; ``columns`` is given the width without the gutter."""
        self.title, self._columns = title, columns
        self.refresh()

    def on_resize(self, event: events.Resize) -> None:
        """Columns follow the width."""
        self.refresh()

    def render(self) -> Text:
        """Both lines."""
        app = shell(self)
        width, gutter = self.size.width, " " * GUTTER
        title = fitted(gutter + self.title, width, ellipsis=app.glyphs.ellipsis)
        return Text.assemble((title, app.ink.strong), "\n", gutter, self._columns(max(0, width - GUTTER)))
