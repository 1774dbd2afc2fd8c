"""One builder for a project whose pool has no labels, and for its people."""

from __future__ import annotations

from pathlib import Path

from engine.label_queue.project_session import ProjectSession, open_session
from engine.project import Project
from engine.schema import UNLABELLED, Teacher
from engine.settings import LabellingSettings, Settings, TaskSettings
from engine.teaching.records import Teaching
from tests.builders.project import lay_out

LABELS = ("negative", "positive")


def stream_project(root: Path, rows: int = 6, *, people: int = 1, overlap: float = 0.0, proof: int = 0) -> Project:
    """A project with ``rows`` pool rows r0, r1 ... and ``proof`` proof rows h0, h1 ..., all without a label."""
    train = [{"id": f"t{n}", "text": f"a train text {n}", "label": LABELS[n % 2]} for n in range(4)]
    pool = [{"id": f"r{n}", "text": f"text number {n} of the stream", "label": UNLABELLED} for n in range(rows)]
    held = [{"id": f"h{n}", "text": f"held out words {n}, never taught", "label": UNLABELLED} for n in range(proof)]
    settings = Settings(task=TaskSettings(labels=LABELS), labelling=LabellingSettings(people=people, overlap=overlap))
    return lay_out(root, {"train": train, "pool": pool} | ({"proof": held} if proof else {}), settings)


def teaching_of(project: Project, name: str) -> Teaching:
    """The records as one person sees them."""
    return Teaching.of(project, name)


def at_work(project: Project, name: str, *, queue: str | None = None) -> ProjectSession:
    """A session of one person."""
    return open_session(project, teaching_of(project, name), Teacher(name, "human"), queue=queue)
