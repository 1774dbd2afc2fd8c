"""Rows on the disk, numbers of each too: of a row 4 bytes are in memory, so that a file may have a million."""

from __future__ import annotations

import os
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from engine.data.duplicates import Halves, normalised
from engine.data.reading import place_in
from engine.data.row_hashes import as_bytes
from engine.files import lines_of_file, open_read, replacing
from engine.row_numbers import NumberColumns
from engine.schema import UNLABELLED, Example
from engine.text import row_hash

if TYPE_CHECKING:
    from numpy import ndarray

_KINDS = {"lines": "u4", "starts": "i8", "sizes": "u4", "hashes": "u8", "ids": "i8", "labels": "i4"}
AT_ONCE = 10_000  # rows whose numbers are Python's at a time
_BLOCK = 250_000  # characters of texts handed out at a time: what is made of them takes some 15 MB


@dataclass(frozen=True, slots=True)
class RowStore:
    """Rows of a file of JSON lines with id, text, label and, for pairs, text_pair; they are read when needed.

    Attributes:
        file: where the rows lie.
        source: the user's file that they came from.
        names: all labels.
        numbers: of the rows of the file. places: which of them are these rows, uint32 ``(n,)``, which ascend.
    """

    file: Path
    source: Path
    names: tuple[str, ...]
    numbers: NumberColumns
    places: ndarray[Any, Any]

    @classmethod
    def write(cls, file: Path, rows: Iterable[tuple[int, Example]], source: Path) -> RowStore:
        """Write rows, each with its line in their source, to a new file.

        Raises:
            FileError: it cannot be written there. What the rows raise passes through.
        """
        taken = _Taken()
        with replacing(file) as out:
            for line, row in rows:
                written = _as_line(row)
                out.write(written)
                taken.add(row, line, len(written))
        return taken.store(file, source)

    @classmethod
    def read(cls, file: Path, size: int | None = None) -> RowStore:
        """The rows of a split of a project, or of so many bytes of it.

        Raises:
            FileError: it cannot be read. ValueError, LookupError, TypeError: a line is no row.
        """
        taken = _Taken()
        for number, line in enumerate(lines_of_file(file, size), start=1):
            taken.add(Example.from_json(orjson.loads(line)), number, len(line))
        return taken.store(file, file)

    def __len__(self) -> int:
        return len(self.places)

    def read_numbers(self, name: str, places: Sequence[int] | ndarray[Any, Any] | None = None) -> ndarray[Any, Any]:
        """A number of all rows, or of those in these places, ``(n,)``: what the properties have by that name."""
        import numpy as np

        return self.numbers.read(name, self.places if places is None else self.places[np.asarray(places, np.int64)])

    @property
    def lines(self) -> ndarray[Any, Any]:
        """The line (row, for Parquet) of each row in its source, int ``(n,)``; read anew each time, as all numbers."""
        return self.read_numbers("lines")

    @property
    def sizes(self) -> ndarray[Any, Any]:
        """Bytes of each row in the file, int ``(n,)``."""
        return self.read_numbers("sizes")

    @property
    def hashes(self) -> ndarray[Any, Any]:
        """Of the texts (`row_hash`), uint64 ``(n,)``."""
        return self.read_numbers("hashes")

    @property
    def ids(self) -> ndarray[Any, Any]:
        """Hashes of the ids, in this process alone, int ``(n,)``."""
        return self.read_numbers("ids")

    @property
    def labels(self) -> ndarray[Any, Any]:
        """For each row the place of its label among the names, int ``(n,)``."""
        return self.read_numbers("labels")

    def take(self, places: ndarray[Any, Any]) -> RowStore:
        """Those of the rows alone: their places, which ascend, or True and False for each row."""
        return replace(self, places=self.places[places])

    def where(self, place: int) -> str:
        """Place of a row for a message: file and line of its source."""
        return self.where_each([place])[0]

    def where_each(self, places: Sequence[int] | ndarray[Any, Any]) -> list[str]:
        """The same of several rows."""
        return [place_in(self.source, line) for line in self.read_numbers("lines", places).tolist()]

    def label(self, place: int) -> str:
        """The label of a row."""
        return self.names[int(self.read_numbers("labels", [place])[0])]

    def label_counts(self) -> Counter[str]:
        """Rows of each label; `UNLABELLED` is one of them."""
        import numpy as np

        counts = np.bincount(self.labels, minlength=len(self.names)).tolist()
        return +Counter(dict(zip(self.names, counts, strict=True)))

    def unlabelled(self) -> int:
        """Rows without a label."""
        return self.label_counts()[UNLABELLED]

    def hash_bytes(self) -> bytes:
        """The hashes as they lie in a split's file of them (`engine.data.row_hashes`)."""
        return as_bytes(array("Q", self.hashes.tobytes()))

    def raw(self, places: Sequence[int] | None = None) -> Iterator[bytes]:
        """The lines of all rows, or of those in these places, as they lie in the file."""
        wanted = range(len(self)) if places is None else places
        with open_read(self.file) as source:
            for at in range(0, len(wanted), AT_ONCE):
                some = wanted[at : at + AT_ONCE]
                starts, sizes = (self.read_numbers(name, some).tolist() for name in ("starts", "sizes"))
                for start, size in zip(starts, sizes, strict=True):
                    yield os.pread(source.fileno(), size, start)

    def examples(self, places: Sequence[int] | None = None) -> Iterator[Example]:
        """All rows, or those in these places."""
        for line in self.raw(places):
            yield Example.from_json(orjson.loads(line))

    def blocks(self) -> Iterator[list[Halves]]:
        """The normalised texts of all rows in their order, some at a time."""
        block, size = list[Halves](), 0
        for row in self.examples():
            block.append(normalised(row.text, row.text_pair))
            size += len(row.text) + len(row.text_pair or "")
            if size >= _BLOCK:
                yield block
                block, size = [], 0
        if block:
            yield block

    def hashes_of_halves(self) -> ndarray[Any, Any] | None:
        """Of the two texts of pairs, in this process alone, int ``(n, 2)``; None for single texts."""
        if not len(self) or next(self.examples([0])).text_pair is None:
            return None
        halves = NumberColumns(halves="(2,)i8")
        for block in self.blocks():
            halves.add(halves=[[hash(half) for half in row] for row in block])
        return halves.read("halves")

    def at(self, places: Sequence[int]) -> list[Halves]:
        """The normalised texts of the rows in these places."""
        return [normalised(row.text, row.text_pair) for row in self.examples(places)]


class _Taken:
    """The numbers of the rows so far."""

    def __init__(self) -> None:
        self._numbers = NumberColumns(**_KINDS)
        self._some = list[tuple[int, ...]]()
        self._names: dict[str, int] = {}
        self._end = 0

    def add(self, row: Example, line: int, size: int) -> None:
        label = self._names.setdefault(row.label, len(self._names))
        self._some.append((line, self._end, size, int(row_hash(row.text, row.text_pair), 16), hash(row.id), label))
        self._end += size
        if len(self._some) == AT_ONCE:
            self._keep()

    def store(self, file: Path, source: Path) -> RowStore:
        import numpy as np

        self._keep()
        places = np.arange(len(self._numbers), dtype=np.uint32)
        return RowStore(file, source, tuple(self._names), self._numbers, places)

    def _keep(self) -> None:
        if self._some:
            self._numbers.add(**dict(zip(_KINDS, zip(*self._some, strict=True), strict=True)))
            self._some.clear()


def _as_line(row: Example) -> bytes:
    values = {"id": row.id, "text": row.text, "label": row.label}
    return orjson.dumps(values if row.text_pair is None else values | {"text_pair": row.text_pair}) + b"\n"
