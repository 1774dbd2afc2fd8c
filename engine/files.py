"""Files that are either whole or not there: atomic writes, hashes and JSON lines.

Every write in the project goes through `write_atomic`: temporary file, fsync, rename, fsync of the folder.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson

_UMASK = os.umask(0o077)
os.umask(_UMASK)  # it can only be read by setting it


def write_atomic(path: Path, data: bytes) -> None:
    """Replace ``path`` by ``data`` so that a reader, or a machine that lost power, sees the old or the new file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as out:
            os.fchmod(handle, 0o666 & ~_UMASK)  # mkstemp's 0600 would hide one annotator's records from the others
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as indented JSON, atomically."""
    write_atomic(path, orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def read_json(path: Path) -> Any:
    """Read a JSON file that this project wrote."""
    return orjson.loads(path.read_bytes())


def write_jsonl(path: Path, rows: Iterable[Any]) -> None:
    """Write one JSON value a line, atomically."""
    write_atomic(path, b"".join(orjson.dumps(row) + b"\n" for row in rows))


def sha256_file(path: Path) -> str:
    """Hex sha256 of a file's bytes."""
    digest = hashlib.sha256()  # hashlib.file_digest needs Python 3.11; 3.10 is supported
    with path.open("rb") as source:
        while block := source.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def content_key(*parts: Any) -> str:
    """A short hash (16 hex digits) that names a result by everything it was made from.

    Parts must be JSON values; equal parts give an equal key on every machine.
    """
    canonical = orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(canonical).hexdigest()[:16]
