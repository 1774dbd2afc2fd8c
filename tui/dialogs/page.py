"""Shows a page of text to read: keys, a guideline."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult

from tui.dialogs.base import Dialog
from tui.terminal.wrapping import wrapped
from tui.widgets.text_pane import TextPane


class PageDialog(Dialog[None]):
    """Lines of a text, each wrapped on its own; any way out closes it."""

    def __init__(self, title: str, text: str) -> None:
        super().__init__(title, "j k  scroll     esc or enter  leave")
        self._text = text

    def body(self) -> ComposeResult:
        """The text."""
        yield TextPane(self._lines)

    def on_mount(self) -> None:
        """Scroll with j and k at once."""
        self.query_one(TextPane).focus()

    def action_accept(self) -> None:
        """Leave."""
        self.dismiss(None)

    def _lines(self, width: int) -> list[Text]:
        return [line for text in self._text.splitlines() for line in wrapped(Text(text), width) or [Text("")]]
