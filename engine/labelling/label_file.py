"""The file that labels are saved to, one row each, as CSV or JSON lines: at every label, on the disk before it returns.

The file is all there is: whoever opens it again goes on from it, and it can be used at any moment. A new label is a
line at its end; a change of an older one writes the file anew, whole or not at all. A line that a crash has cut off was
never acknowledged, and is left out.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timezone
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson

from engine.errors import FileError, StoreError
from engine.files import append_line, read_bytes, remove, truncate, write_atomic
from engine.labelling.answers import Answer
from engine.labelling.texts import TextRow
from engine.locks import acquire

ENDINGS = (".csv", ".jsonl")


@dataclass(frozen=True, slots=True)
class FileLabel:
    """What one person said of one row.

    Attributes:
        id, text, text_pair: of the row.
        label: empty where the person is unsure.
        certainty: 3 sure, 2 likely, 1 a guess, 0 unsure.
        note: in the person's words.
        seconds: from when the row was shown until its key, without idle time.
        labeller: the person. time: when, in UTC.
    """

    id: str
    text: str
    text_pair: str | None
    label: str
    certainty: int
    note: str
    seconds: float
    labeller: str
    time: str


_FIELDS = tuple(field.name for field in fields(FileLabel))


class LabelFile:
    """Labels by the id of their row, in the order in which they were given. Close it at the end.

    Args:
        path: ends in .csv or .jsonl; made with the first label.

    Raises:
        StoreError: it is another kind of file, it is damaged, may not be written, or somebody labels into it now.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        if path.suffix.lower() not in ENDINGS:
            raise StoreError(
                f"a file of labels cannot end in {path.suffix!r}",
                where=str(path),
                hint=f"name one that ends in {' or '.join(ENDINGS)}",
            )
        self._csv = path.suffix.lower() == ".csv"
        self._lock_path = path.with_name(f".{path.name}.lock")
        try:
            lock = _acquired(self._lock_path)
        except FileError as error:
            raise self._not_written(error) from error
        if lock is None:
            raise StoreError("somebody is labelling into this file", where=str(path), hint="name another with --out")
        self._lock = lock
        self._labels: dict[str, FileLabel] = {}
        self._starts: dict[str, int] = {}
        """Where the line of each label starts, in bytes."""
        self._size = 0
        self.repaired = ""
        """A sentence, if the end of the file was cut off."""
        try:
            self._read()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def labels(self) -> dict[str, FileLabel]:
        """All labels by the id of their row, the last one last."""
        return dict(self._labels)

    def get(self, row_id: str) -> FileLabel | None:
        """The label of a row; None if it has none."""
        return self._labels.get(row_id)

    def put(self, label: FileLabel) -> None:
        """Save a label; one that the row has is replaced, in its place.

        Raises:
            StoreError: the disk is full, or the file may not be written; it stays as it was.
        """
        if label.id in self._labels:
            self._write({**self._labels, label.id: label})
            return
        line = self._line(label)
        try:
            if not self._size and self._csv:
                self._size = append_line(self._path, _row(_FIELDS), durable=True, at=0)
            start = self._size
            self._size = append_line(self._path, line, durable=True, at=start)
        except FileError as error:
            raise self._not_written(error) from error
        self._labels[label.id], self._starts[label.id] = label, start

    def drop(self, row_id: str) -> None:
        """Take the label of a row off.

        Raises:
            StoreError: as `put`.
        """
        if row_id not in self._labels:
            return
        if row_id == next(reversed(self._labels)):
            try:
                truncate(self._path, self._starts[row_id])
            except FileError as error:
                raise self._not_written(error) from error
            self._size = self._starts.pop(row_id)
            del self._labels[row_id]
        else:
            self._write({name: label for name, label in self._labels.items() if name != row_id})

    def close(self) -> None:
        """Let others label into the file."""
        if self._lock >= 0:
            remove(self._lock_path)
            os.close(self._lock)
            self._lock = -1

    def _write(self, labels: dict[str, FileLabel]) -> None:
        lines = [_row(_FIELDS) + b"\n"] if self._csv else []
        size, starts = sum(map(len, lines)), {}
        for name, label in labels.items():
            starts[name] = size
            lines.append(self._line(label) + b"\n")
            size += len(lines[-1])
        try:
            write_atomic(self._path, b"".join(lines))
        except FileError as error:
            raise self._not_written(error) from error
        self._labels, self._starts, self._size = labels, starts, size

    def _line(self, label: FileLabel) -> bytes:
        values = asdict(label)
        if self._csv:
            return _row("" if value is None else value for value in values.values())
        return orjson.dumps(values)

    def _read(self) -> None:
        try:
            self._labels, self._starts, self._size = _read(self._path)
        except FileNotFoundError:
            return
        if self._size < self._path.stat().st_size:
            self.repaired = f"The last line of {self._path.name} was cut off by a crash and is left out."

    def _not_written(self, error: FileError) -> StoreError:
        return StoreError(
            f"the file of labels cannot be written ({error.reason})",
            where=str(self._path),
            hint="free disk space, or name another with --out",
        )


