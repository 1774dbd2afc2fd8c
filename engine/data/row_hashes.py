"""Hashes of the rows of a split, which tell whether a text is one of them. Light."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable, Iterator
from functools import cached_property

from engine.errors import ProjectError
from engine.files import open_read
from engine.manifest import HASH_BYTES, MANIFEST_FILE
from engine.project import Project


class RowHashes:
    """Hashes (`engine.text.row_hash`) in the order of the rows, 8 bytes each.

    Args:
        values: the hashes as numbers.
    """

    def __init__(self, values: array[int]) -> None:
        self.values = values

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[str]:
        return iter(as_texts(self.values))

    def __contains__(self, row_hash: str) -> bool:
        return int(row_hash, 16) in self._known

    def last(self, row_hash: str) -> int:
        """Place of the last row with that hash, which there must be."""
        value = int(row_hash, 16)
        return next(place for place in range(len(self.values) - 1, -1, -1) if self.values[place] == value)

    @cached_property
    def _known(self) -> frozenset[int]:
        return frozenset(self.values)


def read_row_hashes(project: Project, name: str) -> RowHashes:
    """The hashes of a split's rows; none if the project has no such split.

    Raises:
        FileNotFoundError, FileError: their file is not there, or cannot be read.
        ProjectError: the manifest is damaged.
    """
    split = project.manifest.splits.get(name)
    if split is None or not split.hashes_sha256:
        try:
            return RowHashes(array("Q", (int(value, 16) for value in (split.row_hashes if split else ()))))
        except (ValueError, OverflowError) as error:
            raise ProjectError(
                f"the manifest is damaged: its hashes of {name} rows cannot be read",
                where=str(project.root / MANIFEST_FILE),
                hint="restore it, or make a new project with `blindspot init`",
            ) from error
    with open_read(project.hashes_path(name)) as source:
        values = array("Q", source.read(split.rows * HASH_BYTES))
    if sys.byteorder == "little":  # on the disk the first digits come first
        values.byteswap()
    return RowHashes(values)


def as_texts(values: Iterable[int]) -> list[str]:
    """Hashes as `engine.text.row_hash` gives them, 16 hex digits each."""
    return [f"{value:016x}" for value in values]


def as_bytes(values: array[int]) -> bytes:
    """Hashes as they lie in the file."""
    turned = array("Q", values)
    if sys.byteorder == "little":
        turned.byteswap()
    return turned.tobytes()
