"""A server that labels rows by their texts, and a project whose pool has no labels and that asks it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.project import SETTINGS_FILE, Project
from engine.settings import LabellingSettings, read_settings, write_settings
from tests.builders.stream import LABELS, stream_project
from tests.engine.llm.answers import fences
from tests.engine.llm.server import Answers, LlmServer
from tests.engine.llm.spots import set_llm

Says = Callable[[str], "tuple[str, int] | None"]


def rows_of(request: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows that an LLM is asked to label."""
    rows: list[dict[str, Any]] = fences(request["messages"][1]["content"])[0]
    return rows


def by_number(text: str) -> tuple[str, int]:
    """What the labeller below says of a text `text number 7 of the stream`: odd ones are positive; sure but of 0."""
    number = int(next(word for word in text.replace(",", " ").split() if word.isdecimal()))
    return LABELS[number % 2], 1 if number == 0 else 3


def labelling(says: Says = by_number) -> Answers:
    """A server that gives each row what ``says`` makes of its text; None: it leaves the row out."""

    def answer(request: dict[str, Any]) -> str:
        given = [(row["row"], says(row["text"])) for row in rows_of(request)]
        return json.dumps({"labels": [{"row": n, "label": one[0], "certainty": one[1]} for n, one in given if one]})

    return answer


def asking_project(
    root: Path, server: LlmServer, *, rows: int = 10, batch: int = 4, votes: int = 1, proof: int = 0, **llm: Any
) -> Project:
    """A project of `stream_project` that asks that server, questions of ``batch`` rows each; all is agreed to."""
    project = stream_project(root, rows, proof=proof)
    path = project.root / SETTINGS_FILE
    labelling = LabellingSettings(llm_batch=batch, llm_votes=votes)
    write_settings(path, replace(read_settings(path), labelling=labelling))
    return set_llm(Project.open(project.root), model="tiny", base_url=server.base_url, retries=0, **llm)
