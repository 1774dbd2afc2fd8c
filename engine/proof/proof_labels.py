"""The labels by which a proof is judged where its rows have too few: ``labels.json`` of its folder. Light.

People are asked for labels of rows that can change a verdict, in an order drawn beforehand, and the labels are looked
at five times, each time after a fifth of them. The verdict follows from the rows up to the latest look alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.errors import StoreError
from engine.files import read_record
from engine.ids import is_id
from engine.label_queue.queue_files import queues
from engine.project import Project
from engine.proof.report import read_report
from engine.proof.report_types import LabelsAsked
from engine.schema import Record

LABELS = "labels.json"  # of a proof folder
LOOKS = 5
PROOF = "proof"
"""Fact of a queue: id of the proof that it asks for."""
HINT = "restore the folder from a copy, or make a new proof with `blindspot retrain`"


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

    def __post_init__(self) -> None:
        """Refuse places, labels and numbers that no proof has."""
        rows = len(self.ids)
        is_possible = (
            len(self.llm) == rows
            and all(0 <= place < rows for place in (*self.order, *(place for place, _ in self.people)))
            and len(set(self.order)) == len(self.order)
            and all(label >= -1 for label in self.llm)
            and all(label >= 0 for _, label in self.people)
            and self.budget > 0
            and 0 <= self.look <= LOOKS
        )
        if not is_possible:
            raise ValueError("no proof has these labels")

    def drawn(self, look: int) -> tuple[int, ...]:
        """Places of the rows that people have been asked for up to a look."""
        return self.order[: round(min(self.budget, len(self.order)) * look / LOOKS)]

    def as_asked(self, *, certain: bool, needed: int | None = None) -> LabelsAsked:
        """What people are asked for and how far that is, for the report."""
        drawn, after = (self.drawn(look) for look in (self.look, min(self.look + 1, LOOKS)))
        return LabelsAsked(
            queue=self.queue,
            rows=len(self.order),
            budget=min(self.budget, len(self.order)),
            look=self.look,
            looks=LOOKS,
            asked=len(drawn),
            answered=len(set(drawn).intersection(place for place, _ in self.people)),
            next=len(after) - len(drawn),
            certain=certain,
            needed=needed,
        )


def read_proof_labels(folder: Path) -> ProofLabels:
    """Of a proof's folder.

    Raises:
        FileNotFoundError, FileError: there are none, or they are damaged.
    """
    return read_record(folder / LABELS, ProofLabels.from_json, hint=HINT)


def asked_by(project: Project, queue: str) -> str:
    """Id of the proof that a queue asks for.

    Raises:
        StoreError: there is no such queue, or it names no proof.
    """
    file = next((one for one in queues(project, "verdict") if one.spec.name == queue), None)
    proof_id = str(file.spec.facts.get(PROOF)) if file else ""
    if not is_id("proof", proof_id):
        what = "names no proof" if file else "is gone"
        raise StoreError(f"queue {queue} {what}", where=str(project.root), hint="restore it from a copy, or retrain")
    return proof_id


def standing(project: Project, proof_id: str) -> str:
    """The verdicts of a proof, and where its labels stand, in two sentences.

    Raises:
        ProjectError: its report is gone or damaged.
    """
    report = read_report(project, proof_id)
    words = "; ".join(f"{arm.arm} ({arm.recipe}): {report.verdict_of(arm)}" for arm in report.arms)
    return f"{words}. {report.labels_asked.sentence if report.labels_asked else ''}".rstrip()


def asks(project: Project, proof_id: str) -> bool:
    """Whether a proof asks people for further labels.

    Raises:
        ProjectError: its report is gone or damaged.
    """
    labels = read_report(project, proof_id).labels_asked
    return labels is not None and labels.goes_on
