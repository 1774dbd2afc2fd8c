"""What a counter-sample may be edited from: a row of the evidence, or a sample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.schema import Sample

if TYPE_CHECKING:
    from engine.teaching.views import Board, EvidenceRow


@dataclass(frozen=True, slots=True)
class EditSource:
    """A text that is to be changed until its label is another one.

    Attributes:
        id: of the row or sample. name: as people call it: ``row 3``, ``S2``. label: the right one.
    """

    id: str
    name: str
    text: str
    text_pair: str | None
    label: str


def find_start(board: Board, spot_id: str, start_id: str) -> EditSource | None:
    """The row or sample of a blind spot with that id; None if it may not be seen or is gone."""
    for number, row in enumerate(board.evidence(spot_id), start=1):
        if row.prediction.id == start_id:
            return _of_row(row, number)
    found = next((sample for sample in board.samples(spot_id) if sample.id == start_id), None)
    return _of_sample(found) if found else None


def _of_row(row: EvidenceRow, number: int) -> EditSource:
    shown, mark = row.prediction, row.mark
    gold = mark.label if mark is not None and mark.label else shown.label
    return EditSource(shown.id, f"row {number}", shown.text, shown.text_pair, gold)


def _of_sample(sample: Sample) -> EditSource:
    return EditSource(sample.id, sample.id.partition("@")[0], sample.text, sample.text_pair, sample.label)
