"""A project with a blind spot of ten rows, two of them held back, and one of four: where pattern tests are tested."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from engine.project import Project
from engine.schema import BlindSpot, Commitment, Pattern, Prediction, Teacher
from engine.teaching.evidence import evidence_for
from engine.teaching.records import Records, Teaching
from tests.builders.discovery import save_discovery
from tests.engine.teaching.world import make_discovery, make_project

ANN = Teacher("ann", "human")
MODEL = Teacher("m1", "llm")
WORDING = "Thanks that are meant bitterly."
_SAID = (
    "the towels were still wet",
    "nobody came to the desk",
    "the pool was closed again",
    "our key opened no door",
    "the soup had gone cold",
    "the lift stood still all week",
    "a bus ran under the window",
    "they lost both of our bags",
    "the bed was a plank",
    "the bill was wrong twice",
)


def pattern_project(root: Path, *, pair: str | None = None) -> Project:
    """B1: u0 to u9, each with a right row near it (n0 to n9); B2: v0 to v3; three more rows that are right.

    With ``pair`` each row has that second text.
    """
    project = make_project(root, pair=pair)
    rows = {f"u{i}": _row(f"u{i}", f"Thanks so much, {said}.", "negative", "positive") for i, said in enumerate(_SAID)}
    rows |= {f"v{i}": _row(f"v{i}", f"Only {said}!", "positive", "negative") for i, said in enumerate(_SAID[:4])}
    rows |= {f"n{i}": _row(f"n{i}", f"Awful: {said}.", "negative", "negative") for i, said in enumerate(_SAID)}
    rows |= {f"g{i}": _row(f"g{i}", f"Lovely that {said}.", "positive", "positive") for i, said in enumerate(_SAID[:3])}
    rows = {name: replace(row, text_pair=pair) for name, row in rows.items()}
    spots = (
        BlindSpot("B1", "negative", "positive", tuple(f"u{i}" for i in range(10)), 0.95, 0.5, ("thanks",)),
        BlindSpot("B2", "positive", "negative", tuple(f"v{i}" for i in range(4)), 0.95, 0.5, ("only",)),
    )
    near = {f"u{i}": (f"n{i}",) for i in range(10)} | {f"v{i}": (f"g{i % 3}",) for i in range(4)}
    found = make_discovery()
    save_discovery(
        project,
        replace(
            found,
            blind_spots=spots,
            scattered=(),
            predictions=rows,
            neighbours=near,
            projection=dict.fromkeys(near, (0.5, 0.5)),
        ),
    )
    return project


def _row(name: str, text: str, gold: str, predicted: str) -> Prediction:
    return Prediction(name, text, gold, predicted, 0.95, (0.05, 0.95))


def held_back(project: Project) -> list[str]:
    """Ids of the rows of B1 that no teacher sees."""
    discovery = project.discovery()
    assert discovery is not None
    evidence = evidence_for(project, discovery, Records(project.teaching_dir), "B1")
    return [row.id for row in evidence.held_back]


def write(project: Project, author: str, *, spot: str = "B1", teacher: Teacher | None = None, **more: str) -> Pattern:
    """A pattern of an author, as the store keeps it."""
    teaching = Teaching(project.teaching_dir, author)
    with teaching.store.edit("describe") as edit:
        name = edit.new_id("P")
        text = more.get("text", WORDING)
        pattern = Pattern(name, spot, "abstraction", text, teacher or Teacher(author, "human"), more.get("evidence"))
        edit.put("pattern", name, pattern)
    return pattern


def decide(project: Project, author: str, spot: str = "B1") -> None:
    """The author declines to answer, so that nothing is sealed any more."""
    with Teaching(project.teaching_dir, author).store.edit("decline", final=True) as edit:
        edit.put("commitment", spot, Commitment(spot, "declined", "0" * 16, "for a test"))
