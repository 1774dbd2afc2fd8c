"""Numbers of many rows: on the disk, in columns, and some rows at a time where they are compared."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from pathlib import Path
from tempfile import TemporaryFile, gettempdir
from typing import TYPE_CHECKING, Any

from engine.paths import in_words

if TYPE_CHECKING:
    from numpy import ndarray

AT_ONCE = 100_000  # rows whose numbers are compared at a time: some 30 bytes a row


class NumberColumns:
    """Numbers of rows in a file that goes with this object: in memory is only what is read.

    Rows are added in blocks, and a block has its columns one behind the other.

    Args:
        kinds: of each column numpy's name of the type, such as ``u4``, or ``(32,)u1``.

    Raises:
        FileError: the file cannot be written.
    """

    def __init__(self, **kinds: str) -> None:
        import numpy as np

        self._kinds = {name: np.dtype(kind) for name, kind in kinds.items()}
        sizes = [kind.itemsize for kind in self._kinds.values()]
        self._row, self._before = sum(sizes), dict(zip(kinds, accumulate(sizes, initial=0), strict=False))
        self._firsts = [0]
        with in_words(Path(gettempdir()), "written"):
            self._file = TemporaryFile()  # noqa: SIM115 - closed with this object

    def __len__(self) -> int:
        return self._firsts[-1]

    def add(self, **columns: Any) -> None:
        """Add rows: an array, or what numpy makes one of, for each column.

        Raises:
            FileError: as for the whole.
        """
        import numpy as np

        with in_words(Path(gettempdir()), "written"):
            for name, kind in self._kinds.items():
                self._file.write(np.asarray(columns[name], kind.base).tobytes())
            self._file.flush()
        self._firsts.append(len(self) + len(columns[name]))

    def read(self, name: str, places: Sequence[int] | ndarray[Any, Any] | None = None) -> ndarray[Any, Any]:
        """A column, ``(n,)`` or ``(n, width)``: of all rows, or of those in some places in any order."""
        import numpy as np

        if places is None:
            found = np.empty(len(self), self._kinds[name])
            for block, (first, end) in enumerate(pairwise(self._firsts)):
                found[first:end] = self._block(name, block)
            return found
        found = np.empty(len(places), self._kinds[name])
        for at in range(0, len(places), AT_ONCE):
            some = np.asarray(places[at : at + AT_ONCE])
            order = np.argsort(some, kind="stable")
            bounds = np.searchsorted(some, self._firsts, sorter=order)
            for block in np.flatnonzero(np.diff(bounds)).tolist():
                there = order[bounds[block] : bounds[block + 1]]
                found[at + there] = self._block(name, block)[some[there] - self._firsts[block]]
        return found

    def _block(self, name: str, block: int) -> ndarray[Any, Any]:
        import numpy as np

        first, end = self._firsts[block : block + 2]
        kind, start = self._kinds[name], self._row * first + self._before[name] * (end - first)
        return np.frombuffer(os.pread(self._file.fileno(), kind.itemsize * (end - first), start), kind)


def alike_together(values: ndarray[Any, Any]) -> Iterator[ndarray[Any, Any]]:
    """The places of some hashes, ``(n,)``, about `AT_ONCE` at a time: those of equal ones together, in their order."""
    import numpy as np

    parts = len(values) // AT_ONCE + 1
    for part in range(parts):
        yield np.flatnonzero(values % parts == part)


def first_alike(values: ndarray[Any, Any]) -> ndarray[Any, Any]:
    """For each of some hashes, ``(n,)``, the place of the first that equals it, int32 ``(n,)``."""
    import numpy as np

    first = np.arange(len(values), dtype=np.int32)
    for places in alike_together(values):
        order = np.argsort(values[places], kind="stable")
        places = places[order]
        ordered = values[places]
        again = np.flatnonzero(ordered[1:] == ordered[:-1]) + 1
        first[places[again]] = places[np.searchsorted(ordered, ordered[again])]
    return first


def places_among(values: ndarray[Any, Any], wanted: ndarray[Any, Any]) -> ndarray[Any, Any]:
    """For each of ``wanted``, ``(n,)``, the place of a value that equals it, -1 if there is none: int32 ``(n,)``."""
    import numpy as np

    found = np.full(len(wanted), -1, np.int32)
    if not len(values):
        return found
    order = np.argsort(values).astype(np.int32)
    ordered = values[order]
    for at in range(0, len(wanted), AT_ONCE):
        some = wanted[at : at + AT_ONCE]
        near = np.minimum(np.searchsorted(ordered, some), len(ordered) - 1)
        hits = np.flatnonzero(ordered[near] == some)
        found[at + hits] = order[near[hits]]
    return found
