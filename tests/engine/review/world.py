"""A project in which a person and an LLM have both answered: what the tests of the review start from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.project import Project
from engine.review.blind_review import Review
from engine.schema import (
    Judgement,
    Pattern,
    PatternKind,
    Preference,
    Role,
    Sample,
    SampleJudgement,
    SampleVerdict,
    SideJudgement,
    Teacher,
)
from engine.teaching.evidence import evidence_for
from engine.teaching.records import Teaching
from engine.teaching.writer import Annotator
from tests.engine.teaching.world import make_project

HUMAN = Teacher("ann", "human")
LLM = Teacher("gpt", "llm")
WORDS = {
    "human": ["soup", "desk", "tram", "coat", "bell", "lamp", "ferry", "quilt", "kettle", "ladder"],
    "llm": ["opera", "violin", "museum", "glacier", "harbour", "lantern", "orchard", "pillow", "saddle", "thimble"],
}
Answers = dict[PatternKind, tuple[str, dict[Role, int]]]


def make_reviewed_project(root: Path) -> Project:
    """Ann has committed to B1 and B2, the LLM has answered all three; nobody has judged anything."""
    project = make_project(root)
    answers: Answers = {
        "abstraction": ("people are named where a thing is meant", {"target": 2, "counter": 1}),
        "extrapolation": ("the same with animals", {"target": 1}),
    }
    for spot in ("B1", "B2"):
        write_answer(project, "ann", HUMAN, spot, answers, anchors=2)
        annotator(project, "ann").commit(spot)
    more: Answers = {
        "abstraction": ("- The **staff** are praised…  “in vain”.\n", {"target": 3, "counter": 2}),
        "extrapolation": ("Weather stands for mood.", {"target": 2, "counter": 2}),
    }
    for spot in ("B1", "B2", "B3"):
        write_answer(project, "llm-gpt", LLM, spot, more, anchors=1)
    return project


def write_answer(
    project: Project, author: str, teacher: Teacher, spot_id: str, answers: Answers, *, anchors: int = 0
) -> None:
    """Patterns with their samples, as numbers by role, and anchors; with the evidence that the project has now."""
    teaching, discovery = Teaching(project.teaching_dir, author), project.discovery()
    assert discovery is not None
    spot = discovery.spot(spot_id)
    assert spot is not None
    seen = evidence_for(project, discovery, teaching, spot_id).hash
    labels: dict[Role, str] = {"target": spot.gold, "counter": spot.predicted, "anchor": spot.gold}
    with teaching.store.edit("answer") as edit:

        def write(role: Role, count: int, pattern: str | None) -> None:
            for _ in range(count):
                name = edit.new_id("S")
                number = int(name[1:].partition("@")[0])
                words = WORDS["llm" if teacher.kind == "llm" else "human"]
                text = f"The {words[number % 10]} near the {words[number // 10 % 10]} of {spot_id} {role}."
                edit.put("sample", name, Sample(name, spot_id, text, labels[role], role, teacher, None, pattern, seen))

        for kind, (text, counts) in answers.items():
            name = edit.new_id("P")
            edit.put("pattern", name, Pattern(name, spot_id, kind, text, teacher, seen))
            for role, count in counts.items():
                write(role, count, name)
        write("anchor", anchors, None)


def annotator(project: Project, author: str) -> Annotator:
    """Writes for a person."""
    discovery = project.discovery()
    assert discovery is not None
    return Annotator(project, discovery, Teaching(project.teaching_dir, author), Teacher(author, "human"))


def reviewer(project: Project, name: str, *, spots: Sequence[str] = ("B1", "B2", "B3")) -> Review:
    """The review for one who has written nothing and declined to."""
    for spot in spots:
        annotator(project, name).decline(spot, "reviewer")
    return Review(project, Teaching(project.teaching_dir, name))


def judgement(
    review: Review, item_id: str, preference: Preference = "tie", *, verdicts: Sequence[SampleVerdict] = ()
) -> Judgement:
    """A complete judgement: all answers yes, samples accepted but for the first ones of each side (``verdicts``)."""
    item = review.item(item_id)

    def side(pattern: str | None, count: int) -> SideJudgement:
        answer = None if pattern is None else True
        given = [*verdicts, *["accept"] * count][:count]
        return SideJudgement(tuple(_sample(verdict) for verdict in given), answer, answer, answer)

    left, right = (side(one.pattern, len(one.samples)) for one in (item.left, item.right))
    return Judgement(item_id, preference, left, right)


def _sample(verdict: SampleVerdict) -> SampleJudgement:
    text = "A mended text about boots." if verdict == "fix" else None
    return SampleJudgement(verdict, verdict != "reject", True, True, text)
