"""The rows of a very large discovery, in a file of their own: each is read when it is asked for. Light.

A line is ``[prediction, neighbours, place on the map, characters read]``, the last three null where there are none.
Beside it lies where each line begins, by a hash of the row's id.
"""

from __future__ import annotations

import os
import re
import sys
import weakref
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any, TypeVar

import orjson

from engine.errors import ProjectError
from engine.files import lines_of_file, open_read, read_bytes, replacing, sha256_file
from engine.schema import Discovery, Prediction, RowsFile
from engine.shapes import WrongShape, fit

IN_ONE_FILE = 5_000
"""Rows that a discovery holds itself: 2 MB of JSON, 10 MB in memory. Opening one of 160,000 took 2.5 s and 240 MB."""

_HINT = "delete discovery.json beside it and run `blindspot discover` again"
_NAME = re.compile(r"rows-[0-9a-f]{16}\.jsonl")
_REMEMBERED = 1_000  # rows: those on the screen, with their neighbours
_HASH = 8  # bytes of the hash of an id, and of the place of a line

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A row as a discovery shows it; ``neighbours`` and ``place`` as in `Discovery`, None where it is no UU.

    ``read_to``: None where the model reads it whole.
    """

    prediction: Prediction
    neighbours: tuple[str, ...] | None = None
    place: tuple[float, float] | None = None
    read_to: tuple[int, ...] | None = None


def in_memory(rows: Iterable[ShownRow]) -> dict[str, Any]:
    """The fields of a `Discovery` that holds these rows itself."""
    every = list(rows)
    return {
        "predictions": {row.prediction.id: row.prediction for row in every},
        "neighbours": {row.prediction.id: row.neighbours for row in every if row.neighbours is not None},
        "projection": {row.prediction.id: row.place for row in every if row.place is not None},
        "read_to": {row.prediction.id: row.read_to for row in every if row.read_to is not None},
    }


def write_shown_rows(folder: Path, key: str, rows: Iterable[ShownRow]) -> RowsFile:
    """Write rows beside the discovery with that key.

    Raises:
        FileError: they cannot be written.
    """
    path, place, counts = folder / f"rows-{key}.jsonl", 0, [0, 0, 0, 0]
    begins: list[tuple[int, int]] = []
    with replacing(path) as out:
        for row in rows:
            values = (row.prediction, row.neighbours, row.place, row.read_to)
            line = orjson.dumps(values) + b"\n"
            begins.append((_hash(row.prediction.id), place))
            place += len(line)
            counts = [count + (value is not None) for count, value in zip(counts, values, strict=True)]
            out.write(line)
    begins.sort()
    index = array("Q", [number for pair in zip(*begins, strict=True) for number in pair])
    if sys.byteorder == "big":
        index.byteswap()
    with replacing(_index(path)) as out:
        out.write(index.tobytes())
    return RowsFile(path.name, sha256_file(path), sha256_file(_index(path)), tuple(counts))


def with_shown_rows(found: Discovery, folder: Path) -> Discovery:
    """A discovery that was read from a folder with the rows that lie beside it.

    Raises:
        ProjectError: they are not there, or are not those that it was written with.
    """
    if found.rows_file is None:
        return found
    rows = _ShownRows(folder, found.rows_file)
    try:
        predictions, neighbours, places, read_to = found.rows_file.counts
    except ValueError:
        raise rows.damaged() from None
    return replace(
        found,
        predictions=_Column(rows, 0, predictions, Prediction.from_json),
        neighbours=_Column(rows, 1, neighbours, lambda value: fit(value, tuple[str, ...])),
        projection=_Column(rows, 2, places, lambda value: fit(value, tuple[float, float])),
        read_to=_Column(rows, 3, read_to, lambda value: fit(value, tuple[int, ...])),
    )


class _ShownRows:
    """The lines of the file, by the ids of their rows."""

    def __init__(self, folder: Path, named: RowsFile) -> None:
        if not _NAME.fullmatch(named.name):
            raise ProjectError("this is no file of its rows", where=f"{folder / 'discovery.json'}: {named.name}")
        self._path = folder / named.name
        for path, sha256 in ((self._path, named.sha256), (_index(self._path), named.index_sha256)):
            if not path.is_file():
                raise ProjectError("rows of the discovery are missing", where=str(path), hint=_HINT)
            if sha256_file(path) != sha256:
                raise ProjectError("this file has changed since the discovery", where=str(path), hint=_HINT)
        self._index = array("Q")
        self._index.frombytes(read_bytes(_index(self._path)))
        if sys.byteorder == "big":
            self._index.byteswap()
        self._count = len(self._index) // 2
        self._remembered: dict[str, list[Any] | None] = {}
        opened = open_read(self._path)
        self._descriptor, self._size = opened.fileno(), self._path.stat().st_size
        weakref.finalize(self, opened.close)

    def find(self, name: str) -> list[Any] | None:
        """The line of a row; None: there is none."""
        if name not in self._remembered:
            self._remember(name, self._find(name))
        return self._remembered[name]

    def all(self) -> Iterator[tuple[str, list[Any]]]:
        """All lines with the ids of their rows, in the order of the file."""
        for data in lines_of_file(self._path):
            line = self._line(data)
            name = line[0]["id"]
            self._remember(name, line)
            yield name, line

    def damaged(self) -> ProjectError:
        """What is said where a line is not what it should be."""
        return ProjectError("this file is damaged", where=str(self._path), hint=_HINT)

    def _find(self, name: str) -> list[Any] | None:
        wanted = _hash(name)
        at = bisect_left(self._index, wanted, 0, self._count)
        while at < self._count and self._index[at] == wanted:
            begin = self._index[self._count + at]
            line = self._line(self._read(begin))
            if line[0]["id"] == name:
                return line
            at += 1
        return None

    def _read(self, begin: int) -> bytes:
        data, more = b"", 1 << 12
        while not data.endswith(b"\n") and begin + len(data) < self._size:
            data += os.pread(self._descriptor, more, begin + len(data))
            if end := data.find(b"\n") + 1:
                return data[:end]
        raise self.damaged()

    def _line(self, data: bytes) -> list[Any]:
        try:
            line = orjson.loads(data)
            if len(line) == 4 and isinstance(line[0]["id"], str):
                return list(line)
        except (ValueError, LookupError, TypeError):
            pass
        raise self.damaged()

    def _remember(self, name: str, line: list[Any] | None) -> None:
        if len(self._remembered) >= _REMEMBERED:
            self._remembered.clear()
        self._remembered[name] = line


class _Column(Mapping[str, V]):
    """What lines hold in one place, by row id; rows that have nothing there are not in it."""

    def __init__(self, rows: _ShownRows, place: int, count: int, read: Callable[[Any], V]) -> None:
        self._rows, self._place, self._count, self._read = rows, place, count, read

    def __getitem__(self, name: str) -> V:
        line = self._rows.find(name)
        if line is None or line[self._place] is None:
            raise KeyError(name)
        try:
            return self._read(line[self._place])
        except WrongShape as error:
            raise self._rows.damaged() from error

    def __iter__(self) -> Iterator[str]:
        left = self._count
        for name, line in self._rows.all() if left else ():
            if line[self._place] is not None:
                yield name
                left -= 1
                if not left:
                    return

    def __len__(self) -> int:
        return self._count


def _index(path: Path) -> Path:
    return path.with_suffix(".index")


def _hash(name: str) -> int:
    return int.from_bytes(blake2b(name.encode(), digest_size=_HASH).digest(), "little")
