"""A TinyDB storage that loses nothing: every write is atomic, and a damaged file gives back every whole record.

The file is ordinary JSON with one record a line. TinyDB's own storage overwrites the file in place, so a kill or a
full disk in the middle of a write leaves all of it unreadable; here a reader sees the old or the new file, and what
other causes damage (a bad disk, a half copied file) is read line by line.

Writing a large file anew for each record is slow, so records are added to a journal beside it
(`engine.teaching.journal`) until it is written whole again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from operator import eq, is_
from pathlib import Path
from typing import Any

import orjson
from tinydb.storages import Storage

from engine.counted import counted
from engine.errors import FileError, StoreError
from engine.files import append_line, identity, read_bytes, remove, write_atomic
from engine.teaching.journal import Journal, journal_lines, read_journal

Tables = dict[str, dict[str, Any]]
FileIdentity = tuple[int, int, int]
Identity = tuple[FileIdentity | None, FileIdentity | None]
WholeRecord = Callable[[str, Any], bool]

NOTHING: Identity = (None, None)
WORTH = 1 << 16  # bytes of a file from which on a journal is worth it: some 150 labels, written in 3 ms
MOST = 1_000  # lines of a journal; then the file is written whole, which costs an append 0.1 ms on average


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
        lost = [f"{counted(self.dropped, 'damaged line')} dropped"] if self.dropped else []
        lost += ["its end is missing"] if self.cut else []
        kept = f"{counted(self.kept, 'whole record')} kept"
        whole = f"{self.path.name} was damaged: {kept}, {', '.join(lost) or 'nothing lost'}"
        return f"{whole}; the damaged original is kept as {self.copy.name}." if self.copy else f"{whole}."


class AtomicStorage(Storage):
    """Keeps TinyDB's tables in one file, and what was added to a large one since in a journal beside it.

    Args:
        path: the file; made on the first write.
        table: the table that records belong to when the line that names it is damaged.
        is_whole: whether a record, given with its id, is one that was written whole; others count as damaged.
    """

    def __init__(self, path: Path, *, table: str, is_whole: WholeRecord) -> None:
        self._path = path
        self._journal = path.with_name(f"{path.stem}.journal.jsonl")
        self._table = table
        self._is_whole = is_whole
        self._tables: Tables | None = None
        self._seen: Identity = NOTHING
        self._end = 0  # bytes of the journal's finished writes
        self._lines = 0
        self._damaged: tuple[Path, ...] = ()
        self.recovery: Recovery | None = None
        """What the last read had to repair; None when the file was whole."""
        self.readings = 0
        """How often all was read anew. In between records are only added, at the end of their table."""

    def identity(self) -> Identity:
        """Of file and journal, as they are now: equal means unchanged."""
        return identity(self._path), identity(self._journal)

    @property
    def changed(self) -> bool:
        """Whether another process has written since this storage read or wrote."""
        return self.identity() != self._seen

    @property
    def has_journal(self) -> bool:
        """Whether the journal holds something, as far as this storage has read."""
        return self._lines > 0

    def read(self) -> Tables | None:
        """All tables; parsed again only when the file has changed, and of a journal that grew only what is new.

        Raises:
            StoreError: the file may not be read.
        """
        now = self.identity()
        if now != self._seen and not self._follow(now):
            self._read_all()
        return dict(self._tables) if self._tables is not None else None  # TinyDB replaces tables in what it is given

    def write(self, data: Tables) -> None:
        """Make the tables durable: in a large file to which records were added, by adding them to its journal.

        A damaged file that this storage has read is first kept under another name.

        Raises:
            StoreError: the disk is full or the folder may not be written; what was there before stays as it was.
        """
        try:
            added = self._added(data)
            if not added or not self._append(added):
                self._write_all(data)
        except FileError as error:
            raise StoreError(
                f"annotations cannot be written ({error.reason})",
                where=str(self._path),
                hint="free disk space, or give yourself permission; nothing was changed",
            ) from error
        self._tables, self._seen = data, self.identity()

    def fold(self) -> None:
        """Write the file whole and remove its journal; for who holds the lock, and has read what is there.

        Nothing happens if there is no journal, or others have written since (they do it), or it cannot be written.
        """
        if self._tables is not None and self.has_journal and not self.changed:
            with suppress(FileError):
                self._write_all(self._tables)
            self._seen = self.identity()

    def _added(self, data: Tables) -> list[tuple[str, str, Any]]:
        """Table, id and record of what was added; nothing where that is not all, or is more than a journal takes."""
        base, old = self._seen[0], self._tables
        unmended = self.recovery and not self.recovery.copy
        if old is None or unmended or base is None or base[2] < WORTH or self.changed:
            return []
        if not all(name in data and _begins_with(data[name], records) for name, records in old.items()):
            return []
        added = [
            (name, key, record)
            for name, records in data.items()
            for key, record in islice(records.items(), len(old.get(name, ())), None)
        ]
        return added if self._lines + len(added) <= MOST else []

    def _append(self, added: list[tuple[str, str, Any]]) -> bool:
        lines = journal_lines(added)
        try:
            self._end = append_line(self._journal, lines, durable=True, at=self._end)
        except FileError:  # it is another person's, say: the file itself may still be replaced
            return False
        self._lines += len(added)
        return True

    def _write_all(self, data: Tables) -> None:
        if self.recovery and not self.recovery.copy:
            self.recovery = self._keep_damaged(self.recovery)
        write_atomic(self._path, b"\n".join(_lines(data)))
        self._end = self._lines = 0
        with suppress(FileError):  # what stays of it is in the file, and counts once
            remove(self._journal)

    def _keep_damaged(self, found: Recovery) -> Recovery:
        copies = {}
        for path in self._damaged:
            number = 1
            while (copy := path.with_name(f"{path.name}.damaged-{number}")).exists():
                number += 1
            write_atomic(copy, read_bytes(path))
            copies[path] = copy
        return replace(found, copy=copies[found.path])

    def _follow(self, now: Identity) -> bool:
        """Take in what was added to the journal; False where more than that has happened."""
        (base, journal), (base_before, before) = now, self._seen
        if self._tables is None or self.recovery or base != base_before or journal is None:
            return False
        if before and (before[0] != journal[0] or journal[2] <= self._end):
            return False
        try:
            raw = read_bytes(self._journal)[: journal[2]]
        except (FileNotFoundError, FileError):
            return False
        found = read_journal(raw[self._end :])
        if identity(self._path) != base:
            return False
        _, dropped, misplaced = self._merge(self._tables, found)
        if dropped or misplaced:
            return False
        self._seen, self._end, self._lines = now, self._end + found.end, self._lines + len(found.lines)
        return True

    def _read_all(self) -> None:
        now, raw, lines = self._raw()
        journal = read_journal(lines)
        tables, recovery = self._parse(raw) if now[0] else ({self._table: {}}, None)
        kept, dropped, misplaced = self._merge(tables, journal)
        odd = bool(dropped or misplaced)
        self._damaged = (*[self._path] * (recovery is not None), *[self._journal] * odd)
        if recovery:
            recovery = replace(recovery, kept=recovery.kept + kept, dropped=recovery.dropped + dropped)
        elif odd:
            recovery = Recovery(self._journal, kept, dropped, cut=False)
        self._tables, self.recovery = None if now == NOTHING else tables, recovery
        self._seen, self._end, self._lines = now, journal.end, len(journal.lines)
        self.readings += 1

    def _merge(self, tables: Tables, journal: Journal) -> tuple[int, int, bool]:
        """Add the records of a journal to their tables: lines kept and dropped, and whether one was out of its place.

        A line whose record is in the file already was folded into it before a kill kept the journal from going.
        """
        kept, dropped, misplaced = 0, journal.damaged, False
        for line in journal.lines:
            records = tables.setdefault(line.table, {})
            whole = line.id.isdecimal() and self._is_whole(line.id, line.record)
            if not whole or records.get(line.id, line.record) != line.record:
                dropped += 1
                continue
            kept += 1
            if line.id not in records:
                misplaced = misplaced or int(line.id) < int(next(reversed(records), "0"))
                records[line.id] = line.record
        return kept, dropped, misplaced

    def _raw(self) -> tuple[Identity, bytes, bytes]:
        """The bytes of file and journal at one moment, though another process may fold one into the other now."""
        while True:
            now = self.identity()
            try:
                raw = read_bytes(self._path) if now[0] else b""
                journal = read_bytes(self._journal)[: now[1][2]] if now[1] else b""
            except (FileNotFoundError, FileError) as error:
                if self.identity() != now:
                    continue
                reason, where = (
                    (error.reason, error.where) if isinstance(error, FileError) else (error.strerror, str(self._path))
                )
                raise StoreError(
                    f"annotations cannot be read ({reason})",
                    where=where,
                    hint="give yourself permission to read the file",
                ) from error
            if identity(self._path) == now[0]:
                return now, raw, journal

    def _parse(self, raw: bytes) -> tuple[Tables, Recovery | None]:
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


def _begins_with(records: dict[str, Any], old: dict[str, Any]) -> bool:
    """Whether the first records are the old ones: the same objects, as they are never changed in place."""
    return len(records) >= len(old) and all(map(eq, old, records)) and all(map(is_, old.values(), records.values()))


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
