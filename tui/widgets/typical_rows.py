"""The rows of a blind spot beside the form: only their texts and edits, so that many are seen while one writes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from tui.themes import Ink
from tui.widgets.evidence_rows import edited, paragraphs
from tui.widgets.paragraph_rows import ParagraphRows

if TYPE_CHECKING:
    from engine.teaching.views import EvidenceRow

_NUMBER = 3


class TypicalRows(ParagraphRows):
    """Every row in full, most typical first; rows that were marked off, held back or are being edited say so.

    Args:
        rows: what to show.
        is_edited: whether an edit of the row with that id was begun and not handed in.
    """

    def __init__(
        self, rows: Sequence[EvidenceRow], ink: Ink, *, is_edited: Callable[[str], bool] = lambda row: False
    ) -> None:
        self.rows = rows
        self._is_edited = is_edited
        self._ink = ink
        super().__init__([self._marked(row) for row in rows], _NUMBER)

    def _marked(self, row: EvidenceRow) -> list[Text]:
        first, *more = paragraphs(row.prediction, self._ink)
        verdict = row.mark.verdict if row.mark else None
        word = verdict if verdict not in (None, "fine") else "held back" if row.held_back else ""
        if self._is_edited(row.prediction.id):
            first = Text.assemble(("(edit not handed in) ", self._ink.warn), first)
        if word:
            first = Text.assemble((f"({word}) ", self._ink.accent), first)
        for edit in row.perturbations:
            right, *rest = edited(edit, row.prediction, self._ink)
            more += [Text.assemble(("edit, ", self._ink.accent), right), *rest]
        return [first, *more]

    def _columns(self, index: int) -> Text:
        return Text(f"{index + 1:<{_NUMBER}}", self._ink.muted)
