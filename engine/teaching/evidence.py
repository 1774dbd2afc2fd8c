"""What a teacher is shown of a blind spot, the same for a person and an LLM, and the hash that proves it.

Some rows of every blind spot are held back: no teacher sees them before having answered, and patterns are tested on
them. Which ones follows from their texts alone. Rows that nearly equal a proof row are withheld for good.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from engine.errors import StoreError
from engine.files import content_key
from engine.project import Project
from engine.schema import BlindSpot, Discovery, Perturbation, Prediction, Record
from engine.teaching.records import Records
from engine.text import row_hash

_SMALLEST = 5  # rows of a blind spot from which on some are held back
_LISTED = 12  # ids in the sentence about one that is unknown


@dataclass(frozen=True, slots=True)
class Evidence(Record):
    """The evidence of one blind spot.

    Attributes:
        rows: the UUs that teachers see, most typical first.
        neighbours: by row id, the nearest rows that the model gets right, nearest first.
        perturbations: by row id, minimal edits of it that the model gets right.
        held_back: the UUs that no teacher sees before having answered.
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

        return content_key(
            self.gold,
            self.predicted,
            [
                [
                    seen(row),
                    round(row.confidence, 2),
                    [seen(near) for near in self.neighbours[row.id]],
                    [seen(edit) for edit in self.perturbations.get(row.id, ())],
                ]
                for row in self.rows
            ],
        )


@dataclass(frozen=True, slots=True)
class Parts:
    """Ids of the rows of a blind spot, most typical first, each in one part.

    Attributes:
        shown: to every teacher. held_back: until a teacher has answered. withheld: for good.
    """

    shown: tuple[str, ...]
    held_back: tuple[str, ...]
    withheld: tuple[str, ...]


def evidence_for(
    project: Project, discovery: Discovery, records: Records, spot_id: str, *, decided: bool = False
) -> Evidence:
    """The evidence of a blind spot as every teacher of the project is shown it, perturbed pairs of all included.

    Args:
        project: names the share that is held back, and the rows that are withheld.
        discovery: of the round.
        records: give the perturbed pairs.
        spot_id: the blind spot.
        decided: what is seen after one has answered or declined: the rows that were held back too.

    Raises:
        StoreError: there is no such blind spot.
    """
    return evidence_of(
        discovery,
        spot_id,
        held_back=0.0 if decided else project.settings.teaching.held_back,
        perturbations=records.perturbations(),
        withheld=project.manifest.withheld,
    )


def evidence_of(
    discovery: Discovery,
    spot_id: str,
    *,
    held_back: float,
    perturbations: Iterable[Perturbation] = (),
    withheld: Collection[str] = (),
) -> Evidence:
    """The evidence of a blind spot.

    Args:
        discovery: of the round.
        spot_id: the blind spot.
        held_back: share of its rows that no teacher sees, 0..0.5 (`teaching.held_back`).
        perturbations: of all teachers; those of other rows are passed over.
        withheld: hashes of the texts that nobody is shown, as UU or as neighbour.

    Raises:
        StoreError: there is no such blind spot.
    """
    spot, known = known_spot(discovery, spot_id), discovery.predictions
    parts = parts_of(spot, discovery, held_back=held_back, withheld=withheld)
    edits = edits_of(parts.shown, perturbations, discovery)
    return Evidence(
        spot.id,
        spot.gold,
        spot.predicted,
        tuple(known[row] for row in parts.shown),
        {row: neighbours_of(row, discovery, withheld=withheld) for row in parts.shown},
        edits,
        tuple(known[row] for row in parts.held_back),
    )


def edits_of(
    rows: Collection[str], perturbations: Iterable[Perturbation], discovery: Discovery
) -> dict[str, tuple[Perturbation, ...]]:
    """The perturbed pairs of some rows that were made against this model, by row and in the order of their ids."""
    shown = frozenset(rows)
    edits: dict[str, tuple[Perturbation, ...]] = {}
    for edit in sorted(perturbations, key=lambda one: one.id):
        if edit.row in shown and edit.model_key == discovery.model_key:
            edits[edit.row] = (*edits.get(edit.row, ()), edit)
    return edits


def neighbours_of(row: str, discovery: Discovery, *, withheld: Collection[str]) -> tuple[Prediction, ...]:
    """The nearest rows that the model gets right and that may be shown, nearest first."""
    near = (discovery.predictions[other] for other in discovery.neighbours.get(row, ()))
    return tuple(row for row in near if not is_withheld(row, withheld))


def seen_flags(discovery: Discovery, withheld: Collection[str]) -> list[str]:
    """Ids of the flagged rows that may be shown. ``withheld``: hashes of texts (`Manifest.withheld`)."""
    known, hidden = discovery.predictions, frozenset(withheld)
    return [row for row in discovery.flagged if not is_withheld(known[row], hidden)]


def is_withheld(row: Prediction, withheld: Collection[str]) -> bool:
    """Whether nobody is shown the row. ``withheld``: hashes of texts (`Manifest.withheld`)."""
    return bool(withheld) and row_hash(row.text, row.text_pair) in withheld


def parts_of(spot: BlindSpot, discovery: Discovery, *, held_back: float, withheld: Collection[str] = ()) -> Parts:
    """Part the rows of a blind spot.

    Args:
        spot: the blind spot.
        discovery: it is of.
        held_back: share of the rows that may be seen, rounded down; none where there are fewer than 5.
        withheld: hashes of the texts that nobody is shown.
    """
    rows = ((row, discovery.predictions[row]) for row in spot.rows)
    hashes = {row: row_hash(found.text, found.text_pair) for row, found in rows}
    seen = [row for row in spot.rows if hashes[row] not in withheld]
    number = held_back_of(len(seen), held_back)
    drawn = frozenset(sorted(seen, key=hashes.__getitem__)[:number])
    return Parts(
        tuple(row for row in seen if row not in drawn),
        tuple(row for row in seen if row in drawn),
        tuple(row for row in spot.rows if hashes[row] in withheld),
    )


def held_back_of(rows: int, share: float) -> int:
    """How many of so many rows are held back; none where there are fewer than 5."""
    return int(share * rows) if rows >= _SMALLEST else 0


def known_spot(discovery: Discovery, spot_id: str) -> BlindSpot:
    """The blind spot of that id.

    Raises:
        StoreError: there is none.
    """
    found = discovery.spot(spot_id)
    if found is None:
        ids = [spot.id for spot in discovery.blind_spots]
        more = f" and {len(ids) - _LISTED} more" if len(ids) > _LISTED else ""
        known = f"one of {', '.join(ids[:_LISTED])}{more}" if ids else "none: the round has no blind spots"
        raise StoreError(f"there is no blind spot `{spot_id}`", hint=f"take {known}; `blindspot list` shows them")
    return found
