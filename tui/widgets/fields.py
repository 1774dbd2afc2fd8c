"""Text fields without a blinking cursor (a blinking one sends 1.9 kB/s for ever)."""

from __future__ import annotations

from typing import Any

from textual.widgets import Input, TextArea


class Field(Input):
    """One line of input."""

    DEFAULT_CSS = """
    Field, Field:focus { border: none; height: 1; padding: 0; background: $surface; }
    """

    def __init__(self, value: str = "", *, placeholder: str = "", id: str | None = None) -> None:
        super().__init__(value, placeholder=placeholder, select_on_focus=False, compact=True, id=id)
        self.cursor_blink = False


class Editor(TextArea):
    """Several lines of input; keep it to 8 rows or fewer, a taller one costs 6 kB a character."""

    DEFAULT_CSS = """
    Editor, Editor:focus { border: none; padding: 0; height: 6; max-height: 8; background: $surface; }
    """

    def __init__(self, text: str = "", **options: Any) -> None:
        super().__init__(text, compact=True, highlight_cursor_line=False, **options)
        self.cursor_blink = False
