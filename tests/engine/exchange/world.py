"""A project with records of every kind, its twin without any, and what of a table is the same in both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from engine.exchange.export_folder import ExportDone, export
from engine.exchange.export_tables import KINDS, Kind, Row, Value
from engine.exchange.gather import Gathered, gather
from engine.exchange.import_folder import ImportChoices, ImportDone, import_folder
from engine.progress import Silent
from engine.project import Project
from engine.review.blind_review import Review
from engine.schema import Pattern, PatternKind, Role, RowLabel, Sample, Teacher
from engine.teaching.evidence import evidence_for
from engine.teaching.records import Teaching
from tests.builders.labels import by_llm, by_person, write_labels
from tests.engine.review.world import annotator, judgement, reviewer
from tests.engine.teaching.world import make_project

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


TEXTS = (
    "Seven weeks for a chair, and now it limps.",
    "=My tea was older than the waiter.",
    "A castle of cake, and I was its only guard.",
    "They lost our coats with real enthusiasm.",
    "Nobody warned me that dessert would make me cry for joy.",
    "@the desk: your map led us into a lake.",
    "What a slow kitchen, thank heavens, we had so much to talk about.",
    "My grandmother would have thrown the pan at them.",
    "Bring earplugs and a will.",
    "The ferry left early, as did my patience.",
    "I have never been insulted so politely by a menu.",
    "Sheets like sandpaper; the sand was free.",
    "If boredom were a spice, this curry would win.",
    "Our guide knew less than the pigeons.",
    "Wonderful, they fixed the lamp and broke the door.",
    "The children refused to leave, and so did I.",
    "Five stars, all of them visible through the roof.",
    "A quiet violin, warm bread and no bill for an hour.",
    "The opera was long, my chair was longer.",
    "Glacier water, they said; I believe the temperature.",
)
"""Of samples: nearly equal ones are refused when they come in."""


def make_source(root: Path) -> Project:
    """People, an LLM and examples have labelled, ann has marked, two teachers have answered, rev has judged B1."""
    project = make_project(root)
    texts = iter(TEXTS)
    for spot in ("B1", "B2"):
        _answer(project, "ann", ANN, spot, "A person is named where a thing is meant.", texts)
        annotator(project, "ann").commit(spot)
    for spot in ("B1", "B2", "B3"):
        _answer(project, "llm-gpt", GPT, spot, "The **staff** are praised in vain.", texts)
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


def _answer(project: Project, author: str, teacher: Teacher, spot_id: str, words: str, texts: Iterator[str]) -> None:
    """Two patterns, a sample for each, and two more: a counter-sample and an anchor."""
    teaching, discovery = Teaching(project.teaching_dir, author), project.discovery()
    assert discovery is not None
    spot = discovery.spot(spot_id)
    assert spot is not None
    seen = evidence_for(project, discovery, teaching, spot_id).hash
    kinds: tuple[PatternKind, ...] = ("abstraction", "extrapolation")
    with teaching.store.edit("answer") as edit:
        names = []
        for kind in kinds:
            names.append(edit.new_id("P"))
            edit.put("pattern", names[-1], Pattern(names[-1], spot_id, kind, f"{words} ({kind})", teacher, seen))
        given: list[tuple[Role, str, str | None]] = [
            ("target", spot.gold, names[0]),
            ("target", spot.gold, names[1]),
            ("counter", spot.predicted, names[0]),
            ("anchor", spot.gold, None),
        ]
        for role, label, pattern in given:
            name = edit.new_id("S")
            edit.put("sample", name, Sample(name, spot_id, next(texts), label, role, teacher, None, pattern, seen))


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
