"""Labels of people and LLMs in the records of a project, as many as wanted in one write."""

from __future__ import annotations

from collections.abc import Iterable

from engine.project import Project
from engine.schema import QueueKind, RowLabel, SplitName, Teacher
from engine.teaching.record_factory import RecordFactory
from engine.teaching.records import Teaching

ANN, GPT = Teacher("ann", "human"), Teacher("gpt", "llm")


def write_labels(project: Project, teacher: Teacher, labels: Iterable[RowLabel]) -> None:
    """Write labels of one labeller in one action, into the file where they belong."""
    teaching = Teaching.of(project, f"llm-{teacher.name}" if teacher.kind == "llm" else teacher.name)
    factory = RecordFactory(project, teaching, teacher)
    with teaching.store.edit("label") as edit:
        for one in labels:
            factory.label(edit, one)


def by_person(
    row: str,
    label: str,
    chance: float | None = 0.5,
    *,
    split: SplitName = "pool",
    queue: QueueKind = "random",
    teacher: Teacher = ANN,
    guideline: int = 0,
) -> RowLabel:
    """A label by a person who is sure, of a row that was drawn at random unless told otherwise."""
    return RowLabel(row, label, 3, teacher, queue, split, chance, guideline)


def by_llm(row: str, label: str, certainty: int = 3, *, split: SplitName = "pool", guideline: int = 0) -> RowLabel:
    """A label by an LLM."""
    return RowLabel(row, label, certainty, GPT, "random", split, guideline=guideline)
