"""One annotator's file of 30,000 marks: opening it, one more mark, and taking one back."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from engine.files import write_json
from engine.schema import RowMark
from engine.teaching.hash_chain import link
from engine.teaching.records import Records
from engine.teaching.revisions import TABLE, Revision
from engine.teaching.store import Store
from tests.bench.measure import figure, options

TIMES = 20


def main() -> None:
    """Print the figures of a store of so many marks, each of which was a write of its own for its reader."""
    size = options.rows or 30_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        fill(path, size)
        figure(f"open the records, {size} marks", _times(lambda: Store(path, "ann")), goal="< 800 ms")
        figure(f"open and check the chain, {size} marks", _times(lambda: Records(path).repairs))
        store, other = Store(path, "ann"), Records(path)
        rows = _rows(size)
        figure(f"append a mark, {size} marks", _times(lambda: mark(store, next(rows))), goal="< 30 ms")
        figure(f"undo a mark, {size} marks", _times(lambda: store.undo()), goal="< 60 ms")
        figure(f"redo a mark, {size} marks", _times(lambda: store.redo()), goal="< 60 ms")
        seen: list[float] = []
        for _ in range(TIMES):
            mark(store, next(rows))
            began = time.perf_counter()
            other.refresh()
            seen.append(1000 * (time.perf_counter() - began))
        figure(f"another process takes a mark in, {size} marks", seen)


def fill(folder: Path, size: int) -> None:
    """Write the file of an annotator who has marked so many rows one by one."""
    revisions: dict[str, dict[str, object]] = {}
    hash_ = ""
    for seq in range(1, size + 1):
        row, time_ = f"pool-{seq}", f"2026-01-{1 + seq // 86_400:02}T00:00:00.000+00:00"
        body = RowMark(row, "ambiguous").as_json()
        new = Revision(seq, row, 1, "mark", body, "ann", time_, "0.2.0", seq, f"mark row {row} as ambiguous", "edit")
        hash_ = link(hash_, new)
        revisions[str(seq)] = replace(new, hash=hash_).as_json()
    write_json(folder / "ann.json", {TABLE: revisions})


def mark(store: Store, row: str) -> None:
    """Mark one row."""
    with store.edit(f"mark row {row} as fine") as edit:
        edit.put("mark", row, RowMark(row, "fine"))


def _rows(first: int) -> Iterator[str]:
    while True:
        yield f"pool-{first}"
        first += 1


def _times(work: Callable[[], object]) -> list[float]:
    spent = []
    for _ in range(TIMES):
        began = time.perf_counter()
        work()
        spent.append(1000 * (time.perf_counter() - began))
    return spent


if __name__ == "__main__":
    main()
