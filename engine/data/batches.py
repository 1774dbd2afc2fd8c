"""Batches: rows that came into the pool and the proof together, by `init` or by `add`."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

from typing_extensions import Unpack

from engine.data.options import FileChoices, file_options
from engine.data.reading import Columns, FileOptions
from engine.errors import DataError
from engine.manifest import Batch, Manifest, SplitEnd, split_file
from engine.project import Project
from engine.schema import SPLITS

BATCHED = ("pool", "proof")
"""The splits that batches add to."""

_NAME = re.compile(r"\w[\w.-]{0,59}")


def batches(project: Project) -> tuple[Batch, ...]:
    """All batches of a project, that of `init` first, also where its manifest is older than batches."""
    return project.manifest.batches or (first_batch(project.manifest, project.root),)


def first_batch(manifest: Manifest, root: Path, *, left_out: int = 0) -> Batch:
    """What `init` put into pool and proof.

    Args:
        manifest: as `init` wrote it.
        root: the project's folder, which has its splits.
        left_out: rows that it did not use.
    """
    splits = {name: manifest.splits[name] for name in BATCHED if name in manifest.splits}
    labels: Counter[str] = Counter()
    for split in splits.values():
        labels.update(split.labels)
    pool = splits["pool"]
    return Batch(
        name=name_of_file(Path(pool.source)),
        source=pool.source,
        source_sha256=pool.source_sha256,
        ends={
            name: SplitEnd(
                split.rows, split_file(root, name).stat().st_size if split.size is None else split.size, split.sha256
            )
            for name, split in splits.items()
        },
        rows={name: split.rows for name, split in splits.items()},
        labels=dict(labels),
        unlabelled=sum(split.unlabelled for split in splits.values()),
        left_out=left_out,
        withheld=len(manifest.withheld),
        columns=pool.columns or manifest.columns,
        encoding=pool.encoding,
        label_map=pool.label_map,
    )


def options_of_batch(
    project: Project, file: Path, **choices: Unpack[FileChoices]
) -> tuple[FileOptions, tuple[str, ...]]:
    """How the file of a later batch is read: as the pool's was, but for what is said otherwise.

    Args:
        project: whose pool says columns and mapped labels.
        file: the rows; labels may be blank, and there need be no column of them.
        choices: `engine.data.options.file_options`; labels are mapped besides those of the pool's file.

    Returns:
        The options, and the labels that are mapped by ``choices``.

    Raises:
        DataError: a choice cannot be understood.
    """
    split = project.manifest.splits["pool"]
    named = split.columns or project.manifest.columns
    pair = named.get("pair", "text_pair") if project.settings.task.pair else None
    columns = Columns(named.get("text", "text"), named.get("label", "label"), pair)
    found = file_options({"pool": file.expanduser()}, columns, **choices)["pool"]
    labels = {**split.label_map, **found.labels}
    one_label = project.manifest.one_label
    return replace(found, blank_labels=True, stream=True, labels=labels, one_label=one_label), tuple(found.labels)


def name_of_file(path: Path) -> str:
    """The name of a batch from that of its file."""
    name = re.sub(r"[^\w.-]+", "-", path.stem).strip("-.")[:60]
    return name or "batch"


def checked_name(name: str) -> str:
    """The name for a batch that is added.

    Raises:
        DataError: it would not do for names of rows and files, or is that of a split.
    """
    if not _NAME.fullmatch(name):
        hint = "use letters, digits, `_`, `-` and `.`, at most 60"
        raise DataError(f"{name!r} cannot be the name of a batch", where="--name", hint=hint)
    if name in SPLITS:  # whose rows have such ids
        raise DataError(f"a batch cannot be called {name}", where="--name", hint="name it otherwise with --name")
    return name
