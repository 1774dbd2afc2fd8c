"""The drafts of one author as they stand on the disk, read and written beside the app that holds them."""

from __future__ import annotations

from pathlib import Path

import orjson

from engine.schema import Drafts
from engine.teaching.drafts import OpenDrafts


def read_drafts(folder: Path, author: str) -> Drafts:
    """What all apps of an author have saved, the place that of the newest. ``folder``: of the teaching."""
    paths = [*folder.glob(f"drafts/{author}.json"), *folder.glob(f"drafts/{author}~*.json")]
    saved = [
        Drafts.from_json(orjson.loads(path.read_bytes())) for path in sorted(paths, key=lambda one: one.stat().st_mtime)
    ]
    fields = {name: text for one in saved for name, text in one.fields.items()}
    return Drafts(fields, saved[-1].place) if saved else Drafts()


def write_drafts(folder: Path, author: str, drafts: Drafts) -> None:
    """Leave drafts as an older app would have."""
    app = OpenDrafts(folder, author)
    app.save(drafts)
    app.close()
