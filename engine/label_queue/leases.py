"""Who is at work on which row, so that two people are not handed the same one. Light.

A lease is a file, made exclusively, that says until when it holds. Each key that is pressed renews it. When its time is
over anybody may take it, whether or not its process lives: a process on another machine cannot be asked. A lease
belongs to a session, so one person in two terminals is given different rows, and closing one terminal leaves the row of
the other leased. A session locks the file of its lease while it lives; if it is killed, its owner can take the row
again at once.
Clocks of machines that share a project must agree within a minute or so.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import orjson

from engine.errors import FileError, StoreError
from engine.files import content_key, create_alone, find_files, make_folder, read_record, remove
from engine.locks import acquire, holding, is_held
from engine.schema import Record

HOLDS_FOR = 300.0
"""Seconds that a lease holds without a key: a coffee, not a lunch."""
MOST = 21
"""People at work on one row at the same time: as many as `labelling.people` may be, and one for overlap."""
_RENEWED_AFTER = 20.0
_PATIENCE = 5.0


@dataclass(frozen=True, slots=True)
class Lease(Record):
    """One row in the hands of one person.

    Attributes:
        until: seconds since the epoch. session: names the session of theirs that holds it; empty in older files.
    """

    row: str
    labeller: str
    until: float
    session: str = ""


@dataclass(frozen=True, slots=True)
class _Held:
    """What this session holds: its file, what that says, and the lock on it."""

    path: Path
    lease: Lease
    lock: int | None


class Leases:
    """The leases of a project, as one session of a person takes them.

    Args:
        folder: of the leases; made with the first.
        labeller: the person.
        now: seconds since the epoch.
    """

    def __init__(self, folder: Path, labeller: str, *, now: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._labeller = labeller
        self._session = secrets.token_hex(8)
        self._now = now
        self._held: _Held | None = None

    def take(self, row_id: str, people: int) -> bool:
        """Take a row, if fewer than ``people`` others hold it, and no other living session of this person.

        What was held is given up.

        Returns:
            Whether the row is held now.

        Raises:
            StoreError: the folder may not be written, or another process has locked it for 5 s.
        """
        if self._held and self._held.lease.row == row_id and self._mine():
            self.renew()
            return True
        with self._alone():
            self._give_up()
            name = content_key(row_id)
            there = {path: self._read(path) for path in find_files(self._folder, f"{name}-*.json")}
            held = {path: one for path, one in there.items() if one is not None and one.until >= self._now()}
            own = [path for path, one in held.items() if one.labeller == self._labeller]
            if len({one.labeller for one in held.values()} - {self._labeller}) >= people or any(map(is_held, own)):
                return False
            for path in (there.keys() - held.keys()).union(own):  # over, damaged, or of a session that was killed
                remove(path)
            lease = Lease(row_id, self._labeller, self._now() + HOLDS_FOR, self._session)
            return any(self._write(self._folder / f"{name}-{place}.json", lease) for place in range(MOST))

    def renew(self) -> None:
        """The person is at work: the row that this session holds stays theirs.

        Raises:
            StoreError: as `take`.
        """
        if self._held is None or self._held.lease.until - self._now() > HOLDS_FOR - _RENEWED_AFTER:
            return
        with self._alone():
            held, still_mine = self._held, self._mine()
            self._give_up()
            if still_mine:  # else it ended, and another may have it; a label is kept all the same
                self._write(held.path, replace(held.lease, until=self._now() + HOLDS_FOR))

    def release(self) -> None:
        """Give up what this session holds.

        Raises:
            StoreError: as `take`.
        """
        if self._held is not None:
            with self._alone():
                self._give_up()

    def _write(self, path: Path, lease: Lease) -> bool:
        if not create_alone(path, orjson.dumps(lease.as_json())):
            return False
        self._held = _Held(path, lease, acquire(path))
        return True

    def _give_up(self) -> None:
        if self._held is None:
            return
        if self._mine():
            remove(self._held.path)
        if self._held.lock is not None:
            os.close(self._held.lock)
        self._held = None

    def _mine(self) -> bool:
        if self._held is None:
            return False
        there = self._read(self._held.path)
        return there is not None and (there.session, there.row) == (self._session, self._held.lease.row)

    def _read(self, path: Path) -> Lease | None:
        try:
            return read_record(path, Lease.from_json)
        except (FileNotFoundError, FileError):  # a damaged one holds nothing
            return None

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """A look and a write as one: two who find the same lease over do not both take it."""
        try:
            make_folder(self._folder)
            taken = StoreError(
                "another process holds the leases", where=str(self._folder), hint="wait a moment and try again"
            )
            with holding(self._folder / ".lock", taken, patience=_PATIENCE):
                yield
        except FileError as error:
            raise StoreError(
                f"rows cannot be reserved ({error.reason})",
                where=str(self._folder),
                hint="free disk space, or get write permission there",
            ) from error
