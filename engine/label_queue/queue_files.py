"""A queue of rows to be labelled, as a file: what was chosen, why, and with which chance. Light.

A queue is append-only: its first line says what it is, each further line is one choice. What was chosen is never taken
out, so the chances of an audit and the reasons of a hunt can be read for ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import orjson

from engine.errors import FileError, StoreError
from engine.files import append_line, find_files, identity, read_lines, write_atomic
from engine.locks import holding
from engine.project import Project
from engine.schema import QueueKind, Record, SplitName

_FOLDER = "queues"
_PATIENCE = 5.0


@dataclass(frozen=True, slots=True)
class QueueSpec(Record):
    """What a queue is.

    Attributes:
        name: ``hunt-1``. kind: why its rows are asked for.
        split: where its rows are from: ``pool``, or ``proof`` for an audit or a verdict.
        budget: rows that it may ask for in all; 0: any number. seed: of its draws. created: when (UTC, ISO 8601).
        facts: what else its maker wants to know later.
    """

    name: str
    kind: QueueKind
    split: SplitName
    budget: int
    seed: int
    created: str
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Choice(Record):
    """One row that was chosen.

    Attributes:
        row: its id.
        reason: why, in a few words for people; it says neither the model's nor an LLM's label.
        chance: of being drawn, 0..1; None where it was not drawn at random.
        stratum: part of the rows that it was drawn from; empty if there is one part.
        batch: number of the batch that it was chosen with, from 1.
    """

    row: str
    reason: str
    chance: float | None = None
    stratum: str = ""
    batch: int = 1


class QueueFile:
    """One queue of a project.

    Args:
        path: of the file.

    Raises:
        StoreError: it is damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.choices: list[Choice] = []
        self._identity = identity(path)
        self._torn_at: int | None = None
        """Where a last line begins that is just being written, or was cut off by a crash, in bytes."""
        self.spec = self._read()

    def refresh(self) -> bool:
        """Take in what was chosen since; whether there was something.

        Raises:
            StoreError: as when it was opened.
        """
        before = len(self.choices)
        if identity(self.path) != self._identity:
            self._read()
        return len(self.choices) > before

    def append(self, choices: Iterable[Choice]) -> None:
        """Add choices in one write; of rows that another process has added meanwhile, nothing is added.

        Raises:
            StoreError: the file cannot be written, another process has held it for 5 s, or it is damaged.
        """
        try:
            lock = self.path.with_name(f".{self.path.name}.lock")
            with holding(lock, _taken(self.path), patience=_PATIENCE):
                self._read()
                known = {one.row for one in self.choices}
                new = [choice for choice in choices if choice.row not in known]
                if lines := b"\n".join(orjson.dumps(choice.as_json()) for choice in new):
                    append_line(self.path, lines, durable=True, at=self._torn_at)
        except FileError as error:
            raise StoreError(
                f"the queue cannot be written ({error.reason})", where=str(self.path), hint="free disk space"
            ) from error
        self._read()

    def _read(self) -> QueueSpec:
        self._identity = identity(self.path)
        self._torn_at = None
        raw = list(read_lines(self.path))
        lines = [line for line in raw if line.strip()]
        found: list[Choice] = []
        try:
            spec = QueueSpec.from_json(orjson.loads(lines[0]))
        except (ValueError, IndexError) as error:
            hint = "restore or delete it"
            raise StoreError("this is no queue of rows", where=str(self.path), hint=hint) from error
        try:
            for line in lines[1:]:
                found.append(Choice.from_json(orjson.loads(line)))
        except ValueError as error:
            if line is not lines[-1]:
                raise StoreError(
                    "a line of the queue is damaged", where=f"{self.path}:{len(found) + 2}", hint="restore it"
                ) from error
            if not line.endswith(b"\n"):
                self._torn_at = sum(map(len, raw[: raw.index(line)]))
        self.choices = found  # without a last line that is just being written, or was cut off by a crash
        return spec


def new_queue(
    project: Project,
    kind: QueueKind,
    *,
    split: SplitName = "pool",
    budget: int,
    seed: int,
    facts: dict[str, Any] | None = None,
) -> QueueFile:
    """Make an empty queue, numbered after the last of its kind.

    Raises:
        StoreError: it cannot be written, or another process has been making one for 5 s.
    """
    folder = project.root / _FOLDER
    try:
        with holding(folder / ".new.lock", _taken(folder), patience=_PATIENCE):  # two makers never get one number
            numbers = [int(path.stem.rpartition("-")[2]) for path in _files(project, kind)]
            name = f"{kind}-{max(numbers, default=0) + 1}"
            created = datetime.now(timezone.utc).isoformat(timespec="seconds")
            spec = QueueSpec(name, kind, split, budget, seed, created, facts or {})
            write_atomic(folder / f"{name}.jsonl", orjson.dumps(spec.as_json()) + b"\n")
    except FileError as error:
        hint = "free disk space, or get write permission"
        raise StoreError(f"the queue cannot be written ({error.reason})", where=error.where, hint=hint) from error
    return QueueFile(folder / f"{name}.jsonl")


def _taken(path: Path) -> StoreError:
    return StoreError("another process writes the queue", where=str(path), hint="wait a moment and try again")


def queues(project: Project, kind: QueueKind | None = None) -> list[QueueFile]:
    """The queues of a project, or those of a kind, the latest last.

    Raises:
        StoreError: one is damaged.
    """
    found = [QueueFile(path) for path in _files(project, kind)]
    return sorted(found, key=lambda one: (one.spec.created, int(one.path.stem.rpartition("-")[2])))


def queue_called(project: Project, files: Sequence[QueueFile], kind: str, name: str | None, *, begin: str) -> QueueFile:
    """One of the queues of a kind by its name; None, or the kind: the latest.

    Args:
        project: whose queues they are.
        files: all of the kind, the latest last.
        kind: ``hunt``.
        name: that is asked for.
        begin: how the first one is made.

    Raises:
        StoreError: there is none of that name.
    """
    found = [file for file in files if name in (None, kind, file.spec.name)]
    if not found:
        what = f"there is no {kind} {name!r}" if files else f"there is no {kind} yet"
        hint = "name one of " + ", ".join(file.spec.name for file in files) if files else begin
        raise StoreError(what, where=str(project.root), hint=hint)
    return found[-1]


def _files(project: Project, kind: QueueKind | None) -> list[Path]:
    pattern = f"{kind or '[a-z]*'}-*.jsonl"
    return [path for path in find_files(project.root / _FOLDER, pattern) if path.stem.rpartition("-")[2].isdecimal()]
