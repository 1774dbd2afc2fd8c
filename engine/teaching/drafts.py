"""What an annotator has typed and not committed: replaced whole at each save, so a dropped line costs a keystroke."""

from __future__ import annotations

from pathlib import Path

import orjson

from engine.errors import FileError, StoreError
from engine.files import read_record, write_atomic
from engine.schema import Drafts
from engine.teaching.authors import file_stem


def read_drafts(folder: Path, author: str) -> Drafts:
    """The author's drafts; empty if there are none, or if their file is damaged.

    Args:
        folder: the project's teaching folder.
        author: the name as its owner writes it.

    Raises:
        StoreError: the name is empty.
    """
    try:
        return read_record(_path(folder, author), Drafts.from_json)
    except (FileNotFoundError, FileError):
        return Drafts()


def write_drafts(folder: Path, author: str, drafts: Drafts) -> None:
    """Replace the author's drafts.

    Raises:
        StoreError: the name is empty, or the file cannot be written.
    """
    path = _path(folder, author)
    try:
        write_atomic(path, orjson.dumps(drafts.as_json()))
    except FileError as error:
        problem = f"drafts cannot be saved ({error.reason})"
        raise StoreError(problem, where=str(path), mend="make room on the disk") from error


def _path(folder: Path, author: str) -> Path:
    return folder / "drafts" / f"{file_stem(author)}.json"
