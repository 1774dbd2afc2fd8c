"""Answers of a person and of an LLM to blind spots of a small project, written as the app and the job write them."""

from __future__ import annotations

from pathlib import Path

from engine.project import Project
from engine.schema import Pattern, Role, Teacher
from engine.teaching.records import Teaching
from engine.teaching.writer import Annotator
from tests.tui.app.projects import write_project

HUMAN = Teacher("ann", "human")
LLM = Teacher("m1", "llm", recorded=True)
WORDING = {"ann": "Irony: the words praise and the speaker complains.", "m1": "Sarcastic thanks for bad service."}
TEXTS: dict[str, dict[Role, tuple[str, ...]]] = {
    "ann": {
        "target": ("What a joy to sleep beside the lift.", "Lovely, my soup came with the bill."),
        "counter": ("What a joy to sleep beside the lake.",),
        "anchor": ("The towels were wet and nobody came.", "A friendly desk and a clean bed."),
    },
    "m1": {
        "target": ("Thank you for losing both of our bags.", "Wonderful: cold coffee again.", "Bravo, an hour late."),
        "counter": ("Thank you for finding both of our bags.",),
        "anchor": ("The room smelled of smoke.", "We loved the garden."),
    },
}
WHERE = {"B1": "", "B3": " We stayed by the harbour with two cousins from Bremen."}
"""Makes the texts for one blind spot differ from those for another."""


def annotator(root: Path, author: str, teacher: Teacher) -> Annotator:
    """Who writes for that teacher."""
    project = Project.open(root)
    discovery = project.discovery()
    assert discovery is not None
    return Annotator(project, discovery, Teaching(project.teaching_dir, author), teacher)


def answer(root: Path, spot: str, name: str) -> Pattern:
    """All that `ann` or `m1` has to say to a blind spot; the person commits to it."""
    by = annotator(root, name if name == "ann" else f"llm-{name}", HUMAN if name == "ann" else LLM)
    found = by.discovery.spot(spot)
    assert found is not None
    pattern = by.describe(spot, "abstraction", WORDING[name])
    for role, texts in TEXTS[name].items():
        for number, text in enumerate(texts):
            label = found.predicted if role == "counter" or (role == "anchor" and number) else found.gold
            about = None if role == "anchor" else pattern.id
            by.write_sample(spot, text=text + WHERE[spot], label=label, role=role, pattern=about)
    if name == "ann":
        by.commit(spot)
    return pattern


def reviewed(root: Path) -> Path:
    """A project with answers of a person and an LLM to B1; `rev` has declined to give one and may review."""
    write_project(root)
    answer(root, "B1", "ann")
    answer(root, "B1", "m1")
    decline(root, "rev", "B1")
    return root


def decline(root: Path, author: str, *spots: str) -> None:
    """A reviewer who gives no answer of their own, so that nothing is sealed from them."""
    by = annotator(root, author, Teacher(author, "human"))
    for spot in spots:
        by.decline(spot, "only reviewing")
