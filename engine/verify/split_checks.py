"""The data: each split against the manifest, against the file it came from, and proof against pool and train.

Proof rows are read here and compared; no text of one gets into a finding.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import orjson

from engine.data.pool_rows import labelled
from engine.errors import DataError
from engine.files import open_read, sha256_file
from engine.project import Project
from engine.schema import Example
from engine.text import row_hash
from engine.verify.finding import Finding, looked_at

_RESTORE = "restore the project from a copy, or make a new one with `blindspot init`"
_CREATED = "manifest.json"

Rows = dict[str, list[Example]]


def check_splits(project: Project) -> Iterator[Finding]:
    """Each split, its source, and whether proof stayed apart."""
    rows: Rows = {}
    for name in project.manifest.splits:
        file = f"splits/{name}.jsonl"
        yield from looked_at(f"split {name}", file, _RESTORE, _split, project, name, rows)
    for source in sorted({split.source for split in project.manifest.splits.values()}):
        yield from looked_at(f"source {Path(source).name}", source, "", _source, project, source, rows)
    if {"train", "pool", "proof"} <= rows.keys():
        yield from looked_at("proof rows kept apart", _CREATED, _RESTORE, _apart, project, rows)


def _split(project: Project, name: str, rows: Rows) -> Iterator[Finding]:
    recorded, path = project.manifest.splits[name], project.split_path(name)
    part, file = f"split {name}", f"splits/{name}.jsonl"
    if not path.is_file():
        yield Finding(part, "missing", "the file is not there", file, _RESTORE)
        return
    if sha256_file(path) != recorded.sha256:
        yield Finding(part, "changed", "its sha256 is not that of the manifest", file, _RESTORE)
    with open_read(path) as lines:
        found = rows[name] = [Example.from_json(orjson.loads(line)) for line in lines]
    hashes = [row_hash(row.text, row.text_pair) for row in found]
    problem = ""
    if len(found) != recorded.rows or len(hashes) != len(recorded.row_hashes):
        problem = f"it has {len(found)} rows, and the manifest {recorded.rows} with {len(recorded.row_hashes)} hashes"
    elif other := [row.id for row, one, kept in zip(found, hashes, recorded.row_hashes, strict=True) if one != kept]:
        problem = f"{_rows(other)} not in the manifest"
    elif recorded.labels and Counter(row.label for row in labelled(found)) != Counter(recorded.labels):
        problem = "the manifest counts other labels"
    elif recorded.unlabelled != len(found) - len(labelled(found)):
        problem = "the manifest counts other rows without a label"
    elif strange := {row.label for row in labelled(found)} - set(project.labels):
        problem = f"{len(strange)} of its labels are not in blindspot.toml"
    elif len({row.id for row in found}) < len(found):
        problem = "two of its rows have one id"
    if problem:
        yield Finding(part, "changed", problem, file, _RESTORE)
    else:
        yield Finding(part, "ok", f"{len(found)} rows as the manifest has them", file)


def _source(project: Project, source: str, rows: Rows) -> Iterator[Finding]:
    """The user's file may change or go: the project has its copy. Where it is unchanged, its rows are compared."""
    part, path = f"source {Path(source).name}", Path(source)
    splits = {name: split for name, split in project.manifest.splits.items() if split.source == source}
    if not path.is_file() or sha256_file(path) not in {split.source_sha256 for split in splits.values()}:
        gone = "it has changed since, or is not there" if path.is_file() else "it is not there any more"
        yield Finding(part, "not checkable", f"{gone}; the project has its own copy", source)
        return
    for name in (name for name in splits if name in rows):
        try:
            read = _read_again(project, name, path)
        except (DataError, KeyError):
            yield Finding(part, "not checkable", "it cannot be read as the manifest says that it was", source)
            return
        there = {(row_hash(row.text, row.text_pair), row.label) for row in read}
        other = [row.id for row in rows[name] if (row_hash(row.text, row.text_pair), row.label) not in there]
        if other:
            what = f"{_rows(other)} not so in the file that it came from"
            yield Finding(f"split {name}", "changed", what, f"splits/{name}.jsonl", _RESTORE)
    yield Finding(part, "ok", f"it is unchanged, and compared with {', '.join(splits)}", source)


def _read_again(project: Project, name: str, path: Path) -> list[Example]:
    from engine.data.reading import Columns, FileOptions, read_source

    split = project.manifest.splits[name]
    named = split.columns or project.manifest.columns
    columns = Columns(named["text"], named["label"], named.get("pair"))
    options = FileOptions(columns, split.encoding, split.label_map, skip_bad=True, drop_duplicates=True)
    return read_source(path, options, "proof").examples  # as proof rows are read: no message holds a text


def _apart(project: Project, rows: Rows) -> Iterator[Finding]:
    from engine.data.checks import near_proof
    from engine.data.reading import Source

    hashes = {
        name: [row_hash(row.text, row.text_pair) for row in found]
        for name, found in rows.items()
        if name in ("pool", "proof")
    }
    held = set(hashes["proof"])
    learned = [(name, row.id, row_hash(row.text, row.text_pair)) for name in ("train", "pool") for row in rows[name]]
    shared = [f"{name} {row}" for name, row, one in learned if one in held]
    part = "proof rows kept apart"
    if shared:
        what = f"{len(shared)} proof rows are in train or pool, the first as {shared[0]}"
        yield Finding(part, "changed", what, "splits/proof.jsonl", _RESTORE)
        return
    sources = {name: Source(Path(), rows[name], []) for name in ("pool", "proof")}
    near = near_proof(sources, parted=project.manifest.proof_origin != "file")  # type: ignore[arg-type]
    missing = {hashes["pool"][place] for place in near.pool} - set(project.manifest.withheld)
    if missing:
        what = f"{len(missing)} pool rows that nearly equal a proof row are not withheld from teachers"
        yield Finding(part, "changed", what, _CREATED, _RESTORE)
    else:
        yield Finding(
            part, "ok", f"none is in train or pool; {len(near.pool)} pool rows near one are withheld", _CREATED
        )


def _rows(ids: list[str]) -> str:
    return f"{len(ids)} rows are, the first is {ids[0]}," if len(ids) > 1 else f"row {ids[0]} is"
