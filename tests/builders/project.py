"""One builder for a project as its files lie on disk, for rows that `blindspot init` would not take as they are."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.files import read_json, sha256_file, write_json, write_jsonl
from engine.operations.outside_uses import outside_uses
from engine.project import SETTINGS_FILE, Project
from engine.schema import UNLABELLED
from engine.settings import Settings, write_settings
from engine.text import row_hash
from engine.trust import agree

Row = Mapping[str, Any]

_SETTINGS: dict[str, bytes] = {}
"""Files of settings by what they say: most tests have the same ones, and to write them takes 8 ms."""


def lay_out(root: Path, splits: Mapping[str, Sequence[Row]], settings: Settings, *, source: str = "") -> Project:
    """Splits, their manifest and settings; nothing has been discovered.

    Args:
        root: the folder, made where it is not there.
        splits: rows with ``id``, ``text``, ``label`` and, in a task of pairs, ``text_pair``.
        settings: all of them.
        source: where the rows came from, as the manifest says it.
    """
    written = {name: _write(root, name, rows, source) for name, rows in splits.items()}
    manifest = {"version": "1", "splits": written, "proof_origin": "none", "seed": 13, "columns": {}}
    write_json(root / "manifest.json", manifest)
    told = repr(settings)
    if told not in _SETTINGS:
        write_settings(root / SETTINGS_FILE, settings)
        _SETTINGS[told] = (root / SETTINGS_FILE).read_bytes()
    (root / SETTINGS_FILE).write_bytes(_SETTINGS[told])
    return Project.open(root)


def copy_project(made: Path, root: Path) -> Project:
    """A copy of a project, agreed to; on this machine nothing of it was sealed."""
    project = Project.open(Path(shutil.copytree(made, root)))
    agree(root, outside_uses(project))
    return project


def put_split(root: Path, name: str, rows: Sequence[Row], *, source: str = "") -> None:
    """Write a split, in place of one of that name, and what the manifest knows of it."""
    manifest = read_json(root / "manifest.json")
    manifest["splits"][name] = _write(root, name, rows, source)
    write_json(root / "manifest.json", manifest)


def _write(root: Path, name: str, rows: Sequence[Row], source: str) -> dict[str, Any]:
    path = root / "splits" / f"{name}.jsonl"
    write_jsonl(path, [dict(row) for row in rows])
    counts = Counter(row["label"] for row in rows)
    return {
        "sha256": sha256_file(path),
        "rows": len(rows),
        "row_hashes": [row_hash(row["text"], row.get("text_pair")) for row in rows],
        "source": source,
        "source_sha256": "",
        "labels": {label: count for label, count in counts.items() if label != UNLABELLED},
        "unlabelled": counts[UNLABELLED],
    }
