"""Arrays that are made once and kept on disk: window by window, and gone on with after an interruption.

While one is made it is called `<name>.partial`, beside a count of its finished rows; it gets its name when it is whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from engine.errors import FileError
from engine.files import checked, make_file, open_read, publish, read_json, remove, write_json

Array = NDArray[np.float32]

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


def kept(paths: Sequence[Path], rows: int, begin: Callable[[], Making]) -> list[Array]:
    """The arrays in the files, (rows, width) each; where one is missing or damaged, all are made.

    Args:
        paths: one file an array; a name stands for its content.
        rows: lines of each array, at least one.
        begin: called only if something has to be made.
    """
    found = [_read(path, rows) for path in paths]
    if any(array is None for array in found):
        _make(paths, rows, begin())
        found = [_read(path, rows) for path in paths]
    return [array for array in found if array is not None]


def read_array(path: Path) -> Any:
    """An array that is kept whole in a file, such as the predictions of a proof.

    Raises:
        FileNotFoundError, FileError: as `engine.files.open_read`, or it is no array.
    """
    try:
        with open_read(path) as source:
            return np.load(source, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise FileError("this file is damaged", where=str(path), mend="restore the file") from error


def _make(paths: Sequence[Path], rows: int, making: Making) -> None:
    partial = [path.with_name(path.name + ".partial") for path in paths]
    count = partial[0].with_suffix(".rows")
    shapes = [(rows, width) for width in making.widths]
    done, arrays = _resumed(partial, shapes, count)
    for finished in making.fill(arrays, done):
        for array in arrays:
            array.flush()
        write_json(count, finished)
    del arrays
    for path, whole in zip(paths, partial, strict=True):
        publish(whole, path)
    remove(count)


def _resumed(partial: Sequence[Path], shapes: Sequence[tuple[int, int]], count: Path) -> tuple[int, list[Any]]:
    """Finished rows and the arrays to go on with: those of an interrupted making, or new ones."""
    try:
        arrays = [open_memmap(checked(path), mode="r+") for path in partial]
        if [array.shape for array in arrays] == list(shapes):
            return int(read_json(count)), arrays
    except (OSError, ValueError, EOFError, FileError):
        pass  # there was none, or it was cut off before its first row
    remove(count)
    new = zip(map(make_file, partial), shapes, strict=True)
    return 0, [open_memmap(path, mode="w+", dtype=np.float32, shape=shape) for path, shape in new]


def _read(path: Path, rows: int) -> Array | None:
    try:
        large = checked(path).stat().st_size > MAPPED_BYTES
        array: Array = np.load(path, mmap_mode="r" if large else None, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return array if len(array) == rows else None
