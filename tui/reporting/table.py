"""A table of text, which screens, commands and reports show alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui.terminal.console import Console

_GAP = "  "
_NAME_CELLS = 8  # at least, for the first column


@dataclass(frozen=True, slots=True)
class Table:
    """A title, the heads of its columns, and its rows; the first column is text, the others are figures."""

    title: str
    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


def lines(table: Table, width: int | None, *, ellipsis: str = "…") -> list[str]:
    """The head and the rows in columns; the first is cut until all fit into ``width`` cells (None: all is whole)."""
    from rich.cells import cell_len

    from tui.terminal.wrapping import fitted

    rows = [table.head, *table.rows]
    cells = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    if width is not None:
        room = width - sum(cells[1:]) - len(_GAP) * (len(cells) - 1)
        cells[0] = min(cells[0], max(_NAME_CELLS, room))
    return [
        _GAP.join(
            [
                fitted(row[0], cells[0], ellipsis=ellipsis),
                *(f"{part:>{size}}" for part, size in zip(row[1:], cells[1:], strict=True)),
            ]
        )
        for row in rows
    ]


def print_tables(out: Console, tables: Iterable[Table]) -> None:
    """Print tables beneath their titles, each after an empty line, cut where the terminal ends."""
    for table in tables:
        out.print()
        out.print(table.title)
        for line in lines(table, out.width if out.is_terminal else None):
            out.table_line(line)
