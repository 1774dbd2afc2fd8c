"""What the blind spots of a report are about: title, words, errors against confidence, three rows of the pool.

All of it is what an annotator may see of the round (`engine.teaching.views.Board`): no row that is withheld or held
back, none whose label is doubted, and a pattern as title only for somebody who may read it. Proof rows play no part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.proof.report_types import Report, SpotEntry
from engine.text import visible
from tui.reporting.confidence_text import excess_words

if TYPE_CHECKING:
    from engine.schema import Prediction
    from engine.teaching.views import Board, EvidenceRow

_ROWS = 3
_LETTERS = 240  # of a text, or of both of a pair each


@dataclass(frozen=True, slots=True)
class ExampleRow:
    """A pool row of a blind spot as it is shown: its text, cut where it is long, and what the model said of it."""

    text: str
    said: str


@dataclass(frozen=True, slots=True)
class SpotAbout:
    """What there is to say of one blind spot; empty where it is not known.

    ``title``: the first sentence of a pattern. ``words``: distinctive ones. ``excess``: errors against confidence.
    """

    title: str
    words: str
    excess: str
    rows: tuple[ExampleRow, ...]

    @property
    def headline(self) -> str:
        """The title, else the words."""
        return self.title or self.words


About = Mapping[str, SpotAbout]
"""By the id of the blind spot."""


def spots_about(report: Report, board: Board | None) -> dict[str, SpotAbout]:
    """What is known of the blind spots of a report; none without the discovery of its round.

    Args:
        report: a finished proof.
        board: of the round as one annotator sees it; that of another round says nothing.
    """
    if board is None or board.discovery.round != report.round:
        return {}
    found = {}
    for spot in listed(report):
        there = board.discovery.spot(spot.id)
        if there is None or (there.gold, there.predicted) != (spot.gold, spot.predicted):
            continue
        view = board.spot(spot.id)
        shown = [row for row in board.evidence(spot.id) if not row.held_back and not _doubted(row)]
        rows = tuple(_example(row.prediction) for row in shown[:_ROWS])
        found[spot.id] = SpotAbout(visible(view.title), visible(", ".join(view.words)), excess_words(view.excess), rows)
    return found


def listed(report: Report) -> tuple[SpotEntry, ...]:
    """The blind spots of a report; of an older proof, which kept no evidence, those of the pool."""
    return report.spots or (report.pool.blind_spots if report.pool else ())


def _doubted(row: EvidenceRow) -> bool:
    return row.mark is not None and row.mark.is_doubt


def _example(row: Prediction) -> ExampleRow:
    pair = f" | {_cut(row.text_pair)}" if row.text_pair is not None else ""
    return ExampleRow(
        f"{_cut(row.text)}{pair}", visible(f"model says {row.predicted} {row.confidence:.2f}, gold {row.label}")
    )


def _cut(text: str) -> str:
    return visible(text[:_LETTERS]) + ("…" if len(text) > _LETTERS else "")
