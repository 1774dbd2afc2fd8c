"""One builder for a project whose pool has no labels, with a hunt that has begun, and for its people."""

from __future__ import annotations

from pathlib import Path

from engine.hunt.begin_hunt import begin_hunt
from engine.hunt.hunt_files import Hunt, find_hunt
from engine.operations.outside_uses import outside_uses
from engine.progress import Silent
from engine.project import Project
from engine.schema import UNLABELLED, QueueKind, RowLabel, Teacher
from engine.teaching.record_factory import RecordFactory
from engine.trust import agree
from tests.builders.project import lay_out
from tests.builders.rows import rows
from tests.builders.stream import teaching_of
from tests.builders.tiny_bert import untrained

POOL = 90
GOLD = {row.id: row.label for row in rows(POOL)}


def stream_with_model(folder: Path) -> Project:
    """A project of `POOL` rows without a label, on each of which a very small classifier is confident."""
    pool = [row.as_json() | {"label": UNLABELLED} for row in rows(POOL)]
    splits = {"train": [row.as_json() for row in rows(8)], "pool": pool}
    project = lay_out(folder / "work", splits, untrained(folder / "weights"))
    agree(project.root, outside_uses(project))
    return project


def hunted_project(folder: Path) -> Project:
    """The same with a hunt of 60 labels, which has chosen its first rows."""
    project = stream_with_model(folder)
    begin_hunt(project, 60, monitor=Silent())
    return project


def label(
    project: Project,
    name: str,
    labels: dict[str, str],
    *,
    kind: str = "human",
    certainty: int = 3,
    queue: QueueKind = "hunt",
) -> None:
    """Let somebody label rows; an LLM's are records of its own too."""
    teaching = teaching_of(project, name)
    teacher = Teacher(name, "llm" if kind == "llm" else "human")
    factory = RecordFactory(project, teaching, teacher)
    with teaching.store.edit("labels") as edit:
        for row, said in labels.items():
            factory.label(edit, RowLabel(row, said, certainty if said else 0, teacher, queue))


def answer_all(project: Project, name: str = "ann") -> list[str]:
    """Let one person give their right labels to all rows of the latest hunt that have none; the ids."""
    hunt = find_hunt(project)
    given = {one.row for one in teaching_of(project, name).own("label") if isinstance(one, RowLabel)}
    left = [choice.row for choice in hunt.file.choices if choice.row not in given]
    label(project, name, {row: GOLD[row] for row in left})
    return left


def is_uu(hunt: Hunt, row: str) -> bool:
    """Whether the model is wrong on a candidate."""
    return hunt.rows.predicted[hunt.rows.ids.index(row)] != GOLD[row]
