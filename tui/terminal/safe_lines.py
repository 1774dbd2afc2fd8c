"""The last thing that happens to a line of the app before it is sent: what a terminal would obey is taken out.

Screens make data visible where they lay it out (`tui.terminal.wrapping`); nothing should be left here. This holds for
what a widget of Textual shows by itself, and for what a screen has forgotten.
"""

from __future__ import annotations

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from engine.text import INVISIBLE


class SafeLines(LineFilter):
    """Puts blanks, as wide as they were counted, in place of control, invisible and direction characters."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments of a line, as wide as before."""
        if all(text.isascii() and text.isprintable() for text, _, _ in segments):
            return segments
        return [
            Segment(INVISIBLE.sub(lambda found: " " * cell_len(found[0]), text), style, control)
            for text, style, control in segments
        ]
