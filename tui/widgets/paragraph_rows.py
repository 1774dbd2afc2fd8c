"""Rows of texts in full, with columns in front of the first line of each, and the heading over such columns."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from rich.text import Text

from tui.terminal.glyphs import Glyphs
from tui.terminal.wrapping import fitted, wrap_spans, wrapped
from tui.themes import Ink


class ParagraphRows(ABC):
    """Rows of a list, each of one text or several, which are wrapped beside its columns.

    Args:
        texts: of each row, safe to print.
        head: cells of the columns.
    """

    def __init__(self, texts: Sequence[Sequence[Text]], head: int) -> None:
        self._texts = texts
        self._head = head

    @abstractmethod
    def _columns(self, index: int) -> Text:
        """What stands in front of the first line of a row."""

    def __len__(self) -> int:
        return len(self._texts)

    def height(self, index: int, width: int) -> int:
        """Lines of all its wrapped texts."""
        return sum(len(wrap_spans(text.plain, width - self._head)) for text in self._texts[index])

    def lines(self, index: int, width: int) -> list[Text]:
        """Columns and text of the first line, text alone of the others."""
        lines = [line for text in self._texts[index] for line in wrapped(text, width - self._head)]
        blank = " " * self._head
        return [Text.assemble(blank if place else self._columns(index), line) for place, line in enumerate(lines)]


def column_names(names: str, width: int, ink: Ink, glyphs: Glyphs) -> Text:
    """The names of columns as a line."""
    return Text(fitted(names, width, ellipsis=glyphs.ellipsis), style=ink.muted, no_wrap=True, end="")
