"""One author's records as append-only revisions: what was written is never changed, so undo reaches back to the first.

What reveals something (a decision, a judgement, the answers to a pattern test) stays, and with a decision what the
author had written on its blind spot: every way to write leads through `Store`, which refuses to change it.

An edit, its undo and its redo are all new revisions. That is why undo works after a restart and from another process,
and why the file is its own audit trail. Only one process writes at a time, and it reads what others wrote first.
"""

from __future__ import annotations

import atexit
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from tinydb.table import Document, Table

from engine import __version__
from engine.errors import StoreError
from engine.schema import Record
from engine.teaching.authors import file_stem, known_name
from engine.teaching.hash_chain import head, link
from engine.teaching.revisions import FINAL_KINDS, TABLE, Action, Body, Cause, Key, Log, RecordKind, Revision
from engine.teaching.write_lock import PATIENCE, writing

if TYPE_CHECKING:
    from engine.teaching.leaks import LeakCheck


@dataclass(frozen=True, slots=True)
class Reverted:
    """What an undo took back or a redo did again.

    Attributes:
        note: of the action. revisions: those that did it.
        stays: why a later action was passed over, as a clause; None if none was.
    """

    note: str
    revisions: tuple[Revision, ...]
    stays: str | None = None


class _Table(Table):
    """A table that keeps ids as texts, as they are in the file: turning 30,000 into numbers and back takes 35 ms."""

    document_id_class = str  # type: ignore[assignment]  # declared as int, documented as free to choose


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

    def put(self, kind: RecordKind, record_id: str, record: Record) -> None:
        """Write a record, or a new state of it."""
        self.changes[kind, record_id] = record.as_json()

    def delete(self, kind: RecordKind, record_id: str) -> None:
        """Delete a record.

        Raises:
            StoreError: this author has no such record.
        """
        if (kind, record_id) not in self._log.current:
            raise StoreError(f"{self._stem} has no {kind} `{record_id}`", hint="name one of your own")
        self.changes[kind, record_id] = None


