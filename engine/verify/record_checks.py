"""What was written by people and LLMs: the chain of each author's records, and the log of calls."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engine.files import find_files, read_lines
from engine.llm.call_log import CALLS_FILE, call_of
from engine.project import Project
from engine.teaching.revisions import Log
from engine.verify.finding import Finding, looked_at

_RESTORE = "restore the file from a copy; what is left stays usable"


def check_records(project: Project) -> Iterator[Finding]:
    """Each author's file."""
    for path in find_files(project.teaching_dir, "[!.]*.json"):
        file = f"teaching/{path.name}"
        yield from looked_at(f"records of {path.stem}", file, _RESTORE, _author, path, file)


def _author(path: Path, file: str) -> Iterator[Finding]:
    part, log = f"records of {path.stem}", Log(path)
    before = sum(found.hash is None for found in log.revisions)
    if log.recovery:
        yield Finding(part, "changed", log.recovery.sentence.rstrip("."), file, _RESTORE)
    if log.broken:
        yield Finding(part, "changed", log.broken.sentence, file, _RESTORE)
    elif not log.recovery:
        old = f", {before} of them written before there was a chain" if before else ""
        yield Finding(part, "ok", f"{len(log.revisions)} records follow from one another{old}", file)


def check_calls(project: Project) -> Iterator[Finding]:
    """The log of LLM calls: every line whole; only the last may have been cut off by a kill."""
    path, file = project.llm_dir / CALLS_FILE, f"llm/{CALLS_FILE}"
    if path.exists():
        yield from looked_at("LLM calls", file, _RESTORE, _calls, path, file)


def _calls(path: Path, file: str) -> Iterator[Finding]:
    broken: list[int] = []
    count = 0
    for line in read_lines(path):
        count += 1
        if call_of(line) is None:
            broken.append(count)
    if broken and broken != [count]:
        yield Finding(
            "LLM calls", "changed", f"{len(broken)} lines are no calls, the first is line {broken[0]}", file, _RESTORE
        )
    else:
        yield Finding("LLM calls", "ok", f"{count - len(broken)} whole calls", file)
