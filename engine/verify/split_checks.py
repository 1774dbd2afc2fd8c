"""The data: each split against the manifest, against the file it came from, and proof against pool and train.

Proof rows are read here and compared; no text of one gets into a finding.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.counted import counted
from engine.data.batches import BATCHED, batches
from engine.errors import DataError
from engine.files import sha256_file
from engine.manifest import HASH_BYTES, MANIFEST_FILE
from engine.project import Project
from engine.schema import UNLABELLED
from engine.text import row_hash
from engine.verify.finding import Finding, looked_at

if TYPE_CHECKING:
    from numpy import ndarray

    from engine.data.row_store import RowStore

_RESTORE = "restore the project from a copy, or make a new one with `blindspot init`"

Rows = dict[str, "RowStore"]


def check_splits(project: Project) -> Iterator[Finding]:
    """Each split, what it came from, and whether proof stayed apart."""
    rows: Rows = {}
    for name in project.manifest.splits:
        file = f"splits/{name}.jsonl"
        yield from looked_at(f"split {name}", file, _RESTORE, _split, project, name, rows)
    for part in _parts(project, rows):
        yield from looked_at(f"source {Path(part.source).name}", part.source, "", _source, part)
    if {"train", "pool", "proof"} <= rows.keys():
        yield from looked_at("proof rows kept apart", MANIFEST_FILE, _RESTORE, _apart, project, rows)


def _split(project: Project, name: str, rows: Rows) -> Iterator[Finding]:
    import numpy as np

    from engine.data.row_hashes import read_row_hashes
    from engine.data.row_store import RowStore

    recorded, path = project.manifest.splits[name], project.split_path(name)
    part, file = f"split {name}", f"splits/{name}.jsonl"
    if not path.is_file():
        yield Finding(part, "missing", "the file is not there", file, _RESTORE)
        return
    if sha256_file(path, recorded.size) != recorded.sha256:
        yield Finding(part, "changed", "its sha256 is not that of the manifest", file, _RESTORE)
    found = rows[name] = RowStore.read(path, recorded.size)
    hashes = np.array(read_row_hashes(project, name).values, np.uint64)
    counts = found.label_counts()
    problem = ""
    if len(found) != recorded.rows or len(found) != len(hashes):
        problem = f"it has {counted(len(found), 'row')}, and the manifest {recorded.rows} with {len(hashes)} hashes"
    elif len(other := np.flatnonzero(found.hashes != hashes)):
        problem = f"{_rows(found, other.tolist())} not in the manifest"
    elif (recorded.labels or recorded.unlabelled) and counts != Counter(
        recorded.labels | {UNLABELLED: recorded.unlabelled}
    ):
        problem = "the manifest counts other labels"
    elif strange := counts.keys() - {*project.labels, UNLABELLED}:
        problem = f"{len(strange)} of its labels are not in blindspot.toml"
    elif len(np.unique(found.ids)) < len(found):
        problem = "two of its rows have one id"
    elif (
        recorded.hashes_sha256
        and sha256_file(project.hashes_path(name), HASH_BYTES * len(found)) != recorded.hashes_sha256
    ):
        problem = "the sha256 of its hashes is not that of the manifest"
    if problem:
        yield Finding(part, "changed", problem, file, _RESTORE)
        return
    behind = 0 if recorded.size is None else path.stat().st_size - recorded.size
    if behind and not project.adding_dir.is_dir():
        yield Finding(part, "changed", f"{behind:,} bytes stand behind its end", file, _RESTORE)
        return
    yield Finding(part, "ok", f"{counted(len(found), 'row')} as the manifest has them", file)
    if behind:
        what = f"{behind:,} bytes behind its end are of no row: an `add` is at work, or was killed"
        yield Finding(part, "not checkable", what, file, "the next `blindspot add` cuts them off")


@dataclass(frozen=True, slots=True)
class _Part:
    """Rows that came from one file, by split, and how it was read."""

    source: str
    sha256: str
    rows: Rows
    columns: dict[str, str]
    encoding: str | None
    label_map: dict[str, str]
    one_label: str


def _parts(project: Project, rows: Rows) -> Iterator[_Part]:
    """What `init` read, by file, and then what each later batch did; of splits that could be read."""
    import numpy as np

    manifest, one = project.manifest, project.manifest.one_label
    first, *later = batches(project) if "pool" in manifest.splits else (None,)
    ends = {name: end.rows for name, end in first.ends.items()} if first else {}
    parts: list[_Part] = []
    for source, name in sorted((split.source, name) for name, split in manifest.splits.items()):
        if name in rows:
            split, whole = manifest.splits[name], rows[name]
            mine = {name: whole.take(np.arange(len(whole)) < ends.get(name, len(whole)))}
            columns = split.columns or manifest.columns
            part = _Part(source, split.source_sha256, mine, columns, split.encoding, split.label_map, one)
            if parts and replace(parts[-1], rows=mine) == part and (name in BATCHED) == (BATCHED[0] in parts[-1].rows):
                parts[-1].rows.update(mine)
            else:
                parts.append(part)
    yield from parts
    for batch in later:
        mine = {
            name: rows[name].take((np.arange(len(rows[name])) >= ends[name]) & (np.arange(len(rows[name])) < end.rows))
            for name, end in batch.ends.items()
            if name in rows
        }
        ends = {name: end.rows for name, end in batch.ends.items()}
        yield _Part(batch.source, batch.source_sha256, mine, batch.columns, batch.encoding, batch.label_map, one)


def _source(part: _Part) -> Iterator[Finding]:
    """The user's file may change or go: the project has its copy. Where it is unchanged, its rows are compared."""
    import numpy as np

    title, path = f"source {Path(part.source).name}", Path(part.source)
    if not path.is_file() or sha256_file(path) != part.sha256:
        gone = "it has changed since, or is not there" if path.is_file() else "it is not there any more"
        yield Finding(title, "not checkable", f"{gone}; the project has its own copy", part.source)
        return
    for name, rows in part.rows.items():
        try:
            there = _read_again(part, name, path)
        except (DataError, KeyError):
            yield Finding(title, "not checkable", "it cannot be read as the manifest says that it was", part.source)
            return
        each = zip(map(int, rows.hashes), map(rows.names.__getitem__, rows.labels), strict=True)
        here = np.fromiter(map(hash, each), np.int64)
        other = np.flatnonzero(~np.isin(here, there))
        if len(other):
            what = f"{_rows(rows, other.tolist())} not so in the file that it came from"
            yield Finding(f"split {name}", "changed", what, f"splits/{name}.jsonl", _RESTORE)
    yield Finding(title, "ok", f"it is unchanged, and compared with {', '.join(part.rows)}", part.source)


