"""Rows left out on request (repeated ids and texts, unknown labels), with a list of all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryFile
from typing import IO

import orjson

from engine.data.reading import LeftOut, place_in
from engine.data.row_store import RowStore
from engine.errors import DataError
from engine.files import make_folder, replacing
from engine.row_numbers import first_alike
from engine.schema import SPLITS, UNLABELLED, SplitName
from engine.text import visible

FILE = "left-out.jsonl"
"""Beside the splits: split, file and line, and why. It has no texts."""


class LeftOutList:
    """The list while it grows, on the disk, by split and then as they come.

    Args:
        folder: where there is room.

    Attributes:
        count: rows so far.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = make_folder(folder)
        self._parts: dict[SplitName, IO[bytes]] = {}
        self.count = 0

    def add(self, row: LeftOut) -> None:
        """Put one more on it."""
        if row.split not in self._parts:
            self._parts[row.split] = TemporaryFile(dir=self._folder)  # noqa: SIM115 - as long as the list
        self._parts[row.split].write(orjson.dumps(row.as_json()) + b"\n")
        self.count += 1

    def write(self, path: Path) -> None:
        """Write it, if there is anything on it, a row a line.

        Raises:
            FileError: it cannot be written there.
        """
        if self.count:
            with replacing(path) as out:
                for part in (self._parts[name] for name in SPLITS if name in self._parts):
                    part.seek(0)
                    copyfileobj(part, out)


def with_own_ids(rows: RowStore, split: SplitName, left_out: LeftOutList, *, drop: bool) -> RowStore:
    """The rows without those whose id was there before.

    Args:
        rows: of one file.
        split: what they are for.
        left_out: is told of them.
        drop: False: refuse them instead.

    Raises:
        DataError: naming the first such row and its twin.
    """
    import numpy as np

    first = first_alike(rows.ids)
    is_first = first == np.arange(len(rows), dtype=np.int32)
    again = np.flatnonzero(~is_first)
    for place, where, twin in zip(again, rows.where_each(again), rows.where_each(first[again]), strict=True):
        if not drop:
            name = next(rows.examples([int(place)])).id
            hint = "give each row its own id, rename the column to have the rows numbered, or use --drop-duplicates"
            raise DataError(f"the id {visible(name)!r} is also that of {twin}", where=where, hint=hint)
        left_out.add(LeftOut(split, where, f"the id is also that of {twin}"))
    return rows.take(is_first) if len(again) else rows


def without_duplicates(splits: Mapping[SplitName, RowStore], left_out: LeftOutList) -> dict[SplitName, RowStore]:
    """The splits with each text once: in train before pool, pool before proof, proof before test and dev.

    So no row that is learned from is held out, and none of train is lost to a copy elsewhere.
    """
    import numpy as np

    order = [name for name in SPLITS if name in splits]
    hashes = np.concatenate([splits[name].hashes for name in order])
    starts = np.cumsum([0, *(len(splits[name]) for name in order)])
    twin_of = first_alike(hashes)
    del hashes
    lines, labels = ({name: splits[name].read_numbers(kind) for name in order} for kind in ("lines", "labels"))
    kept: dict[SplitName, RowStore] = {}
    for name, start in zip(order, starts.tolist(), strict=False):
        rows = splits[name]
        twins_here = twin_of[start : start + len(rows)]
        copies = twins_here != np.arange(start, start + len(rows))
        for place in np.flatnonzero(copies).tolist():
            part = int(np.searchsorted(starts, twins_here[place], side="right")) - 1
            other, twin = order[part], int(twins_here[place] - starts[part])
            same = splits[other].names[labels[other][twin]] == rows.names[labels[name][place]]
            reason = f"the text is also that of {place_in(splits[other].source, int(lines[other][twin]))}"
            reason += "" if same else ", which has another label"
            left_out.add(LeftOut(name, place_in(rows.source, int(lines[name][place])), reason))
        kept[name] = rows.take(~copies) if copies.any() else rows
    return kept


def with_known_labels(rows: RowStore, split: SplitName, labels: Sequence[str], left_out: LeftOutList) -> RowStore:
    """The rows without those whose label train does not have; to have none is no such label."""
    import numpy as np

    known = np.array([name in labels or name == UNLABELLED for name in rows.names], np.bool_)[rows.labels]
    unknown = np.flatnonzero(~known)
    for where, label in zip(rows.where_each(unknown), rows.read_numbers("labels", unknown).tolist(), strict=True):
        left_out.add(LeftOut(split, where, f"train has no row labelled {rows.names[label]!r}"))
    return rows.take(known) if len(unknown) else rows
