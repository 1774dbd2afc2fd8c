"""Several lines of input without a blinking cursor. Not imported before it is needed: it costs 50 ms."""

from __future__ import annotations

from typing import Any

from textual.widgets import TextArea


class Editor(TextArea):
    """Several lines of input; keep it to 8 rows or fewer, a taller one costs 6 kB a character."""

    DEFAULT_CSS = """
    Editor, Editor:focus { border: none; padding: 0; height: 6; max-height: 8; background: $surface; }
    """

    def __init__(self, text: str = "", **options: Any) -> None:
        super().__init__(text, compact=True, highlight_cursor_line=False, **options)
        self.cursor_blink = False