class FileAnswers:
    """A file of labels as the place of one person's answers.

    Args:
        file: takes them.
        labeller: the person.
    """

    def __init__(self, file: LabelFile, labeller: str) -> None:
        self._file = file
        self._labeller = labeller

    def get(self, row_id: str) -> Answer | None:
        """The answer to a row; None if there is none."""
        given = self._file.get(row_id)
        return None if given is None else Answer(given.label, given.certainty, given.note, given.seconds)

    def put(self, row: TextRow, answer: Answer) -> None:
        """Keep an answer.

        Raises:
            StoreError: as `LabelFile.put`.
        """
        moment = datetime.now(timezone.utc).isoformat(timespec="seconds")
        self._file.put(
            FileLabel(
                row.id,
                row.text,
                row.text_pair,
                answer.label,
                answer.certainty,
                answer.note,
                answer.seconds,
                self._labeller,
                moment,
            )
        )

    def drop(self, row_id: str) -> None:
        """Take the answer to a row back.

        Raises:
            StoreError: as `LabelFile.drop`.
        """
        self._file.drop(row_id)


def _acquired(path: Path) -> int | None:
    """The lock; one whose file was taken away by its last holder meanwhile would keep nobody out."""
    while (lock := acquire(path)) is not None:
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(lock), path.stat()):
                return lock
        os.close(lock)
    return None


def read_labels(path: Path) -> dict[str, FileLabel]:
    """The labels of a file as they are now, by the id of their row; somebody may be labelling into it.

    Raises:
        StoreError: it is not there, cannot be read, or is another kind of file.
    """
    try:
        return _read(path)[0]
    except FileNotFoundError:
        raise StoreError("there is no such file", where=str(path), hint="name a file of labels") from None


def _read(path: Path) -> tuple[dict[str, FileLabel], dict[str, int], int]:
    """Labels, where the line of each starts, and where the last whole line ends (bytes)."""
    try:
        raw = read_bytes(path)
    except FileError as error:
        raise StoreError(f"the file cannot be read ({error.reason})", where=str(path), hint="name another") from error
    labels: dict[str, FileLabel] = {}
    starts: dict[str, int] = {}
    is_csv, start = path.suffix.lower() == ".csv", 0
    whole = raw if _is_whole(raw, is_csv) else raw[: raw.rfind(b"\n") + 1]
    if raw and not whole and not raw.startswith(_row(_FIELDS)[: len(raw)] if is_csv else b'{"id":'[: len(raw)]):
        raise _foreign(f"{path}:1")  # one line without an end, of somebody's own
    for number, (values, end) in enumerate((_csv_records if is_csv else _json_records)(whole), start=1):
        if is_csv and number == 1:
            label = None
            if values != list(_FIELDS):
                raise _foreign(f"{path}:1")
        else:
            label = _label(dict(zip(_FIELDS, values, strict=False)) if is_csv else values)
            if label is None:
                raise _foreign(f"{path}, record {number}") if number == 1 else _damaged(f"{path}, record {number}")
            labels.pop(label.id, None)
            labels[label.id], starts[label.id] = label, start
        start = end
    return labels, starts, start


def _is_whole(raw: bytes, is_csv: bool) -> bool:
    """Whether no line at the end is cut off: editors leave the end of the last line out, and what they save counts."""
    if raw.endswith(b"\n"):
        return True
    last = raw[raw.rfind(b"\n") + 1 :].decode("utf-8", "replace")
    try:
        moment = last.rpartition(",")[2].strip('"') if is_csv else orjson.loads(last)["time"]
        found = datetime.fromisoformat(moment)
        return (
            found.tzinfo is not None and found.isoformat(timespec="seconds") == moment
        )  # as it was written, to the end
    except (ValueError, TypeError, KeyError):
        return False


def _foreign(where: str) -> StoreError:
    return StoreError("this is no file of labels that blindspot has written", where=where, hint="name another")


def _damaged(where: str) -> StoreError:
    hint = "mend it (is a quotation mark missing?), restore the file, or name another"
    return StoreError("this record is no label as blindspot writes them", where=where, hint=hint)


def _row(values: Any) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(values)
    return out.getvalue().encode()


def _csv_records(raw: bytes) -> Iterator[tuple[Any, int]]:
    """Each whole record of CSV with the byte at which it ends; one that is cut off at the end is passed over.

    An empty one stands for a damaged one: a quotation mark that an editor has left open takes in all records behind it.
    """
    csv.field_size_limit(2**31 - 1)
    taken = end = 0

    def lines() -> Iterator[str]:
        nonlocal taken
        for line in io.BytesIO(raw):
            taken += len(line)
            yield line.decode("utf-8-sig" if taken == len(line) else "utf-8", "replace")

    try:
        for row in csv.reader(lines(), strict=True):
            end = taken
            if row:
                yield row, taken
    except csv.Error:  # the closing quote is missing
        if any(_is_whole(line.rstrip(), is_csv=True) for line in raw[end:].splitlines()):
            yield [], len(raw)


def _json_records(raw: bytes) -> Iterator[tuple[Any, int]]:
    end = 0
    for line in io.BytesIO(raw):
        end += len(line)
        if line.strip():
            try:
                yield orjson.loads(line), end
            except orjson.JSONDecodeError:
                yield None, end


def _label(values: Any) -> FileLabel | None:
    """A label from the values of a record; None if they are none of one."""
    if not isinstance(values, dict) or not set(_FIELDS) <= set(values):
        return None
    try:
        pair = values["text_pair"]
        return FileLabel(
            id=str(values["id"]),
            text=str(values["text"]),
            text_pair=str(pair) if pair else None,
            label=str(values["label"]),
            certainty=int(values["certainty"]),
            note=str(values["note"]),
            seconds=float(values["seconds"]),
            labeller=str(values["labeller"]),
            time=str(values["time"]),
        )
    except (TypeError, ValueError):
        return None
