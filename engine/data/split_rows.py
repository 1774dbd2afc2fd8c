"""Rows of a split that stay on the disk: of each its place and its id are in memory, some 35 bytes."""

from __future__ import annotations

import os
import weakref
from array import array
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import SupportsIndex, overload

import numpy as np
import numpy.typing as npt
import orjson

from engine.arrays import Ints
from engine.files import lines_of_file, open_read
from engine.schema import Example

_PREFIX = 32  # bytes of a text that rows are sorted by; what is alike in these is read


class SplitRows(Sequence[Example]):
    """Rows in some order, each read when it is asked for: 2 us.

    Args:
        lines: the file that they lie in.
        order: (n,) which of its lines they are.
        labels: by row id labels that stand above those of the file.
    """

    def __init__(self, lines: _Lines, order: Ints, labels: Mapping[str, str]) -> None:
        self._lines, self._order, self._labels = lines, order, labels

    @classmethod
    def read(cls, file: Path, size: int | None, *, then: int | None = None, by_text: bool = False) -> SplitRows:
        """The rows of a split.

        Args:
            file: the split.
            size: of it in bytes, as its manifest says; what was added since is not read.
            then: how many rows there were at the time that is asked for; None: all.
            by_text: in an order that depends on what they say alone: by text, second text and id; else as in the file.

        Raises:
            FileNotFoundError, FileError: as `engine.files.open_read`. WrongShape: a line is no row.
        """
        lines = _Lines(file)
        return cls(lines, lines.read(size, then, by_text=by_text), {})

    def labelled(self, labels: Mapping[str, str]) -> SplitRows:
        """The same with labels of people, by row id, above those of the file."""
        return SplitRows(self._lines, self._order, labels)

    @property
    def ids(self) -> Ids:
        """(n,) the ids, without a look at the disk."""
        return Ids(self._lines.ids, self._order)

    def __len__(self) -> int:
        return len(self._order)

    @overload
    def __getitem__(self, index: SupportsIndex) -> Example: ...
    @overload
    def __getitem__(self, index: slice) -> SplitRows: ...
    def __getitem__(self, index: SupportsIndex | slice) -> Example | SplitRows:
        """One row; of a slice another view, so that a window of rows takes no memory until it is gone through."""
        if isinstance(index, slice):
            return SplitRows(self._lines, self._order[index], self._labels)
        return self._row(int(self._order[index]))

    def __iter__(self) -> Iterator[Example]:
        return map(self._row, self._order.tolist())

    def _row(self, place: int) -> Example:
        values = self._lines.values(place)
        name = values["id"]
        return Example(name, values["text"], self._labels.get(name, values["label"]), values.get("text_pair"))


class Ids(Sequence[str]):
    """Ids of rows in some order, each made when it is asked for.

    Args:
        texts: of all rows of the file.
        order: (n,) which of these they are.
    """

    def __init__(self, texts: _Texts, order: Ints) -> None:
        self._texts, self._order = texts, order

    def __len__(self) -> int:
        return len(self._order)

    @overload
    def __getitem__(self, index: SupportsIndex) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Ids: ...
    def __getitem__(self, index: SupportsIndex | slice) -> str | Ids:
        """One id, or some of them."""
        if isinstance(index, slice):
            return Ids(self._texts, self._order[index])
        return self._texts[int(self._order[index])]

    def __iter__(self) -> Iterator[str]:
        return map(self._texts.__getitem__, map(int, self._order))


class _Texts:
    """Short texts one behind the other: a Python string takes 49 bytes more."""

    def __init__(self) -> None:
        self._joined, self._ends = bytearray(), array("q", [0])

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, place: int) -> str:
        return self._joined[self._ends[place] : self._ends[place + 1]].decode()

    def append(self, text: str) -> None:
        self._joined += text.encode()
        self._ends.append(len(self._joined))


class _Lines:
    """Where the lines of a file lie. Whether each is a row is looked at once."""

    def __init__(self, file: Path) -> None:
        self.ids = _Texts()
        self._bounds = array("q", [0])
        self._file = file
        opened = open_read(file)
        self._descriptor = opened.fileno()
        weakref.finalize(self, opened.close)

    def read(self, size: int | None, then: int | None, *, by_text: bool) -> Ints:
        """Go through the file; returns its lines in the order that is asked for."""
        prefixes = bytearray()
        for line in islice(lines_of_file(self._file, size), then):
            row = Example.from_json(orjson.loads(line))
            self.ids.append(row.id)
            self._bounds.append(self._bounds[-1] + len(line))
            if by_text:
                prefixes += row.text[:_PREFIX].encode()[:_PREFIX].ljust(_PREFIX, b"\0")
        return self._by_text(np.frombuffer(prefixes, f"S{_PREFIX}")) if by_text else np.arange(len(self.ids))

    def values(self, place: int) -> dict[str, str]:
        """A line."""
        start, end = self._bounds[place : place + 2]
        found: dict[str, str] = orjson.loads(os.pread(self._descriptor, end - start, start))
        return found

    def _by_text(self, prefixes: npt.NDArray[np.bytes_]) -> Ints:
        """The lines by text, second text and id: bytes of UTF-8 are in the order of their characters."""
        order = np.argsort(prefixes, kind="stable")
        ordered = prefixes[order]
        firsts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
        sizes = np.diff(firsts, append=len(order))
        for first, size in zip(firsts[sizes > 1].tolist(), sizes[sizes > 1].tolist(), strict=True):
            order[first : first + size] = sorted(order[first : first + size].tolist(), key=self._text_key)
        return order

    def _text_key(self, place: int) -> tuple[str, str, str]:
        values = self.values(place)
        return values["text"], values.get("text_pair") or "", values["id"]
