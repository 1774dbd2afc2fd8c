"""A TinyDB storage that loses nothing: every write is atomic, and a damaged file gives back every whole record.

The file is ordinary JSON with one record a line. TinyDB's own storage overwrites the file in place, so a kill or a
full disk in the middle of a write leaves all of it unreadable; here a reader sees the old or the new file, and what
other causes damage (a bad disk, a half copied file) is read line by line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from tinydb.storages import Storage

from engine.errors import FileError, StoreError
from engine.files import identity, read_bytes, write_atomic

Tables = dict[str, dict[str, Any]]
Identity = tuple[int, int, int]
WholeRecord = Callable[[str, Any], bool]


@dataclass(frozen=True, slots=True)
class Recovery:
    """What opening a damaged file saved and lost.

    Attributes:
        path: the file. kept: whole records. dropped: lines that were not whole records.
        cut: the file stopped before its end, so records may be missing without a trace.
        copy: where the damaged original is kept; None until the file is written again.
    """

    path: Path
    kept: int
    dropped: int
    cut: bool
    copy: Path | None = None

    @property
    def sentence(self) -> str:
        """One sentence for the annotator."""
        lost = [f"{self.dropped} damaged line{'s' * (self.dropped != 1)} dropped"] if self.dropped else []
        lost += ["its end is missing"] if self.cut else []
        kept = f"{self.kept} whole record{'s' * (self.kept != 1)} kept"
        whole = f"{self.path.name} was damaged: {kept}, {', '.join(lost) or 'nothing lost'}"
        return f"{whole}; the damaged original is kept as {self.copy.name}." if self.copy else f"{whole}."


class AtomicStorage(Storage):
    """Keeps TinyDB's tables in one file.

    Args:
        path: the file; made on the first write.
        table: the table that records belong to when the line that names it is damaged.
        is_whole: whether a record, given with its id, is one that was written whole; others count as damaged.
    """

    def __init__(self, path: Path, *, table: str, is_whole: WholeRecord) -> None:
        self._path = path
        self._table = table
        self._is_whole = is_whole
        self._tables: Tables | None = None
        self._seen: Identity | None = None
        self.recovery: Recovery | None = None
        """What the last read had to repair; None when the file was whole."""

    def identity(self) -> Identity | None:
        """Inode, time of change (ns) and size of the file as it is now: equal means unchanged. None: no file."""
        return identity(self._path)

    def read(self) -> Tables | None:
        """All tables; parsed again only when the file has changed.

        Raises:
            StoreError: the file may not be read.
        """
        now = self.identity()
        if now != self._seen:
            self._tables, self.recovery = self._parse() if now else (None, None)
            self._seen = now
        return dict(self._tables) if self._tables is not None else None  # TinyDB replaces tables in what it is given

    def write(self, data: Tables) -> None:
        """Replace the file. A damaged one that this storage has read is first kept under another name.

        Raises:
            StoreError: the disk is full or the folder may not be written; the old file stays as it was.
        """
        try:
            if self.recovery and not self.recovery.copy:
                self.recovery = self._keep_damaged(self.recovery)
            write_atomic(self._path, b"\n".join(_lines(data)))
        except FileError as error:
            raise StoreError(f"annotations cannot be written ({error.reason})", where=str(self._path),
                             mend="make room, or give yourself the right; nothing was changed") from error  # fmt: skip
        self._tables, self._seen = data, self.identity()

    def _keep_damaged(self, found: Recovery) -> Recovery:
        number = 1
        while (copy := self._path.with_name(f"{self._path.name}.damaged-{number}")).exists():
            number += 1
        write_atomic(copy, read_bytes(self._path))
        return Recovery(found.path, found.kept, found.dropped, found.cut, copy)

    def _parse(self) -> tuple[Tables, Recovery | None]:
        try:
            raw = read_bytes(self._path)
        except (FileNotFoundError, FileError) as error:
            reason = error.reason if isinstance(error, FileError) else error.strerror
            raise StoreError(f"annotations cannot be read ({reason})", where=str(self._path),
                             mend="give yourself the right to read the file") from error  # fmt: skip
        try:
            tables, dropped, cut = orjson.loads(raw), 0, False
            damaged = not _is_tables(tables)
        except orjson.JSONDecodeError:
            damaged = True
        if damaged:
            tables, dropped, cut = _salvage(raw, self._table)
        kept = 0
        for name, records in tables.items():
            whole = {key: record for key, record in records.items() if key.isdecimal() and self._is_whole(key, record)}
            kept += len(whole)
            dropped += len(records) - len(whole)
            tables[name] = whole
        return tables, Recovery(self._path, kept, dropped, cut) if damaged or dropped else None


def _lines(data: Tables) -> Iterator[bytes]:
    """The file line by line: one record a line, each table opened and closed by a line of its own."""
    yield b"{"
    for place, (name, records) in enumerate(data.items(), start=1):
        yield orjson.dumps(name) + b": {"
        lines = [orjson.dumps(key) + b": " + orjson.dumps(record) for key, record in records.items()]
        if lines:
            yield b",\n".join(lines)
        yield b"}," if place < len(data) else b"}"
    yield b"}\n"


def _is_tables(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(records, dict) for records in value.values())


def _salvage(raw: bytes, table: str) -> tuple[Tables, int, bool]:
    """Every line that is a record by itself, the number of lines that are not, and whether the end is missing."""
    tables: Tables = {table: {}}
    dropped, closed = 0, False
    for line in raw.split(b"\n"):
        text = line.strip().removesuffix(b",")
        if text in (b"", b"{", b"}"):
            closed = closed or text == b"}"
            continue
        closed = False
        opening = text.endswith(b"{")
        try:
            found = orjson.loads(b"{" + text + (b"}" if opening else b"") + b"}")
        except orjson.JSONDecodeError:
            dropped += 1
            continue
        for name, value in found.items():
            if not opening:
                tables[table][name] = value
            elif name.isdecimal():  # a record cut right after its id, not a table
                dropped += 1
            else:
                table = name
                tables.setdefault(table, {})
    return tables, dropped, not closed
