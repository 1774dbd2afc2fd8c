"""A resumable on-disk array cache, written in windows, each array with a checksum.

While one is made it is called `<name>.partial`, beside a count of its finished rows; it gets its name when it is whole.
Beside it lies its sha256. An array without one, or that differs from it, or with a value that is not finite, is made
again: what is cached is never trusted, as a project may come from a stranger and disks fail.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from engine.errors import FileError, ModelError
from engine.files import (
    checked,
    make_file,
    open_read,
    publish,
    read_bytes,
    read_json,
    remove,
    reserve,
    sha256_file,
    write_atomic,
    write_json,
)
from engine.locks import acquire
from engine.progress import Monitor

Array = NDArray[np.float32]

_LOOKED_AT = 1 << 14  # rows at a time
_TAKEN = 1 << 12  # rows taken at a time
_LOOK_AGAIN = 0.5  # seconds, between two questions whether to stop
_HASH = 100  # bytes of a file with a hash

SEAL = ".sha256"  # ending of the file with an array's hash
MAPPED_BYTES = 32 << 20  # larger arrays are read in place; 20,000 embeddings of MiniLM have as many


@dataclass(frozen=True, slots=True)
class Making:
    """How arrays are made.

    Attributes:
        widths: columns of each array.
        fill: given the arrays and how many rows are finished, writes the rest and yields that number as it grows.
    """

    widths: Sequence[int]
    fill: Callable[[Sequence[Array], int], Iterator[int]]


def cached_arrays(
    paths: Sequence[Path], rows: int, begin: Callable[[], Making], *, width: int | None = None, monitor: Monitor
) -> list[Array]:
    """The arrays in the files, (rows, width) each; where one is missing or damaged, all are made.

    Args:
        paths: one file an array; a name stands for its content.
        rows: lines of each array, at least one.
        begin: called only if something has to be made.
        width: columns of the first array, where that is known beforehand.
        monitor: told of arrays that were damaged.

    Raises:
        ModelError: a value that was made is not finite.
    """
    found = _read(paths, rows, width)
    if all(array is not None for array in found):
        with suppress(FileError):  # the project may only be read
            remove(_count(paths[0]))  # left by a kill right after the last array had got its name
    else:
        with _alone(_partial(paths[0]), monitor):
            found = _read(paths, rows, width)  # another process may have made them meanwhile
            if all(array is not None for array in found):
                remove(_partial(paths[0]))
            else:
                for path, array in zip(paths, found, strict=True):
                    if array is None and path.exists():
                        monitor.note(f"{path.name} in the cache is damaged, and is made again")
                _make(paths, rows, begin())
                found = _read(paths, rows, width)
    whole = [array for array in found if array is not None]
    if len(whole) < len(paths):
        raise ModelError("the model gives values that are not finite", where=str(paths[0]), hint="use other weights")
    return whole


def _read(paths: Sequence[Path], rows: int, width: int | None) -> list[Array | None]:
    widths = [width, *[None] * (len(paths) - 1)]
    return [read_cached(path, rows, columns) for path, columns in zip(paths, widths, strict=True)]


@contextmanager
def _alone(partial: Path, monitor: Monitor) -> Iterator[None]:
    """Hold the lock of the file in which the first array is made; whoever makes it is waited for.

    The file gets another name once it is whole, with its lock: then it is another file that is to be locked.
    """
    while True:
        while (lock := acquire(partial, patience=_LOOK_AGAIN)) is None:
            monitor.step("wait for another process that makes the same", 0, 1)
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(lock), partial.stat()):
                break
        os.close(lock)
    try:
        yield
    finally:
        os.close(lock)


def read_cached(path: Path, rows: int, width: int | None = None) -> Array | None:
    """The array in a file, (rows, width); None: it is not there, or is not the one that was made."""
    if not path.exists() or problem_of(path):
        return None
    array = _load(path)
    return array if len(array) == rows and width in (None, array.shape[1]) else None


def problem_of(path: Path) -> str:
    """In which way an array that is there is not the one that was made; empty if it is."""
    try:
        if read_bytes(path.with_name(path.name + SEAL), limit=_HASH).strip().decode() != sha256_file(path):
            return "its sha256 is not the one that was written down when it was made"
        array = _load(path)
    except (OSError, FileError, ValueError, EOFError, MemoryError) as error:
        return f"it cannot be read ({error})"
    if array.dtype != np.float32 or array.ndim != 2:
        return f"it holds {array.dtype} in {array.ndim} dimensions"
    for at in range(0, len(array), _LOOKED_AT):
        if not np.isfinite(array[at : at + _LOOKED_AT]).all():
            return "it holds values that are not finite"
        _let_go(array)
    return ""


def _load(path: Path) -> Array:
    """Mapped first: a header that speaks of more rows than there are bytes is refused before memory is asked for."""
    mapped: Array = np.load(checked(path), mmap_mode="r", allow_pickle=False)
    return mapped.view(ReadInPlace) if mapped.nbytes > MAPPED_BYTES else np.array(mapped)


class ReadInPlace(np.memmap[Any, Any]):
    """An array on the disk. Rows that are taken by their places are copied, and what was read for them is let go.

    Else every page that was ever looked at would count as memory of the process, up to the whole file.
    """

    def __getitem__(self, key: Any) -> Any:
        """As of any array; places are an array of whole numbers."""
        if not (isinstance(key, np.ndarray) and key.ndim == 1 and key.dtype.kind in "iu" and self.ndim == 2):
            return super().__getitem__(key)
        found = np.empty((len(key), self.shape[1]), self.dtype)
        for first in range(0, len(key), _TAKEN):
            part = slice(first, first + _TAKEN)
            found[part] = super().__getitem__(key[part])
            _let_go(self)
        return found


def _let_go(array: Any) -> None:
    """Take pages that are as on the disk, or will be, out of the process's memory; nothing is lost."""
    mapped = getattr(array, "_mmap", None)
    if mapped is not None and hasattr(mmap, "MADV_DONTNEED"):
        mapped.madvise(mmap.MADV_DONTNEED)


