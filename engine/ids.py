"""Validation of ids before they become part of a path."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from engine.errors import FileError

IdKind = Literal["job", "proof", "round", "blind spot", "model"]

_PATTERNS: dict[IdKind, str] = {
    "job": r"[a-z]{1,20}-[0-9]{1,9}",
    "proof": r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}",
    "round": r"[0-9]{3,9}",
    "blind spot": r"B[0-9]{1,9}",
    "model": r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}",
}


def is_id(kind: IdKind, value: object) -> bool:
    """Whether a value is an id of its kind."""
    return isinstance(value, str) and re.fullmatch(_PATTERNS[kind], value, re.ASCII) is not None


def inside(root: Path, value: object) -> Path:
    """The path that a file of a project names, relative to the project's folder and inside of it.

    Raises:
        FileError: it leads out of the project.
    """
    path = Path(value) if isinstance(value, str) and "\0" not in value else Path("..")
    if path.is_absolute() or ".." in path.parts or not path.parts:
        what = f"{str(value)[:80]!r} is no path inside the project"
        raise FileError(what, where=str(root), hint="restore the file that says so")
    return root / path


def checked_id(kind: IdKind, value: object) -> str:
    """The value, which is an id of its kind.

    Raises:
        FileError: it is none, so no file is named by it.
    """
    if not is_id(kind, value):
        raise FileError(f"{str(value)[:80]!r} is no id of a {kind}", hint="restore the file that says so")
    return str(value)
