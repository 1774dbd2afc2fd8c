"""The message line: what just happened, or why something did not."""

from __future__ import annotations

from datetime import datetime

from rich.cells import cell_len
from rich.text import Text

from tui.keys import in_order
from tui.message_log import Said
from tui.shell import shell
from tui.terminal.wrapping import fitted
from tui.widgets.line import Line


class MessageLine(Line):
    """One sentence above the footer; one that is cut names the key that shows it in full."""

    DEFAULT_CSS = """
    MessageLine { padding: 0 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.message = ""
        self._said: Said | None = None

    def say(self, message: str, *, warning: bool = False) -> None:
        """Show a sentence until the next one; empty: show none."""
        from engine.text import visible

        self.message = message = visible(message)
        self._said = Said(message, warning, datetime.now()) if message else None
        if self._said is not None:
            shell(self).messages.add(self._said)
        self.update()

    def line(self, width: int) -> Text:
        """The sentence, or as much of it as the line holds and the key that shows the rest."""
        app, said = shell(self), self._said
        if said is None:
            return Text("")
        style = app.ink.warn if said.warning else app.ink.muted
        if cell_len(said.line) <= width:
            return Text(said.line, style=style, no_wrap=True, end="")
        keys = (one.label for one in in_order(self.screen) if one.binding.action == "app.messages")
        key = next(filter(None, keys), "")
        more = f" {key}: more"
        cut = fitted(said.line, max(0, width - len(more)), ellipsis=app.glyphs.ellipsis)
        return Text.assemble((cut, style), (more, app.ink.accent), no_wrap=True, end="")
