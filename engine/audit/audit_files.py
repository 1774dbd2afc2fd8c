"""What an audit keeps of the rows that it drew from, beside its queue. Light."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from engine.audit.draw import StratumName
from engine.errors import StoreError
from engine.files import read_record, write_json
from engine.label_queue.queue_files import QueueFile, queues
from engine.project import Project
from engine.schema import Record

ROWS = "rows"
"""Fact of a queue: names the rows that it was drawn from."""


@dataclass(frozen=True, slots=True)
class AuditRows(Record):
    """All held-out rows as they were when an audit was drawn: what the model says of each, and its stratum.

    Attributes:
        key: names their content. model: key of the model; round: of it.
        tau: confidence from which on the model counts as confident.
        labels: of the project.
        ids, predicted, strata, batches: of each row its id, the model's label, what it was drawn from, and the name of
            the batch that it came with.
    """

    key: str
    model: str
    round: int
    tau: float
    labels: tuple[str, ...]
    ids: tuple[str, ...]
    predicted: tuple[str, ...]
    strata: tuple[StratumName, ...]
    batches: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Audit:
    """A queue, and the rows that it was drawn from."""

    file: QueueFile
    rows: AuditRows


def keep_rows(root: Path, rows: AuditRows) -> None:
    """Write the rows; they are there before the queue that names them."""
    write_json(_path(root, rows.key), rows.as_json())


def find_audit(project: Project, name: str | None = None) -> Audit:
    """An audit by the name of its queue; None: the latest.

    Raises:
        StoreError: there is no such audit, or what it was drawn from is gone.
        FileError: a file of it is damaged.
    """
    files = [file for file in queues(project, "audit") if ROWS in file.spec.facts]
    found = [file for file in files if name in (None, "audit", file.spec.name)]
    if not found:
        what = f"there is no audit {name!r}" if files else "there is no audit yet"
        names = ", ".join(file.spec.name for file in files)
        hint = f"name one of {names}" if files else "draw one: `blindspot audit DIR`"
        raise StoreError(what, where=str(project.root), hint=hint)
    return audit_of(project, found[-1])


def audit_of(project: Project, file: QueueFile) -> Audit:
    """What belongs to a queue of the kind.

    Raises:
        StoreError: what it was drawn from is gone.
        FileError: it is damaged.
    """
    key, hint = file.spec.facts.get(ROWS), "restore it from a copy, or draw another audit with `blindspot audit DIR`"
    try:
        if not isinstance(key, str) or not re.fullmatch("[0-9a-f]{16}", key):
            raise FileNotFoundError
        return Audit(file, read_record(_path(project.root, key), AuditRows.from_json, hint=hint))
    except FileNotFoundError:
        raise StoreError("what this audit was drawn from is gone", where=str(file.path), hint=hint) from None


def _path(root: Path, key: str) -> Path:
    return root / "queues" / f"audited-{key}.json"