class Store(Log):
    """One author's file, for reading and writing.

    Args:
        folder: the project's teaching folder.
        author: the name as its owner writes it; it is kept in the form of `known_name`.
        patience: seconds to wait for another process that writes the same file.
        leaks: looks through what is to be written; None: there are no proof rows to keep out.

    Raises:
        StoreError: the name is empty, or the file may not be read.
    """

    def __init__(
        self, folder: Path, author: str, *, patience: float = PATIENCE, leaks: LeakCheck | None = None
    ) -> None:
        self.leaks = leaks
        self.author = known_name(folder, author)
        self.stem = file_stem(self.author)
        self._lock = folder / f".{self.stem}.lock"
        self._patience = patience
        self._closes = False
        super().__init__(folder / f"{self.stem}.json")
        if self.recovery:
            with suppress(StoreError):  # it may only be read: what is whole of it is shown all the same
                self._mend()

    @contextmanager
    def edit(self, note: str, *, final: bool = False) -> Iterator[Edit]:
        """Collect changes and write them as one action when the block ends; nothing if it raises or changes nothing.

        Args:
            note: what the action does, in words: ``mark row r7 as ambiguous``.
            final: undo passes it over: for what reveals something that cannot be unseen.

        Raises:
            StoreError: another process holds the file, it cannot be written, it would change what is final, or it holds
                a proof row.
        """
        with writing(self._lock, patience=self._patience):
            self.refresh()
            edit = Edit(self, self.stem)
            yield edit
            self._append(edit.changes, note, "final" if final else "edit", None)

    def undo(self, within: Callable[[Action], bool] = lambda _: True) -> Reverted | None:
        """Take back the last action that is not undone and not frozen; None if there is none.

        Args:
            within: which actions are asked for, as in `Log.next_undo`.

        Raises:
            StoreError: another process holds the file, or it cannot be written.
        """
        with writing(self._lock, patience=self._patience):
            self.refresh()
            stays, found = self.stays, self.next_undo(within)
            if found is None:
                return None
            bodies = self._bodies_before(found)
            return Reverted(found.note, self._append(bodies, found.note, "undo", found.number), stays)

    def redo(self, within: Callable[[Action], bool] = lambda _: True) -> Reverted | None:
        """Do again what the last undo took back; None if a later edit ended that, or there was none.

        Args:
            within: which actions are asked for, as in `Log.next_undo`.

        Raises:
            StoreError: another process holds the file, or it cannot be written.
        """
        with writing(self._lock, patience=self._patience):
            self.refresh()
            found = self.next_redo(within)
            if found is None:
                return None
            bodies = {(one.kind, one.id): one.body for one in self._actions[found.number]}
            return Reverted(found.note, self._append(bodies, found.note, "redo", found.number))

    def close(self) -> None:
        """Make one whole file again of a large file and its journal; called when the process ends.

        Who looks into the file, copies it, or opens it with a version before there were journals finds all of it. If it
        cannot be done, or another process writes, the journal stays: nothing is lost, and a later process does it.
        """
        if self._storage.has_journal and not self._storage.changed:
            with suppress(StoreError), writing(self._lock, patience=0):
                self._storage.fold()

    def _bodies_before(self, action: Action) -> dict[Key, Body | None]:
        """What the records of an action were before it; None: not there."""
        found: dict[Key, Body | None] = {}
        wanted = {(one.kind, one.id) for one in self._actions[action.number] if one.revision > 1}
        place = bisect_left(self.revisions, action.number, key=lambda one: one.seq)
        while wanted and place:
            place -= 1
            one = self.revisions[place]
            if (key := (one.kind, one.id)) in wanted:
                wanted.remove(key)
                found[key] = one.body
        return {(one.kind, one.id): found.get((one.kind, one.id)) for one in self._actions[action.number]}

    def _append(
        self, bodies: dict[Key, Body | None], note: str, cause: Cause, answers: int | None
    ) -> tuple[Revision, ...]:
        if cause in ("edit", "final"):
            bodies = {key: body for key, body in bodies.items() if self._body(key) != body}
            self._check_final(bodies)
            for (kind, _), body in bodies.items():
                if body is not None and self.leaks is not None:
                    self.leaks.check(kind, body)
        time = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        first = self.revisions[-1].seq + 1 if self.revisions else 1
        new: list[Revision] = []
        before = head(self.revisions)
        for seq, ((kind, record_id), body) in enumerate(bodies.items(), start=first):
            last = self._latest.get((kind, record_id))
            revision = Revision(
                seq=seq,
                id=record_id,
                revision=last.revision + 1 if last else 1,
                kind=kind,
                body=body,
                author=self.author,
                time=time,
                tool=__version__,
                action=first,
                note=note,
                cause=cause,
                answers=answers,
            )
            before = link(before, revision)
            new.append(replace(revision, hash=before))
        if new:
            documents = (Document(one.as_json(), doc_id=str(one.seq)) for one in new)  # type: ignore[arg-type]
            _Table(self._storage, TABLE).insert_multiple(documents)
            if self._storage.has_journal and not self._closes:
                atexit.register(self.close)
                self._closes = True
            self.version += 1
            for revision in new:
                self._apply(revision)
        return tuple(new)

    def _check_final(self, keys: Iterable[Key]) -> None:
        """Refuse to change what is final, whoever asks."""
        for kind, record_id in keys:
            if spot := self._frozen.get((kind, record_id)):
                why = f"{self.why_frozen(spot)}, and {kind} {record_id} is part of it"
                raise StoreError(why, hint=f"write another {kind} beside it")
            if kind in FINAL_KINDS and (kind, record_id) in self._latest:
                raise StoreError(f"the {kind} is final", where=record_id, hint="leave it as it is")

    def _mend(self) -> None:
        """Write the whole records of a damaged file back; the storage keeps the damaged one under another name."""
        with writing(self._lock, patience=self._patience):
            self.refresh()
            if self.recovery and not self.recovery.copy:
                self._storage.write(self._storage.read() or {TABLE: {}})
