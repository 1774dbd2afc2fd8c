"""What an annotator has typed and not committed: replaced whole at each save, so a dropped line costs a keystroke.

Each running app has a file of its own, which it holds by a lock, so two windows of one annotator cannot overwrite each
other. What a window left, however it ended, is taken over by the next one that opens.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson

from engine.errors import FileError, StoreError
from engine.files import find_files, read_record, remove, write_atomic
from engine.locks import acquire
from engine.schema import Drafts
from engine.teaching.authors import file_stem

_TYPED = ("text", "pair", "text_pair", "wording")  # last word of the name of a field with text, rather than a choice


class OpenDrafts:
    """The drafts of one running app. To be closed, so that another one may take them over; a kill does that too.

    Args:
        folder: the project's teaching folder.
        author: the name as its owner writes it.

    Attributes:
        drafts: what the apps that are gone have left, that of the last one first where they differ.
        joined: number of fields into which two of them had typed: both texts stand there now.

    Raises:
        StoreError: the name is empty.
    """

    def __init__(self, folder: Path, author: str) -> None:
        self._folder = folder / "drafts"
        self._stem = file_stem(author)
        self._held: int | None = None
        self._path = self._file(1)
        self.joined = 0
        with suppress(FileError):  # a folder that may not be written: nothing is kept, as the first save says
            number = 1
            while (held := acquire(self._lock(self._file(number)))) is None:
                number += 1
            self._held, self._path = held, self._file(number)
        self.drafts = self._take_over()

    def save(self, drafts: Drafts) -> None:
        """Replace what is on the disk.

        Raises:
            StoreError: it cannot be written.
        """
        try:
            write_atomic(self._path, orjson.dumps(drafts.as_json()))
        except FileError as error:
            problem = f"drafts cannot be saved ({error.reason})"
            raise StoreError(problem, where=str(self._path), hint="free disk space") from error

    def close(self) -> None:
        """Let another app take over what was saved."""
        if self._held is not None:
            os.close(self._held)
            self._held = None

    def _file(self, number: int) -> Path:
        return self._folder / (f"{self._stem}.json" if number == 1 else f"{self._stem}~{number}.json")

    @staticmethod
    def _lock(path: Path) -> Path:
        return path.with_name(f".{path.stem}.lock")

    def _take_over(self) -> Drafts:
        """What stands in one's own file, and in those of apps that are gone, which are then removed."""
        locks, left = [], []
        for path in _files(self._folder, self._stem):
            if path != self._path and self._held is not None:
                with suppress(FileError):
                    if (lock := acquire(self._lock(path))) is not None:
                        locks.append(lock)
                        left.append(path)
        try:
            found, self.joined = _together([self._path, *left])
            if left:
                with suppress(StoreError):
                    self.save(found)
                    for path in left:
                        remove(path)
            return found
        finally:
            for lock in locks:
                os.close(lock)


def _files(folder: Path, stem: str) -> list[Path]:
    try:
        return [*find_files(folder, f"{stem}.json"), *find_files(folder, f"{stem}~*.json")]
    except FileError:
        return []


def _together(paths: list[Path]) -> tuple[Drafts, int]:
    """What stands in all files, and the number of fields that several have: the newest wins, and no text is dropped."""
    found = []
    for path in paths:
        with suppress(OSError, FileError):
            found.append((path.stat().st_mtime_ns, read_record(path, Drafts.from_json)))
    fields: dict[str, str] = {}
    place: dict[str, Any] = {}
    joined = 0
    for _, drafts in sorted(found, key=lambda one: one[0]):
        for name, text in drafts.fields.items():
            both = _both(name, fields.get(name, ""), text)
            joined += both not in (text, fields.get(name))
            fields[name] = both
        place = drafts.place or place
    return Drafts(fields, place), joined


def _both(name: str, older: str, newer: str) -> str:
    """A field that two apps have filled: of choices the newer one, of texts both; of a list of answers each."""
    with suppress(ValueError):
        one, other = (orjson.loads(text) for text in (older, newer))
        if isinstance(one, dict) and isinstance(other, dict):
            answers = {key: _both(key, str(one.get(key, "")), str(other.get(key, ""))) for key in {**one, **other}}
            return orjson.dumps(answers).decode()
    if not newer or older in newer:
        return newer or older
    if name.rpartition(".")[2] not in _TYPED:
        return newer
    return older if newer in older else f"{newer}\n\n{older}"
