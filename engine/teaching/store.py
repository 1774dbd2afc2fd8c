"""One author's records as append-only revisions: what was written is never changed, so undo has no limit.

An edit, its undo and its redo are all new revisions. That is why undo works after a restart and from another process,
and why the file is its own audit trail. Only one process writes at a time, and it reads what others wrote first.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Literal

from tinydb import TinyDB
from tinydb.table import Document

from engine import __version__
from engine.errors import StoreError
from engine.schema import Record
from engine.teaching.authors import file_stem
from engine.teaching.chain import head, link
from engine.teaching.lock import PATIENCE, writing
from engine.teaching.revisions import TABLE, Body, Cause, Key, Kind, Log, Revision


@dataclass(frozen=True, slots=True)
class Reverted:
    """What an undo took back or a redo did again: the note of the action, and the revisions that did it."""

    note: str
    revisions: tuple[Revision, ...]


class Edit:
    """Changes that belong together: written as one, undone as one. Made by `Store.edit`."""

    def __init__(self, log: Log, stem: str) -> None:
        self._log = log
        self._stem = stem
        self._given: dict[str, int] = {}
        self.changes: dict[Key, Body | None] = {}
        """New body by kind and id; None: deleted."""

    def new_id(self, letter: str) -> str:
        """An id that nobody has: ``P3@ann`` is the third pattern of the author ``ann``."""
        tail = f"@{self._stem}"
        if letter not in self._given:
            ids = [record_id for _, record_id in self._log.ids() if record_id.startswith(letter)]
            numbers = [record_id[len(letter) : -len(tail)] for record_id in ids if record_id.endswith(tail)]
            self._given[letter] = max((int(number) for number in numbers if number.isdecimal()), default=0)
        self._given[letter] += 1
        return f"{letter}{self._given[letter]}{tail}"

    def put(self, kind: Kind, record_id: str, record: Record) -> None:
        """Write a record, or a new state of it."""
        self.changes[kind, record_id] = record.as_json()

    def delete(self, kind: Kind, record_id: str) -> None:
        """Delete a record.

        Raises:
            StoreError: this author has no such record.
        """
        if (kind, record_id) not in self._log.current:
            raise StoreError(f"{self._stem} has no {kind} `{record_id}`", mend="name one of your own")
        self.changes[kind, record_id] = None


class Store(Log):
    """One author's file, for reading and writing.

    Args:
        folder: the project's teaching folder.
        author: the name as its owner writes it.
        patience: seconds to wait for another process that writes the same file.

    Raises:
        StoreError: the name is empty, or the file may not be read.
    """

    def __init__(self, folder: Path, author: str, *, patience: float = PATIENCE) -> None:
        self.author = author
        self.stem = file_stem(author)
        self._lock = folder / f".{self.stem}.lock"
        self._patience = patience
        super().__init__(folder / f"{self.stem}.json")
        if self.recovery:
            self._mend()

    @contextmanager
    def edit(self, note: str, *, final: bool = False) -> Iterator[Edit]:
        """Collect changes and write them as one action when the block ends; nothing if it raises or changes nothing.

        Args:
            note: what the action does, in words: ``mark row r7 as ambiguous``.
            final: undo passes it over: for what reveals something that cannot be unseen.

        Raises:
            StoreError: another process holds the file, or it cannot be written.
        """
        with writing(self._lock, patience=self._patience):
            self.refresh()
            edit = Edit(self, self.stem)
            yield edit
            self._append(edit.changes, note, "final" if final else "edit", None)

    def undo(self) -> Reverted | None:
        """Take back the last action that is not undone; None if there is none.

        Raises:
            StoreError: another process holds the file, or it cannot be written.
        """
        return self._revert("undo")

    def redo(self) -> Reverted | None:
        """Do again what the last undo took back; None if a later edit ended that, or there was none.

        Raises:
            StoreError: another process holds the file, or it cannot be written.
        """
        return self._revert("redo")

    def _revert(self, cause: Literal["undo", "redo"]) -> Reverted | None:
        with writing(self._lock, patience=self._patience):
            self.refresh()
            stack = self._done if cause == "undo" else self._undone
            if not stack:
                return None
            action = self._actions[stack[-1]]
            if cause == "undo":
                before = {(found.kind, found.id): found.body for found in self.revisions if found.seq < action[0].seq}
                bodies = {(found.kind, found.id): before.get((found.kind, found.id)) for found in action}
            else:
                bodies = {(found.kind, found.id): found.body for found in action}
            return Reverted(action[0].note, self._append(bodies, action[0].note, cause, action[0].action))

    def _append(
        self, bodies: dict[Key, Body | None], note: str, cause: Cause, answers: int | None
    ) -> tuple[Revision, ...]:
        if cause in ("edit", "final"):
            bodies = {key: body for key, body in bodies.items() if self._body(key) != body}
        time = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        first = self.revisions[-1].seq + 1 if self.revisions else 1
        new: list[Revision] = []
        before = head(self.revisions)
        for seq, ((kind, record_id), body) in enumerate(bodies.items(), start=first):
            last = self._latest.get((kind, record_id))
            revision = Revision(
                seq=seq, id=record_id, revision=last.revision + 1 if last else 1, kind=kind, body=body,
                author=self.author, time=time, tool=__version__, action=first, note=note, cause=cause, answers=answers,
            )  # fmt: skip
            before = link(before, revision)
            new.append(replace(revision, hash=before))
        if new:
            for left in self.path.parent.glob(f".{self.path.name}.*"):
                left.unlink(missing_ok=True)  # of a process that was killed in the middle of a write
            table = TinyDB(storage=lambda: self._storage).table(TABLE)
            table.insert_multiple(Document(revision.as_json(), doc_id=revision.seq) for revision in new)
            self._seen = self._storage.identity()
            self.version += 1
            for revision in new:
                self._apply(revision)
        return tuple(new)

    def _mend(self) -> None:
        """Write the whole records of a damaged file back; the storage keeps the damaged one under another name."""
        with writing(self._lock, patience=self._patience):
            self.refresh()
            if self.recovery and not self.recovery.copy:
                self._storage.write(self._storage.read() or {TABLE: {}})
                self._seen = self._storage.identity()