def _read_again(part: _Part, name: str, path: Path) -> ndarray[Any, Any]:
    """A number for each row of the file: of its texts and its label, in this process alone."""
    import numpy as np

    from engine.data.reading import Columns, FileNews, FileOptions, rows_of

    columns = Columns(part.columns["text"], part.columns["label"], part.columns.get("pair"))
    blank = name in BATCHED
    options = FileOptions(
        columns,
        part.encoding,
        part.label_map,
        skip_bad=True,
        drop_duplicates=True,
        blank_labels=blank,
        stream=blank,
        one_label=part.one_label,
    )
    # As proof rows are read: no message holds a text.
    rows = rows_of(path, options, "proof", news=FileNews(lambda left_out: None))
    numbers = (hash((int(row_hash(row.text, row.text_pair), 16), row.label)) for _, row in rows)
    return np.fromiter(numbers, np.int64)


def _apart(project: Project, rows: Rows) -> Iterator[Finding]:
    import numpy as np

    from engine.data.checks import near_proof
    from engine.data.row_hashes import as_texts

    held = rows["proof"].hashes
    shared = {name: np.flatnonzero(np.isin(rows[name].hashes, held)) for name in ("train", "pool")}
    part = "proof rows kept apart"
    if count := sum(map(len, shared.values())):
        name = next(name for name, places in shared.items() if len(places))
        row = next(rows[name].examples([int(shared[name][0])])).id
        what = f"{count} proof rows are in train or pool, the first as {name} {row}"
        yield Finding(part, "changed", what, "splits/proof.jsonl", _RESTORE)
        return
    pair, one_file = project.settings.task.pair, project.manifest.proof_origin != "file"
    near = near_proof(rows["pool"], rows["proof"], pair=pair, one_file=one_file)
    missing = set(as_texts(rows["pool"].hashes[list(near.pool)].tolist())) - set(project.manifest.withheld)
    if missing:
        what = f"{len(missing)} pool rows that nearly equal a proof row are not withheld from teachers"
        yield Finding(part, "changed", what, MANIFEST_FILE, _RESTORE)
    else:
        yield Finding(
            part, "ok", f"none is in train or pool; {len(near.pool)} pool rows near one are withheld", MANIFEST_FILE
        )


def _rows(rows: RowStore, places: list[int]) -> str:
    first = next(rows.examples(places[:1])).id
    return f"{len(places)} rows are, the first is {first}," if len(places) > 1 else f"row {first} is"
