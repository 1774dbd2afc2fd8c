"""A table of figures as lines for a pane: its title, its heads, its rows."""

from __future__ import annotations

from rich.text import Text

from tui.reporting.table import Table, lines
from tui.terminal.glyphs import Glyphs
from tui.themes import Ink


def table_text(width: int, table: Table, ink: Ink, glyphs: Glyphs) -> list[Text]:
    """Its lines at that width, in cells."""
    head, *rows = lines(table, width, ellipsis=glyphs.ellipsis)
    return [Text(table.title, style=ink.strong), Text(head, style=ink.muted), *(Text(row) for row in rows)]
