"""What was said in the message line, in full: the line itself is one row, and the next message takes its place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text
from textual.app import ComposeResult

from tui.dialogs.base import Dialog
from tui.shell import shell
from tui.terminal.wrapping import wrapped
from tui.widgets.text_pane import TextPane

if TYPE_CHECKING:
    from tui.message_log import Said


class MessagesDialog(Dialog[None]):
    """All messages since the app was opened, the last one first.

    Args:
        messages: oldest first.
    """

    def __init__(self, messages: Sequence[Said]) -> None:
        super().__init__("Messages", "j k  scroll     esc  leave")
        self._messages = messages

    def body(self) -> ComposeResult:
        """The pane."""
        yield TextPane(self._lines)

    def on_mount(self) -> None:
        """Scroll with j and k at once."""
        self.query_one(TextPane).focus()

    def action_accept(self) -> None:
        """Leave."""
        self.dismiss(None)

    def _lines(self, width: int) -> list[Text]:
        ink = shell(self).ink
        if not self._messages:
            return [Text("Nothing has been said yet.", style=ink.muted)]
        lines = []
        for said in reversed(self._messages):
            head = f"{said.at:%H:%M:%S}  "
            text = Text(said.line, style=ink.warn if said.warning else "")
            for number, line in enumerate(wrapped(text, max(10, width - len(head)))):
                lines.append(Text.assemble((" " * len(head) if number else head, ink.muted), line))
        return lines
