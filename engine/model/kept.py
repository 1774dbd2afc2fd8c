"""Arrays that are made once and kept on disk: window by window, and gone on with after an interruption.

While one is made it is called `<name>.partial`, beside a count of its finished rows; it gets its name when it is whole.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from engine.files import read_json, write_json

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


def _make(paths: Sequence[Path], rows: int, making: Making) -> None:
    paths[0].parent.mkdir(parents=True, exist_ok=True)
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
        with whole.open("rb") as file:
            os.fsync(file.fileno())
        whole.replace(path)
    count.unlink(missing_ok=True)


def _resumed(partial: Sequence[Path], shapes: Sequence[tuple[int, int]], count: Path) -> tuple[int, list[Any]]:
    """Finished rows and the arrays to go on with: those of an interrupted making, or new ones."""
    try:
        arrays = [open_memmap(path, mode="r+") for path in partial]
        if [array.shape for array in arrays] == list(shapes):
            return int(read_json(count)), arrays
    except (OSError, ValueError, EOFError):
        pass  # there was none, or it was cut off before its first row
    count.unlink(missing_ok=True)
    new = [open_memmap(path, mode="w+", dtype=np.float32, shape=shape)
           for path, shape in zip(partial, shapes, strict=True)]  # fmt: skip
    return 0, new


def _read(path: Path, rows: int) -> Array | None:
    try:
        large = path.stat().st_size > MAPPED_BYTES
        array: Array = np.load(path, mmap_mode="r" if large else None, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return array if len(array) == rows else None
