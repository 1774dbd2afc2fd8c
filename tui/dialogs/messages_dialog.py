"""What was said in the message line, in full: the line itself is one row, and the next message takes its place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from tui.dialogs.page_dialog import PaneDialog
from tui.keys import keys
from tui.shell import shell
from tui.terminal.wrapping import wrapped

if TYPE_CHECKING:
    from tui.message_log import Said


class MessagesDialog(PaneDialog):
    """All messages since the app was opened, the last one first.

    Args:
        messages: oldest first.
    """

    BINDINGS = [*keys("messages")]

    def __init__(self, messages: Sequence[Said]) -> None:
        super().__init__("Messages", "j k  scroll     q  leave")
        self._messages = messages

    def lines(self, width: int) -> list[Text]:
        """Each message after its time."""
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
