"""One line of text that repaints only when its text changes, so an idle app sends nothing."""

from __future__ import annotations

from rich.text import Text
from textual import events
from textual.widget import Widget

from tui.terminal.wrapping import seen


class Line(Widget):
    """A line whose text depends on its width; subclasses build it in `line`."""

    DEFAULT_CSS = """
    Line { height: 1; width: 1fr; text-wrap: nowrap; text-overflow: clip; }
    """
    ALLOW_SELECT = False

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes, markup=False)
        self._painted = Text("")

    def line(self, width: int) -> Text:
        """The text at this width, in cells."""
        raise NotImplementedError

    def update(self) -> None:
        """Build the text again; paint it if it differs."""
        text = seen(self.line(self.size.width))
        if text != self._painted or text.spans != self._painted.spans:
            self._painted = text
            self.refresh()

    def on_resize(self, event: events.Resize) -> None:
        """Fit the text to the new width."""
        self.update()

    def render(self) -> Text:
        """The text as it was built last."""
        return self._painted
