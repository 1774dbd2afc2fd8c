"""What a hunt keeps of the rows that it chooses among, beside its queue. Light."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.errors import StoreError
from engine.label_queue.queue_files import QueueFile, queue_called, queues
from engine.label_queue.scored_rows import (
    CANDIDATES,
    ScoredRows,
    keep_scored_rows,
    read_scored_rows,
    scored_rows_path,
)
from engine.project import Project

AT_RANDOM = "at_random"
"""Fact of a queue: share of its rows that is drawn at random, 0..1."""


@dataclass(frozen=True, slots=True)
class Hunt:
    """A queue, and the rows that it chooses among: those on which the model is confident."""

    file: QueueFile
    rows: ScoredRows

    @property
    def at_random(self) -> float:
        """Share of its rows that is drawn at random, 0..1."""
        share = self.file.spec.facts.get(AT_RANDOM)
        return float(share) if isinstance(share, (int, float)) and 0 <= share <= 1 else 0.0


def rows_path(root: Path, key: str) -> Path:
    """The file of the rows."""
    return scored_rows_path(root, CANDIDATES, key)


def array_path(root: Path, key: str) -> Path:
    """The file of their confidence, groups and vectors."""
    return rows_path(root, key).with_suffix(".npy")


def keep_rows(root: Path, rows: ScoredRows) -> None:
    """Write the rows."""
    keep_scored_rows(root, CANDIDATES, rows)


def read_rows(root: Path, key: object) -> ScoredRows | None:
    """The candidates of that key; None: there are none.

    Raises:
        FileError: the file is damaged.
    """
    return read_scored_rows(root, CANDIDATES, key, ScoredRows, hint="delete it and run `blindspot hunt`")


def find_hunt(project: Project, name: str | None = None) -> Hunt:
    """A hunt by the name of its queue; None: the latest.

    Raises:
        StoreError: there is no such hunt, or what it chose among is gone.
        FileError: a file of it is damaged.
    """
    files = queues(project, "hunt")
    return hunt_of(project, queue_called(project, files, "hunt", name, begin="begin one: `blindspot hunt DIR`"))


def hunt_of(project: Project, file: QueueFile) -> Hunt:
    """What belongs to a queue of the kind.

    Raises:
        StoreError: what it chose among is gone.
        FileError: it is damaged.
    """
    rows = read_rows(project.root, file.spec.facts.get(CANDIDATES))
    if rows is None:
        hint = "restore it from a copy, or begin another hunt with `blindspot hunt DIR`"
        raise StoreError("what this hunt chose among is gone", where=str(file.path), hint=hint)
    return Hunt(file, rows)
