"""What a hunt keeps of the rows that it chooses among, beside its queue. Light."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from engine.errors import StoreError
from engine.files import read_record
from engine.label_queue.queue_files import QueueFile, queues
from engine.project import Project
from engine.schema import Record

CANDIDATES = "candidates"
"""Fact of a queue: names the candidates that its rows are chosen among."""
AT_RANDOM = "at_random"
"""Fact of a queue: share of its rows that is drawn at random, 0..1."""


@dataclass(frozen=True, slots=True)
class CandidateRows(Record):
    """The candidates of a hunt: what is known of them without numbers.

    Attributes:
        key: names their content. model: key of the model that is confident on them; round: of it.
        tau: confidence from which on they are candidates.
        labels: of the project. ids: of the rows. predicted: the model's label of each.
    """

    key: str
    model: str
    round: int
    tau: float
    labels: tuple[str, ...]
    ids: tuple[str, ...]
    predicted: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hunt:
    """A queue, and the rows that it chooses among."""

    file: QueueFile
    rows: CandidateRows

    @property
    def at_random(self) -> float:
        """Share of its rows that is drawn at random, 0..1."""
        share = self.file.spec.facts.get(AT_RANDOM)
        return float(share) if isinstance(share, (int, float)) and 0 <= share <= 1 else 0.0


def rows_path(root: Path, key: str) -> Path:
    """The file of the rows."""
    return root / "queues" / f"candidates-{key}.json"


def array_path(root: Path, key: str) -> Path:
    """The file of their confidence, groups and vectors."""
    return root / "queues" / f"candidates-{key}.npy"


def read_rows(root: Path, key: str) -> CandidateRows | None:
    """The candidates of that key; None: there are none.

    Raises:
        FileError: the file is damaged.
    """
    try:
        return read_record(rows_path(root, key), CandidateRows.from_json, hint="delete it and run `blindspot hunt`")
    except FileNotFoundError:
        return None


def find_hunt(project: Project, name: str | None = None) -> Hunt:
    """A hunt by the name of its queue; None: the latest.

    Raises:
        StoreError: there is no such hunt, or what it chose among is gone.
        FileError: a file of it is damaged.
    """
    files = queues(project, "hunt")
    found = [file for file in files if name in (None, "hunt", file.spec.name)]
    if not found:
        what = "there is no hunt yet" if not files else f"there is no hunt {name!r}"
        hint = (
            "name one of " + ", ".join(file.spec.name for file in files) if files else "begin one: `blindspot hunt DIR`"
        )
        raise StoreError(what, where=str(project.root), hint=hint)
    return hunt_of(project, found[-1])


def hunt_of(project: Project, file: QueueFile) -> Hunt:
    """What belongs to a queue of the kind.

    Raises:
        StoreError: what it chose among is gone.
        FileError: it is damaged.
    """
    key = file.spec.facts.get(CANDIDATES)
    rows = read_rows(project.root, key) if isinstance(key, str) and re.fullmatch("[0-9a-f]{16}", key) else None
    if rows is None:
        hint = "restore it from a copy, or begin another hunt with `blindspot hunt DIR`"
        raise StoreError("what this hunt chose among is gone", where=str(file.path), hint=hint)
    return Hunt(file, rows)
