"""Rows on the disk: of each only numbers are in memory, some 40 bytes, so that a file may have a million."""

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
from engine.schema import UNLABELLED, Example
from engine.text import row_hash

if TYPE_CHECKING:
    from numpy import ndarray

_AT_ONCE = 10_000  # rows whose numbers are Python's at a time
_BLOCK = 250_000  # characters of texts handed out at a time: what is made of them takes some 15 MB


@dataclass(frozen=True, slots=True)
class RowStore:
    """Rows of a file of JSON lines with id, text, label and, for pairs, text_pair; their texts are read when needed.

    Attributes:
        file: where the rows lie.
        source: the user's file that they came from; lines: and on which line (row, for Parquet), int ``(n,)``.
        starts, sizes: where each row lies in the file, in bytes, int ``(n,)``.
        hashes: of the texts (`row_hash`), uint64 ``(n,)``. ids: of the ids, in this process alone, int ``(n,)``.
        names: all labels. labels: for each row the place of its label among them, int ``(n,)``.
    """

    file: Path
    source: Path
    lines: ndarray[Any, Any]
    starts: ndarray[Any, Any]
    sizes: ndarray[Any, Any]
    hashes: ndarray[Any, Any]
    ids: ndarray[Any, Any]
    names: tuple[str, ...]
    labels: ndarray[Any, Any]

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
        return len(self.starts)

    def take(self, places: ndarray[Any, Any]) -> RowStore:
        """Those of the rows alone: their places, which ascend, or True and False for each row."""
        return replace(
            self,
            lines=self.lines[places],
            starts=self.starts[places],
            sizes=self.sizes[places],
            hashes=self.hashes[places],
            ids=self.ids[places],
            labels=self.labels[places],
        )

    def where(self, place: int) -> str:
        """Place of a row for a message: file and line of its source."""
        return place_in(self.source, int(self.lines[place]))

    def label(self, place: int) -> str:
        """The label of a row."""
        return self.names[int(self.labels[place])]

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
        import numpy as np

        wanted = slice(None) if places is None else np.array(places, np.int64)
        starts, sizes = self.starts[wanted], self.sizes[wanted]
        with open_read(self.file) as source:
            for at in range(0, len(starts), _AT_ONCE):
                some = slice(at, at + _AT_ONCE)
                for start, size in zip(starts[some].tolist(), sizes[some].tolist(), strict=True):
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
        import numpy as np

        if not len(self) or next(self.examples([0])).text_pair is None:
            return None
        return np.concatenate([np.array([[hash(half) for half in row] for row in block]) for block in self.blocks()])

    def at(self, places: Sequence[int]) -> list[Halves]:
        """The normalised texts of the rows in these places."""
        return [normalised(row.text, row.text_pair) for row in self.examples(places)]


class _Taken:
    """The numbers of the rows so far."""

    def __init__(self) -> None:
        self._lines, self._sizes = array("I"), array("I")
        self._hashes, self._ids, self._labels = array("Q"), array("q"), array("i")
        self._names: dict[str, int] = {}

    def add(self, row: Example, line: int, size: int) -> None:
        self._lines.append(line)
        self._sizes.append(size)
        self._hashes.append(int(row_hash(row.text, row.text_pair), 16))
        self._ids.append(hash(row.id))
        self._labels.append(self._names.setdefault(row.label, len(self._names)))

    def store(self, file: Path, source: Path) -> RowStore:
        import numpy as np

        sizes = np.frombuffer(self._sizes, np.uint32)
        starts = np.cumsum(sizes, dtype=np.int64)
        starts -= sizes
        return RowStore(
            file,
            source,
            lines=np.frombuffer(self._lines, np.uint32),
            starts=starts,
            sizes=sizes,
            hashes=np.frombuffer(self._hashes, np.uint64),
            ids=np.frombuffer(self._ids, np.int64),
            names=tuple(self._names),
            labels=np.frombuffer(self._labels, np.int32),
        )


def _as_line(row: Example) -> bytes:
    values = {"id": row.id, "text": row.text, "label": row.label}
    return orjson.dumps(values if row.text_pair is None else values | {"text_pair": row.text_pair}) + b"\n"
