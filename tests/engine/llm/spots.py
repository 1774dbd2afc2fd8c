"""A project with as many blind spots as wanted, of rows that are made up, found by nobody: for long runs."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from engine.operations.outside_uses import outside_uses
from engine.project import SETTINGS_FILE, Project
from engine.schema import BlindSpot, Prediction
from engine.settings import LlmSettings, Settings, TaskSettings, TeachingSettings, read_settings, write_settings
from engine.trust import agree
from tests.builders.discovery import discovery_of, save_discovery
from tests.builders.project import lay_out
from tests.engine.llm.answers import text

LABELS = ("negative", "positive")


def project_of(
    root: Path, spots: int, *, rows: int = 2, proof: Sequence[str] = (), first_rows: Sequence[str] = ()
) -> Project:
    """A project with blind spots ``B1`` ... of so many rows each, negative taken for positive.

    Args:
        root: where it is made.
        spots: how many.
        rows: in each of them.
        proof: texts of proof rows, beside one that is always there.
        first_rows: texts that stand first in the first blind spots, instead of made-up ones.
    """
    draw = random.Random(7)
    pool = {f"r{number}": text(draw, 12) for number in range(spots * rows + 2)}
    pool |= {f"r{number * rows}": words for number, words in enumerate(first_rows)}
    splits = {
        "train": {f"train-{number}": text(draw) for number in range(2)},
        "pool": pool,
        "proof": {
            f"proof-{number}": words for number, words in enumerate([text(draw, 12), *(proof or [text(draw, 12)])])
        },
    }
    written = {
        name: [{"id": row, "text": words, "label": LABELS[at % 2]} for at, (row, words) in enumerate(texts.items())]
        for name, texts in splits.items()
    }
    project = lay_out(root, written, Settings(TaskSettings(labels=LABELS)))
    ids = list(pool)
    found = tuple(
        BlindSpot(f"B{n + 1}", *LABELS, tuple(ids[n * rows : (n + 1) * rows]), 0.95, 0.5, ()) for n in range(spots)
    )
    known = {row: Prediction(row, words, LABELS[0], LABELS[1], 0.95, (0.05, 0.95)) for row, words in pool.items()}
    near = dict.fromkeys(ids[: spots * rows], tuple(ids[spots * rows :]))
    for row in near[ids[0]]:
        known[row] = replace(known[row], predicted=LABELS[0])
    at = dict.fromkeys(near, (0.5, 0.5))
    save_discovery(project, discovery_of(found, known, neighbours=near, projection=at, next_id=spots + 1))
    return project


def set_llm(project: Project, *, teaching: TeachingSettings | None = None, **values: object) -> Project:
    """The project with these keys of [llm], and the given quotas, in its settings; the person has agreed to them."""
    path = project.root / SETTINGS_FILE
    settings = read_settings(path)
    llm: LlmSettings = replace(settings.llm, **values)  # type: ignore[arg-type]
    write_settings(path, replace(settings, llm=llm, teaching=teaching or settings.teaching))
    project = Project.open(project.root)
    agree(project.root, outside_uses(project))
    return project
