"""A project in which a person and an LLM have taught, with what both took, as app and client write it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from engine.llm.call_log import CALLS_FILE, Call, CallLog
from engine.project import SETTINGS_FILE, Project
from engine.schema import Pattern, PatternKind, Sample, Teacher
from engine.settings import CostSettings, Price, write_settings
from engine.teaching.records import Teaching
from tests.engine.teaching.world import make_project

ANN, GPT = Teacher("ann", "human"), Teacher("gpt", "llm")
PRICES = {"gpt-9": Price(input=1.0, output=10.0, cached=0.1)}


def make_ledger_project(root: Path, *, wage: float = 36.0, prices: dict[str, Price] = PRICES) -> Project:
    """A project with these prices, in which nobody has written anything."""
    return set_cost(make_project(root), wage=wage, prices=prices, currency="EUR", prices_of="2026-11-01")


def set_cost(project: Project, **values: Any) -> Project:
    """Change the settings of what is paid."""
    settings = replace(project.settings, cost=CostSettings(**values))
    write_settings(project.root / SETTINGS_FILE, settings)
    return Project.open(project.root)


def teach(project: Project, teacher: Teacher, spot: str, kind: PatternKind, *, samples: int = 4) -> str:
    """Write a pattern with samples and return its id."""
    author = teacher.name if teacher.kind == "human" else f"{teacher.kind}-{teacher.name}"
    with Teaching(project.teaching_dir, author).store.edit("write") as edit:
        pattern = edit.new_id("P")
        edit.put("pattern", pattern, Pattern(pattern, spot, kind, f"{spot} {kind}", teacher))
        for number in range(samples):
            text, name = f"{teacher.name} writes {spot} {pattern} {number}", edit.new_id("S")
            edit.put("sample", name, Sample(name, spot, text, "negative", "target", teacher, pattern=pattern))
    return pattern


def work(project: Project, task: str, spot: str, seconds: float, *, author: str = "ann") -> None:
    """Put active time on record."""
    project.time_dir.mkdir(exist_ok=True)
    line = {"time": 1.0, "author": author, "task": task, "blind_spot": spot, "seconds": seconds}
    with (project.time_dir / f"{author}.jsonl").open("ab") as file:
        file.write(orjson.dumps(line) + b"\n")


def ask(project: Project, step: str, spot: str, **values: Any) -> None:
    """Put a call on record: 1,000 tokens in, 100 out, at 0.002 EUR, unless told otherwise."""
    call = Call(
        "key", 1.0, 2.0, "gpt", "gpt-9", "localhost", step, spot, "schema", "ok", tokens_in=1000, tokens_out=100
    )  # type: ignore[arg-type]
    CallLog(project.llm_dir / CALLS_FILE).append(replace(call, **values))
