"""Found rows in a list: number, similarity, whether the LLM finds that the pattern applies, and the whole text."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from tui.terminal.glyphs import Glyphs
from tui.themes import Ink
from tui.widgets.evidence_rows import paragraphs
from tui.widgets.paragraph_rows import ParagraphRows, column_names

if TYPE_CHECKING:
    from engine.teaching.found_rows import FoundRow

_NUMBER, _NEAR, _WORD = 4, 5, 8  # cells of the columns, each followed by a space
_HEAD = _NUMBER + 1 + _NEAR + 1 + _WORD + 1


class FoundRowLines(ParagraphRows):
    """The rows that a search has found.

    Args:
        rows: the most similar first.
        labelled: ids of those that people have labelled since.
    """

    def __init__(self, rows: Sequence[FoundRow], labelled: Collection[str], ink: Ink, glyphs: Glyphs) -> None:
        super().__init__([paragraphs(row, ink) for row in rows], _HEAD)
        self.rows = rows
        self._labelled = labelled
        self._ink = ink
        self._glyphs = glyphs

    def _columns(self, index: int) -> Text:
        row, ink = self.rows[index], self._ink
        word = {None: "", True: "applies", False: "not"}[row.applies]
        done = row.id in self._labelled
        return Text.assemble(
            (f"{index + 1:>{_NUMBER}} {row.similarity:>{_NEAR}.2f} ", ink.muted),
            (f"{'labelled' if done else word:<{_WORD}} ", ink.accent if row.applies and not done else ink.muted),
        )

    def heading(self, width: int) -> Text:
        """The names of the columns."""
        names = f"{'no':>{_NUMBER}} {'near':>{_NEAR}} {'pattern':<{_WORD}} text"
        return column_names(names, width, self._ink, self._glyphs)