def read_array(path: Path) -> Any:
    """An array that is kept whole in a file, such as the predictions of a proof.

    Raises:
        FileNotFoundError, FileError: as `engine.files.open_read`, or it is no array.
    """
    try:
        with open_read(path) as source:
            return np.load(source, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise FileError("this file is damaged", where=str(path), hint="restore the file") from error


def read_in_place(path: Path) -> ReadInPlace:
    """The same of rows with several columns, of which only those that are taken by their places are read.

    Raises:
        FileNotFoundError, FileError: as `read_array`.
    """
    try:
        found: ReadInPlace = np.load(checked(path), mmap_mode="r", allow_pickle=False).view(ReadInPlace)
        return found
    except (ValueError, EOFError) as error:
        raise FileError("this file is damaged", where=str(path), hint="restore the file") from error


def _make(paths: Sequence[Path], rows: int, making: Making) -> None:
    partial = [_partial(path) for path in paths]
    count = _count(paths[0])
    shapes = [(rows, width) for width in making.widths]
    done, arrays = _resumed(partial, shapes, count)
    for finished in making.fill(arrays, done):
        for array in arrays:
            array.flush()
            _let_go(array)
        write_json(count, finished)
    del arrays
    for path, whole in zip(paths, partial, strict=True):
        # Before it: whoever finds the array finds its hash too.
        write_atomic(path.with_name(path.name + SEAL), sha256_file(whole).encode())
        publish(whole, path)
    remove(count)


def _partial(path: Path) -> Path:
    """The file that the array of a path is made in."""
    return path.with_name(path.name + ".partial")


def _count(path: Path) -> Path:
    """The file with the number of finished rows, while the array of a path and those beside it are made."""
    return path.with_name(path.name + ".rows")


def _resumed(partial: Sequence[Path], shapes: Sequence[tuple[int, int]], count: Path) -> tuple[int, list[Any]]:
    """Finished rows and the arrays to go on with: those of an interrupted making, or new ones."""
    try:
        arrays = [open_memmap(checked(path), mode="r+") for path in partial]
        done = read_json(count)
        fits = [array.shape for array in arrays] == list(shapes) and all(one.dtype == np.float32 for one in arrays)
        if fits and type(done) is int and 0 <= done <= shapes[0][0]:
            return done, arrays
    except (OSError, ValueError, EOFError, FileError):
        pass  # there was none, or it was cut off before its first row
    remove(count)
    new = zip(map(make_file, partial), shapes, strict=True)
    arrays = [open_memmap(path, mode="w+", dtype=np.float32, shape=shape) for path, shape in new]
    for path in partial:
        reserve(path)
    return 0, arrays
