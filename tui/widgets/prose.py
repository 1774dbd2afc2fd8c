"""The field in which patterns and samples are written; nothing that could steer the terminal gets into it.

Not imported before it is needed: Textual's editor costs 50 ms.
"""

from __future__ import annotations

from typing import Any

from textual import events
from textual.widgets import TextArea

from engine.text import INVISIBLE
from tui.keys import keys


class Prose(TextArea):
    """Several lines of text; keep it to 8 rows or fewer, a taller one costs 6 kB a character.

    The cursor does not blink, as in `tui.widgets.fields`. Page keys and esc are left to the screen, where they turn the
    evidence and leave.
    """

    DEFAULT_CSS = """
    Prose, Prose:focus {
        border: none; padding: 0; height: 1fr; min-height: 2; max-height: 6; background: $surface;
    }
    """
    BINDINGS = [*keys("prose")]

    def __init__(self, **options: Any) -> None:
        super().__init__(compact=True, highlight_cursor_line=False, **options)
        self.cursor_blink = False

    def show_text(self, text: str) -> None:
        """Show another text, with the cursor at its end."""
        if text != self.text:
            self.load_text(plain(text))
        self.move_cursor(self.document.end)

    def add(self, text: str) -> None:
        """Put text in place of what is selected, as if it were typed."""
        start, end = sorted(self.selection)
        self.move_cursor(self.replace(plain(text), start, end, maintain_selection_offset=False).end_location)

    def on_paste(self, event: events.Paste) -> None:
        """Take a pasted text without its control characters."""
        event.prevent_default()
        event.stop()
        self.add(event.text)


def plain(text: str) -> str:
    """The text with line ends as they are and every other control or invisible character as a space."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(INVISIBLE.sub(" ", line) for line in lines)
