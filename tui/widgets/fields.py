"""A line of input without a blinking cursor: a blinking one sends 1.9 kB/s for ever."""

from __future__ import annotations

from textual.widgets import Input


class Field(Input):
    """One line of input."""

    DEFAULT_CSS = """
    Field, Field:focus { border: none; height: 1; padding: 0; background: $surface; }
    """

    def __init__(self, value: str = "", *, placeholder: str = "") -> None:
        super().__init__(value, placeholder=placeholder, select_on_focus=False, compact=True)
        self.cursor_blink = False
