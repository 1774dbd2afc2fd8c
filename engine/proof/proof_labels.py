"""The labels by which a proof is judged where its rows have too few: ``labels.json`` of its folder. Light.

People are asked for labels of rows that can change a verdict, in an order drawn beforehand, and the labels are looked
at five times, each time after a fifth of them. The verdict follows from the rows up to the latest look alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.files import read_record
from engine.schema import Record

LABELS = "labels.json"  # of a proof folder
LOOKS = 5
_HINT = "restore the folder from a copy, or make a new proof with `blindspot retrain`"


@dataclass(frozen=True, slots=True)
class ProofLabels(Record):
    """What is known of the labels of proof rows; labels are indices.

    Attributes:
        ids: of all proof rows, in file order. llm: what an LLM says of each, -1: nothing.
        order: places of the rows that can change a verdict, in the order in which people are asked for them.
        budget: how many of them people are asked for at most.
        queue: name of the queue that asks.
        look: number of the latest look; 0 before the first.
        people: (place, label) of each row that people had labelled by then, whatever they were asked for it for.
    """

    ids: tuple[str, ...]
    llm: tuple[int, ...]
    order: tuple[int, ...]
    budget: int
    queue: str
    look: int = 0
    people: tuple[tuple[int, int], ...] = ()

    def drawn(self, look: int) -> tuple[int, ...]:
        """Places of the rows that people have been asked for up to a look."""
        return self.order[: round(min(self.budget, len(self.order)) * look / LOOKS)]

    @property
    def answered(self) -> int:
        """Rows up to the latest look that have a label."""
        return len(set(self.drawn(self.look)).intersection(place for place, _ in self.people))


def read_proof_labels(folder: Path) -> ProofLabels:
    """Of a proof's folder.

    Raises:
        FileNotFoundError, FileError: there are none, or they are damaged.
    """
    return read_record(folder / LABELS, ProofLabels.from_json, hint=_HINT)
