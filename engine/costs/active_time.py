"""How long a person was at work on what: one line a stretch, appended to a file of their own.

Time is the sum of the gaps between keys, each counted up to `cost.idle_after`; while the terminal has no focus none
passes. There is no timer: the time so far is written with a later key, at a change of the task, and at the end.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import orjson

from engine.errors import FileError, StoreError
from engine.files import append_line, find_files, read_lines
from engine.schema import Record

Task = Literal["read", "teach", "review"]
ActiveTask = tuple[Task, str]
"""A task, and the blind spot that it is about; empty where it is about none."""

TASKS: tuple[Task, ...] = get_args(Task)
_WRITE_AFTER = 10.0  # seconds: as much as a kill may lose


@dataclass(frozen=True, slots=True)
class ActiveSpell(Record):
    """A stretch of active work.

    Attributes:
        time: seconds since the epoch at its end. seconds: active ones.
        author: the person. task: reading evidence, teaching (writing), or reviewing. blind_spot: empty if about none.
    """

    time: float
    author: str
    task: Task
    blind_spot: str
    seconds: float


class Clock:
    """Counts the active time of one person at one terminal.

    Args:
        path: their file; made on the first write.
        author: their name, as in their records.
        idle_after: the longest gap between two keys that counts as work, in seconds.
        now: seconds of a clock that never goes back.
    """

    def __init__(
        self, path: Path, author: str, *, idle_after: float, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._path = path
        self._author = author
        self._idle_after = idle_after
        self._now = now
        self._last: float | None = None
        self._work: ActiveTask | None = None
        self._seconds = 0.0

    def key(self, work: ActiveTask | None) -> None:
        """A key was pressed; until then the person was at this work, or at none that is paid.

        Raises:
            StoreError: the time cannot be written.
        """
        self._count(work)
        self._last = self._now()

    def pause(self, work: ActiveTask | None) -> None:
        """The terminal has lost the focus.

        Raises:
            StoreError: the time cannot be written.
        """
        self._count(work)
        self._last = None

    def resume(self) -> None:
        """The terminal has the focus again."""
        self._last = self._now()

    def save(self) -> None:
        """Write what has come together.

        Raises:
            StoreError: it cannot be written.
        """
        if self._work is not None and self._seconds > 0:
            task, blind_spot = self._work
            spell = ActiveSpell(round(time.time(), 3), self._author, task, blind_spot, round(self._seconds, 2))
            self._seconds = 0.0
            _append(self._path, spell)

    def _count(self, work: ActiveTask | None) -> None:
        if work != self._work:
            self.save()
            self._work, self._seconds = work, 0.0
        if self._last is not None and work is not None:
            self._seconds += min(self._now() - self._last, self._idle_after)
        if self._seconds >= _WRITE_AFTER:
            self.save()


def _append(path: Path, spell: ActiveSpell) -> None:
    """One whole line in one call, so that two terminals of one person may write at once."""
    try:
        append_line(path, orjson.dumps(spell.as_json()))
    except FileError as error:
        what = f"your active time cannot be written ({error.reason}) to {path}"
        raise StoreError(what, hint="free disk space, or give yourself permission") from error


def read_spells(folder: Path) -> Iterator[ActiveSpell]:
    """The stretches of all people, by file, each file's oldest first; a torn line is passed over."""
    for path in find_files(folder, "*.jsonl"):
        for line in read_lines(path):
            try:
                yield ActiveSpell.from_json(orjson.loads(line))
            except ValueError:
                continue
