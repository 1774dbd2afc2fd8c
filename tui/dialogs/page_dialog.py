"""Dialogs that show a text to read: keys, messages, a guideline."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult

from tui.dialogs.dialog import Dialog
from tui.keys import keys
from tui.terminal.wrapping import wrapped
from tui.widgets.scroll_mark import with_mark
from tui.widgets.text_pane import TextPane


class PaneDialog(Dialog[None]):
    """Base of dialogs of one pane; any way out closes it, the key that asks for help too."""

    BINDINGS = [*keys("page")]

    def body(self) -> ComposeResult:
        """The pane, and how much of it is out of sight."""
        yield from with_mark(TextPane(self.lines), indent=0)

    def lines(self, width: int) -> list[Text]:
        """What the pane shows at this width, in cells."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """Scroll with j and k at once."""
        self.query_one(TextPane).focus()

    def action_accept(self) -> None:
        """Leave."""
        self.dismiss(None)


class PageDialog(PaneDialog):
    """Lines of a text, each wrapped on its own."""

    def __init__(self, title: str, text: str) -> None:
        super().__init__(title, "j k  scroll     q  leave")
        self._text = text

    def lines(self, width: int) -> list[Text]:
        """The text."""
        return [line for text in self._text.splitlines() for line in wrapped(Text(text), width) or [Text("")]]
