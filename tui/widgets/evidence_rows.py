"""How evidence looks in the list: every row in full, wrapped, with its number, confidence and mark in front.

Beneath a row stand its edits that the model gets right, with what differs marked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from engine.data.differences import Span, differences
from engine.text import visible
from tui.terminal.glyphs import Glyphs
from tui.terminal.wrapping import bounded, fitted, wrap_spans
from tui.themes import Ink
from tui.widgets.paragraph_rows import column_names

if TYPE_CHECKING:
    from engine.schema import Perturbation, Prediction
    from engine.teaching.found_rows import FoundRow
    from engine.teaching.views import EvidenceRow

_NUMBER, _CONFIDENCE, _MARK = 4, 5, 9  # cells of the columns, each followed by a space
_HEAD = _NUMBER + 1 + _CONFIDENCE + 1 + _MARK + 1
_SHORT = {"label wrong": "wrong", "ambiguous": "ambiguous", "fine": "fine"}


class EvidenceRows:
    """The rows of a blind spot.

    Args:
        rows: what to show. numbers: the number of each row among all rows of the blind spot.
        heights: kept from one to the next, because a mark changes no height; by row, number of edits and width.
    """

    def __init__(
        self,
        rows: Sequence[EvidenceRow],
        numbers: Sequence[int],
        ink: Ink,
        glyphs: Glyphs,
        heights: dict[tuple[str, int, int], int],
    ) -> None:
        self.rows = rows
        self._numbers = numbers
        self._ink = ink
        self._glyphs = glyphs
        self._heights = heights

    def _parts(self, index: int) -> list[tuple[Text, Text]]:
        """The paragraphs of a row, each with what stands in front of its first line."""
        ink, row, number = self._ink, self.rows[index], self._numbers[index]
        word = _SHORT[row.mark.verdict] if row.mark else "held back" if row.held_back else ""
        word = word or ("flagged" if row.flagged else "")
        word = word or ("label?" if row.suspect else "cut" if row.read_to else "")
        texts = paragraphs(row.prediction, ink)
        if word in ("wrong", "ambiguous"):
            for text in texts:
                text.stylize_before(ink.muted)
        for text, whole, end in zip(
            texts, (row.prediction.text, row.prediction.text_pair or ""), row.read_to, strict=False
        ):
            text.stylize(
                ink.muted, len(visible(whole[:end])) + len(text.plain) - len(bounded(whole))
            )  # what the model does not read
        parts = [(self._head(f"{number}", row.prediction.confidence, word), texts[0])]
        parts += [(Text(" " * _HEAD), text) for text in texts[1:]]
        for edit in row.perturbations:
            first, *more = edited(edit, row.prediction, ink)
            parts.append((self._head("", edit.confidence, "edit"), first))
            parts += [(Text(" " * _HEAD), text) for text in more]
        return parts

    def _head(self, number: str, confidence: float, word: str) -> Text:
        ink = self._ink
        return Text.assemble(
            (f"{number:>{_NUMBER}} ", ink.muted),
            (f"{confidence:>{_CONFIDENCE}.2f} ", ink.muted),
            (fitted(word, _MARK) + " ", ink.accent),
        )

    def __len__(self) -> int:
        return len(self.rows)

    def height(self, index: int, width: int) -> int:
        """Lines of the wrapped text, both texts of a pair, edits included."""
        row = self.rows[index]
        key = (row.prediction.id, len(row.perturbations), width)
        found = self._heights.get(key)
        if found is None:
            inner = width - _HEAD
            if row.prediction.text_pair is None and not row.perturbations:  # a fifth of the time, and most lists
                found = len(wrap_spans(bounded(row.prediction.text), inner))
            else:
                found = sum(len(wrap_spans(text.plain, inner)) for _, text in self._parts(index))
            self._heights[key] = found
        return found

    def lines(self, index: int, width: int) -> list[Text]:
        """Head and text of the first line of a paragraph, text alone of the others."""
        lines: list[Text] = []
        for head, text in self._parts(index):
            for place, (start, end) in enumerate(wrap_spans(text.plain, width - _HEAD)):
                lines.append(Text.assemble(head if not place else " " * _HEAD, text[start:end]))
        return lines

    def heading(self, width: int) -> Text:
        """The names of the columns."""
        names = f"{'no':>{_NUMBER}} {'conf':>{_CONFIDENCE}} {'mark':<{_MARK}} text"
        return column_names(names, width, self._ink, self._glyphs)


def paragraphs(prediction: Prediction | FoundRow, ink: Ink) -> list[Text]:
    """The text, or both texts of a pair with what differs between them marked; safe to print."""
    first = bounded(prediction.text)
    if prediction.text_pair is None:
        return [Text(first)]
    second = bounded(prediction.text_pair)
    left, right = differences(first, second)
    return [
        Text.assemble(("A ", ink.muted), marked(first, left, ink)),
        Text.assemble(("B ", ink.muted), marked(second, right, ink)),
    ]


def edited(edit: Perturbation, row: Prediction, ink: Ink) -> list[Text]:
    """The right label of an edit of a row and its text, or texts, with what was changed marked; safe to print."""
    texts = [("", row.text, edit.text)]
    if edit.text_pair is not None:
        texts = [("A ", row.text, edit.text), ("B ", row.text_pair or "", edit.text_pair)]
    made = []
    for name, before, after in texts:
        safe = bounded(after)
        made.append(Text.assemble((name, ink.muted), marked(safe, differences(bounded(before), safe)[1], ink)))
    return [Text.assemble((f"{visible(edit.label)}: ", ink.muted), made[0]), *made[1:]]


def marked(text: str, spans: tuple[Span, ...], ink: Ink) -> Text:
    """The text with its spans in the style of a change, and in brackets where styles are not enough."""
    result, at = Text(), 0
    for start, end in spans:
        result.append(text[at:start])
        piece = text[start:end]
        result.append(f"[{piece}]" if ink.brackets else piece, ink.change)
        at = end
    result.append(text[at:])
    return result
