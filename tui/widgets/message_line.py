"""The message line: what just happened, or why something did not."""

from __future__ import annotations

from rich.text import Text

from tui.shell import shell
from tui.widgets.line import Line
from tui.widgets.wrapping import fitted


class MessageLine(Line):
    """One sentence above the footer; warnings carry a sign, not a colour alone."""

    DEFAULT_CSS = """
    MessageLine { padding: 0 1; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.message = ""
        self.warning = False

    def say(self, message: str, *, warning: bool = False) -> None:
        """Show a sentence until the next one."""
        self.message, self.warning = message, warning
        self.update()

    def line(self, width: int) -> Text:
        """The sentence, cut to the line."""
        app = shell(self)
        sign = "! " if self.warning else ""
        plain = fitted(sign + self.message, width, ellipsis=app.glyphs.ellipsis).rstrip()
        return Text(plain, style=app.ink.warn if self.warning else app.ink.muted, no_wrap=True, end="")
