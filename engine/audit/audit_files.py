"""What an audit keeps of the rows that it drew from, beside its queue. Light."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.audit.draw import StratumName
from engine.errors import StoreError
from engine.label_queue.queue_files import QueueFile, queue_called, queues
from engine.label_queue.scored_rows import ScoredRows, keep_scored_rows, read_scored_rows
from engine.project import Project

ROWS = "rows"
"""Fact of a queue: names the rows that it was drawn from."""
_AUDITED = "audited"


@dataclass(frozen=True, slots=True)
class AuditRows(ScoredRows):
    """All held-out rows as they were when an audit was drawn.

    Attributes:
        strata, batches: of each row what it was drawn from, and the name of the batch that it came with.
    """

    strata: tuple[StratumName, ...]
    batches: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Audit:
    """A queue, and the rows that it was drawn from."""

    file: QueueFile
    rows: AuditRows


def keep_rows(root: Path, rows: AuditRows) -> None:
    """Write the rows."""
    keep_scored_rows(root, _AUDITED, rows)


def find_audit(project: Project, name: str | None = None) -> Audit:
    """An audit by the name of its queue; None: the latest.

    Raises:
        StoreError: there is no such audit, or what it was drawn from is gone.
        FileError: a file of it is damaged.
    """
    files = [file for file in queues(project, "audit") if ROWS in file.spec.facts]
    return audit_of(project, queue_called(project, files, "audit", name, begin="draw one: `blindspot audit DIR`"))


def audit_of(project: Project, file: QueueFile) -> Audit:
    """What belongs to a queue of the kind.

    Raises:
        StoreError: what it was drawn from is gone.
        FileError: it is damaged.
    """
    hint = "restore it from a copy, or draw another audit with `blindspot audit DIR`"
    rows = read_scored_rows(project.root, _AUDITED, file.spec.facts.get(ROWS), AuditRows, hint=hint)
    if rows is None:
        raise StoreError("what this audit was drawn from is gone", where=str(file.path), hint=hint)
    return Audit(file, rows)
