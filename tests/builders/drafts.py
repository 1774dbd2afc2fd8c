"""The drafts of one author as they stand on the disk, read and written beside the app that holds them."""

from __future__ import annotations

from pathlib import Path

import orjson

from engine.schema import Drafts
from engine.teaching.drafts import OpenDrafts


def read_drafts(folder: Path, author: str) -> Drafts:
    """What the first app of an author has saved; empty where it has saved nothing. ``folder``: of the teaching."""
    path = folder / "drafts" / f"{author}.json"
    return Drafts.from_json(orjson.loads(path.read_bytes())) if path.is_file() else Drafts()


def write_drafts(folder: Path, author: str, drafts: Drafts) -> None:
    """Leave drafts as an app of before would have."""
    app = OpenDrafts(folder, author)
    app.save(drafts)
    app.close()
