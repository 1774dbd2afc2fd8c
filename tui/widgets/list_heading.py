"""The two lines above a list: what it shows, and the names of its columns."""

from __future__ import annotations

from collections.abc import Callable

from rich.cells import cell_len
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
        self.title = self._spare = self._last = ""
        self._columns: Callable[[int], Text] = lambda width: Text("")

    def show(self, title: str, columns: Callable[[int], Text], *, spare: str = "", last: str = "") -> None:
        """Show another title and other columns.

        Args:
            title: stands first.
            columns: is given the width without the gutter.
            spare: stands after the title where there is room for all.
            last: stands at the end.
        """
        self.title, self._spare, self._last, self._columns = title, spare, last, columns
        self.refresh()

    def on_resize(self, event: events.Resize) -> None:
        """Columns follow the width."""
        self.refresh()

    def render(self) -> Text:
        """Both lines."""
        app = shell(self)
        width, gutter = self.size.width, " " * GUTTER
        whole = f"{gutter}{self.title}{self._spare}{self._last}"
        said = whole if cell_len(whole) <= width else f"{gutter}{self.title}{self._last}"
        title = fitted(said, width, ellipsis=app.glyphs.ellipsis)
        return Text.assemble((title, app.ink.strong), "\n", gutter, self._columns(max(0, width - GUTTER)))
