"""A project with records of every kind, its twin without any, and what of a table is the same in both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from engine.exchange.export_folder import ExportDone, export
from engine.exchange.gather import Gathered, gather
from engine.exchange.import_folder import ImportChoices, ImportDone, import_folder
from engine.exchange.tables import KINDS, Kind, Row, Value
from engine.progress import Silent
from engine.project import Project
from engine.review.blind_review import Review
from engine.schema import RowLabel, Teacher
from engine.teaching.records import Teaching
from tests.builders.labels import by_llm, by_person, write_labels
from tests.engine.review.world import annotator, judgement, make_reviewed_project, reviewer

ANN, BOB, GPT = Teacher("ann", "human"), Teacher("bob", "human"), Teacher("gpt", "llm")
EXAMPLES = Teacher("bundled-examples", "example")

SAME: dict[Kind, tuple[str, ...]] = {
    "labels": (
        *("id", "split", "text", "text_pair", "label", "certainty", "settled", "labeller", "labeller_kind", "recorded"),
        *("queue", "chance", "seconds", "overlap", "note", "reason"),
    ),
    "marks": ("id", "text", "verdict", "label", "annotator"),
    "samples": ("blind_spot", "text", "label", "role", "pattern_kind", "pattern_text", "teacher", "teacher_kind"),
    "patterns": ("blind_spot", "kind", "text", "teacher", "teacher_kind"),
}
"""Columns that an import gives back as they were; ids of patterns and samples, times and hashes are new."""


def make_source(root: Path) -> Project:
    """People, an LLM and examples have labelled, ann has marked, two teachers have answered, rev has judged B1."""
    project = make_reviewed_project(root)
    (root / "guidelines.md").write_text("# negative\n=Complaints, also polite ones.\n", encoding="utf-8")
    told = [
        by_person("n1", "negative", teacher=ANN, guideline=0),
        by_person("n2", "positive", None, queue="hunt", teacher=ANN),
        RowLabel("n3", "", 0, ANN, "random", chance=0.25, note="-who knows?\nperhaps", seconds=4.5, overlap=True),
        by_person("x1", "negative", split="proof", queue="audit", teacher=ANN),
    ]
    write_labels(project, ANN, told)
    decided = RowLabel("n2", "negative", 3, BOB, "conflict", reason="a slip")
    write_labels(project, BOB, [by_person("n2", "negative", None, queue="hunt", teacher=BOB), decided])
    write_labels(
        project, GPT, [by_llm("n1", "positive", 2), by_llm("p1", "positive"), by_llm("x2", "positive", split="proof")]
    )
    write_labels(project, EXAMPLES, [RowLabel("n1", "negative", 3, EXAMPLES, "file")])
    ann = annotator(project, "ann")
    ann.mark("n1", "label wrong", "positive")
    ann.mark("p2", "ambiguous")
    review = reviewer(project, "rev")
    for entry in review.queue():
        if entry.blind_spot == "B1":
            review.judge(judgement(review, entry.id, "left", verdicts=["fix", "reject"]))
    annotator(project, "ann").decline("B3", "no idea")
    return project


def out_of(project: Project, kinds: Sequence[Kind] = KINDS, *, by: str = "ann", proof: bool = True) -> Gathered:
    """What one person may export."""
    return gather(project, Teaching.of(project, by), kinds, proof=proof)


def exported(project: Project, name: str, folder: Path, *, by: str = "ann", escape: bool = False) -> ExportDone:
    """All of it, in a format."""
    return export(out_of(project, by=by), name, folder, wanted=KINDS, escape_formulas=escape)


def imported(project: Project, path: Path, **choices: str | bool | None) -> ImportDone:
    """An import by the engine."""
    return import_folder(project, path, ImportChoices(**choices), monitor=Silent())  # type: ignore[arg-type]


def seen_by_all(project: Project, name: str = "zoe") -> Gathered:
    """What somebody sees who has declined to answer everywhere."""
    reviewer(project, name)
    return out_of(project, by=name)


def contents(out: Gathered, kind: Kind, columns: Sequence[str] | None = None) -> Counter[tuple[Value, ...]]:
    """The rows of a table, without what is new in every project."""
    return Counter(tuple(row[name] for name in columns or SAME[kind]) for row in rows_of(out, kind))


def rows_of(out: Gathered, kind: Kind) -> Sequence[Row]:
    """The rows of a table; none where it is not there."""
    return next((table.rows for table in out.tables if table.kind == kind), [])


def review_of(project: Project, name: str) -> Review:
    """The review as one sees it who may judge already."""
    return Review(project, Teaching(project.teaching_dir, name))
