"""What a teacher is shown of a blind spot, the same for a person and an LLM, and the hash that proves it.

Some rows of every blind spot are held back: no teacher sees them before having answered, and patterns are tested on
them. Which ones follows from their texts alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.data.text import row_hash
from engine.errors import StoreError
from engine.files import content_key
from engine.project import Project
from engine.schema import BlindSpot, Discovery, Perturbation, Prediction, Record
from engine.teaching.records import Records

_SMALLEST = 5  # rows of a blind spot from which on some are held back


@dataclass(frozen=True, slots=True)
class Evidence(Record):
    """The evidence of one blind spot.

    Attributes:
        rows: the UUs that teachers see, most typical first.
        neighbours: by row id, the nearest rows that the model gets right, nearest first.
        perturbations: by row id, minimal edits of it that the model gets right.
        held_back: the UUs that no teacher sees.
    """

    blind_spot: str
    gold: str
    predicted: str
    rows: tuple[Prediction, ...]
    neighbours: dict[str, tuple[Prediction, ...]]
    perturbations: dict[str, tuple[Perturbation, ...]]
    held_back: tuple[Prediction, ...]

    @property
    def hash(self) -> str:
        """Equal hashes mean that two teachers were shown the same rows, in the same order, and nothing else."""

        def seen(row: Prediction | Perturbation) -> list[str | None]:
            return [row.text, row.text_pair, row.label]

        return content_key(self.gold, self.predicted, [
            [seen(row), round(row.confidence, 2), [seen(near) for near in self.neighbours[row.id]],
             [seen(edit) for edit in self.perturbations.get(row.id, ())]]
            for row in self.rows
        ])  # fmt: skip


def evidence_for(project: Project, discovery: Discovery, records: Records, spot_id: str) -> Evidence:
    """The evidence of a blind spot as every teacher of the project is shown it, perturbed pairs of all included.

    Raises:
        StoreError: there is no such blind spot.
    """
    share, edits = project.settings.teaching.held_back, records.perturbations()
    return evidence_of(discovery, spot_id, held_back=share, perturbations=edits)


def evidence_of(
    discovery: Discovery, spot_id: str, *, held_back: float, perturbations: Iterable[Perturbation] = ()
) -> Evidence:
    """The evidence of a blind spot.

    Args:
        discovery: of the round.
        spot_id: the blind spot.
        held_back: share of its rows that no teacher sees, 0..0.5 (`teaching.held_back`).
        perturbations: of all teachers; those of other rows are passed over.

    Raises:
        StoreError: there is no such blind spot.
    """
    spot, known = known_spot(discovery, spot_id), discovery.predictions
    hidden = held_back_rows(spot, discovery, held_back)
    rows = tuple(known[row] for row in spot.rows if row not in hidden)
    edits: dict[str, tuple[Perturbation, ...]] = {}
    for edit in sorted(perturbations, key=lambda one: one.id):
        if edit.row in spot.rows and edit.row not in hidden and edit.model_key == discovery.model_key:
            edits[edit.row] = (*edits.get(edit.row, ()), edit)
    return Evidence(
        spot.id, spot.gold, spot.predicted, rows,
        {row.id: tuple(known[near] for near in discovery.neighbours.get(row.id, ())) for row in rows},
        edits, tuple(known[row] for row in spot.rows if row in hidden),
    )  # fmt: skip


def held_back_rows(spot: BlindSpot, discovery: Discovery, share: float) -> frozenset[str]:
    """Ids of the rows that no teacher sees: ``share`` of them, rounded down; none of a blind spot below 5 rows."""
    if len(spot.rows) < _SMALLEST:
        return frozenset()
    known = discovery.predictions
    drawn = sorted(spot.rows, key=lambda row: row_hash(known[row].text, known[row].text_pair))
    return frozenset(drawn[: int(share * len(spot.rows))])


def known_spot(discovery: Discovery, spot_id: str) -> BlindSpot:
    """The blind spot of that id.

    Raises:
        StoreError: there is none.
    """
    found = discovery.spot(spot_id)
    if found is None:
        ids = [spot.id for spot in discovery.blind_spots]
        known = f"{ids[0]} to {ids[-1]}" if len(ids) > 1 else ids[0] if ids else "none"
        raise StoreError(f"there is no blind spot `{spot_id}`", mend=f"see `blindspot list`; there is {known}")
    return found
