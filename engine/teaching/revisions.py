"""One author's file as it is read: revisions in order, and what follows from them.

The current records, and what can be undone and redone, are functions of the revisions alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

from engine.schema import (
    Application,
    Commitment,
    Judgement,
    Pattern,
    Perturbation,
    Record,
    RowMark,
    Sample,
    SpotState,
)
from engine.teaching.chain import Break, find_break
from engine.teaching.storage import AtomicStorage, Identity, Recovery

Kind = Literal["mark", "pattern", "sample", "state", "commitment", "perturbation", "application", "judgement"]
Cause = Literal["edit", "undo", "redo", "final"]
Key = tuple[str, str]
Body = dict[str, Any]

TABLE = "revisions"
SCHEMAS: dict[str, type[Record]] = {
    "mark": RowMark,
    "pattern": Pattern,
    "sample": Sample,
    "state": SpotState,
    "commitment": Commitment,
    "perturbation": Perturbation,
    "application": Application,
    "judgement": Judgement,
}


@dataclass(frozen=True, slots=True)
class Revision(Record):
    """One change of one record.

    Attributes:
        seq: its number in the author's file. id: of the record; revision: 1 for its first.
        kind: one of `Kind`. body: the record from now on; None: deleted.
        author, time (UTC, ISO 8601), tool: who, when, and with which version.
        action: seq of the first revision of the action it belongs to; one undo takes back one action.
        note: what the action did, in words.
        cause: ``edit``; ``undo`` or ``redo`` of the action ``answers``; ``final``: cannot be undone.
        hash: of this revision and the one before (`engine.teaching.chain`); None: written before there was a chain.
    """

    seq: int
    id: str
    revision: int
    kind: str
    body: Body | None
    author: str
    time: str
    tool: str
    action: int
    note: str
    cause: Cause
    answers: int | None = None
    hash: str | None = None


_NAMES = tuple(f.name for f in fields(Revision))


def _is_whole(key: str, record: Any) -> bool:
    """Whether it is a revision whose record can be read; of a kind that a newer version wrote, nothing is asked."""
    try:
        revision = Revision.from_json(record)
        if revision.body is not None and revision.kind in SCHEMAS:
            SCHEMAS[revision.kind].from_json(revision.body)
    except ValueError:
        return False
    return str(revision.seq) == key


class Log:
    """One author's file, for reading. Revisions of kinds that a newer version wrote are kept and left alone."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._storage = AtomicStorage(path, table=TABLE, is_whole=_is_whole)
        self._seen: Identity | None = None
        self.version = 0
        """Grows with every change of the records."""
        self._checked: tuple[int, Break | None] = (0, None)
        self._reset()
        self.refresh()

    def _reset(self) -> None:
        self.revisions: list[Revision] = []
        """Everything ever written, in order."""
        self.current: dict[Key, Revision] = {}
        """The latest revision of each record that is not deleted, by kind and id."""
        self._latest: dict[Key, Revision] = {}
        self._actions: dict[int, list[Revision]] = {}
        self._done: list[int] = []
        self._undone: list[int] = []

    @property
    def recovery(self) -> Recovery | None:
        """What was lost when the file was found damaged; None when it was whole."""
        return self._storage.recovery

    @property
    def broken(self) -> Break | None:
        """Where records are missing, or are not as they were written; None where all follow from one another."""
        if self._checked[0] != self.version:
            self._checked = (self.version, find_break(self.revisions))
        return self._checked[1]

    @property
    def repair(self) -> str | None:
        """One sentence where the file was damaged, lacks records or holds changed ones; None where all is well."""
        if self.recovery:
            return self.recovery.sentence
        return f"{self.path.name}: {self.broken.sentence}; `blindspot verify` says more." if self.broken else None

    def refresh(self) -> bool:
        """Read the file again if it has changed; whether it had.

        Raises:
            StoreError: the file may not be read.
        """
        identity = self._storage.identity()
        if identity == self._seen:
            return False
        tables = self._storage.read() or {}
        self._reset()
        for document in sorted(tables.get(TABLE, {}).values(), key=lambda found: found["seq"]):
            self._apply(Revision(**{name: document.get(name) for name in _NAMES}))
        self._seen = identity
        self.version += 1
        return True

    @property
    def undoable(self) -> str | None:
        """What the next undo takes back, in words."""
        return self._actions[self._done[-1]][0].note if self._done else None

    @property
    def redoable(self) -> str | None:
        """What the next redo does again, in words."""
        return self._actions[self._undone[-1]][0].note if self._undone else None

    def ids(self) -> Iterable[Key]:
        """Kind and id of every record there ever was."""
        return self._latest.keys()

    def _body(self, key: Key) -> Body | None:
        return self.current[key].body if key in self.current else None

    def _apply(self, revision: Revision) -> None:
        key = (revision.kind, revision.id)
        self.revisions.append(revision)
        self._latest[key] = revision
        if revision.body is None:
            self.current.pop(key, None)
        else:
            self.current[key] = revision
        first = revision.action not in self._actions
        self._actions.setdefault(revision.action, []).append(revision)
        if not first or revision.cause == "final":
            return
        if revision.cause == "edit":
            self._done.append(revision.action)
            self._undone.clear()
            return
        source, target = (self._done, self._undone) if revision.cause == "undo" else (self._undone, self._done)
        if revision.answers in source:  # a damaged file may have lost it
            source.remove(revision.answers)
            target.append(revision.answers)
