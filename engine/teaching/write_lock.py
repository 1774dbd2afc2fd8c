"""One writer at a time: a lock that is held for the milliseconds of a write and freed by the kernel in any case."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import orjson

from engine.errors import FileError, StoreError
from engine.files import read_record
from engine.locks import acquire

_NOTE = 600  # bytes; a character takes six at most
PATIENCE = 5.0  # seconds; a write of 10,000 records takes 0.03


@contextmanager
def writing(path: Path, *, patience: float = PATIENCE) -> Iterator[None]:
    """Hold the lock file ``path``, waiting up to ``patience`` seconds for whoever has it.

    Raises:
        StoreError: it is still held, naming the process; or the folder may not be written.
    """
    try:
        held = acquire(path, patience=patience)
    except FileError as error:
        what = f"annotations cannot be written ({error.reason})"
        raise StoreError(what, where=error.where, hint=error.hint) from error
    if held is None:
        what = f"another process writes this annotator's records{_holder(path)}"
        raise StoreError(what, where=str(path), hint="wait for it to end, or close it")
    try:
        with suppress(OSError):  # the file is another person's, or the disk is full
            note = orjson.dumps({"pid": os.getpid(), "command": " ".join(sys.argv[:2])[-80:]})
            os.pwrite(held, note.ljust(_NOTE), 0)  # over the one before: to cut the file off takes 2 ms on some disks
        yield
    finally:
        os.close(held)


def _holder(path: Path) -> str:
    try:
        return read_record(path, lambda note: f": process {note['pid']} ({note['command']})")
    except (FileNotFoundError, FileError):  # it may be writing its note at this moment
        return ""
