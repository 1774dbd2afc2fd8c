"""How evidence looks in the list: every row in full, wrapped, with its number, confidence and mark in front."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from rich.text import Text

from engine.data.text import visible
from tui.glyphs import Glyphs
from tui.themes import Ink
from tui.widgets.differences import differences, marked
from tui.widgets.wrapping import fitted, wrap_spans

if TYPE_CHECKING:
    from engine.schema import Prediction
    from engine.teaching.board import EvidenceRow

_NUMBER, _CONFIDENCE, _MARK = 4, 5, 9  # cells of the columns, each followed by a space
_HEAD = _NUMBER + 1 + _CONFIDENCE + 1 + _MARK + 1
_SHORT = {"label wrong": "wrong", "ambiguous": "ambiguous", "fine": "fine"}


class EvidenceRows:
    """The rows of a blind spot.

    Args:
        rows: what to show. numbers: the number of each row among all rows of the blind spot.
    """

    def __init__(self, rows: Sequence[EvidenceRow], numbers: Sequence[int], ink: Ink, glyphs: Glyphs) -> None:
        self.rows = rows
        self._numbers = numbers
        self._ink = ink
        self._glyphs = glyphs

    @cached_property
    def _texts(self) -> list[list[Text]]:
        return [paragraphs(row.prediction, self._ink) for row in self.rows]

    def __len__(self) -> int:
        return len(self.rows)

    def height(self, index: int, width: int) -> int:
        """Lines of the wrapped text, both texts of a pair."""
        inner = width - _HEAD
        return sum(len(wrap_spans(text.plain, inner)) for text in self._texts[index])

    def lines(self, index: int, width: int) -> list[Text]:
        """Head and text of the first line, text alone of the others."""
        row, ink = self.rows[index], self._ink
        verdict = _SHORT[row.mark.verdict] if row.mark else ""
        off = verdict in ("wrong", "ambiguous")
        head = Text.assemble(
            (f"{self._numbers[index]:>{_NUMBER}} ", ink.muted),
            (f"{row.prediction.confidence:>{_CONFIDENCE}.2f} ", ink.muted),
            (fitted(verdict, _MARK) + " ", ink.accent),
        )
        lines: list[Text] = []
        for text in self._texts[index]:
            for start, end in wrap_spans(text.plain, width - _HEAD):
                line = text[start:end]
                if off:
                    line.stylize_before(ink.muted)
                lines.append(Text.assemble(head if not lines else " " * _HEAD, line))
        return lines

    def heading(self, width: int) -> Text:
        """The names of the columns."""
        names = f"{'no':>{_NUMBER}} {'conf':>{_CONFIDENCE}} {'mark':<{_MARK}} text"
        return Text(fitted(names, width, ellipsis=self._glyphs.ellipsis), style=self._ink.muted, no_wrap=True, end="")


def paragraphs(prediction: Prediction, ink: Ink) -> list[Text]:
    """The text, or both texts of a pair with what differs between them marked; safe to print."""
    first = visible(prediction.text)
    if prediction.text_pair is None:
        return [Text(first)]
    second = visible(prediction.text_pair)
    left, right = differences(first, second)
    return [
        Text.assemble(("A ", ink.muted), marked(first, left, ink)),
        Text.assemble(("B ", ink.muted), marked(second, right, ink)),
    ]
