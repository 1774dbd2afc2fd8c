"""One writer at a time: a lock that is held for the milliseconds of a write and freed by the kernel in any case."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson

from engine.errors import StoreError
from engine.jobs.locks import acquire

PATIENCE = 5.0  # seconds; a write of 10,000 records takes 0.03


@contextmanager
def writing(path: Path, *, patience: float = PATIENCE) -> Iterator[None]:
    """Hold the lock file ``path``, waiting up to ``patience`` seconds for whoever has it.

    Raises:
        StoreError: it is still held, naming the process; or the folder may not be written.
    """
    end = time.monotonic() + patience
    try:
        while (held := acquire(path)) is None:
            if time.monotonic() > end:
                raise StoreError(f"another process writes this annotator's records{_holder(path)}", where=str(path),
                                 mend="wait for it to end, or close it")  # fmt: skip
            time.sleep(0.02)
    except OSError as error:
        raise StoreError(f"annotations cannot be written ({error.strerror})", where=str(path.parent),
                         mend="give yourself the right to write there") from error  # fmt: skip
    try:
        note = orjson.dumps({"pid": os.getpid(), "command": " ".join(sys.argv[:2])[-80:]})
        os.ftruncate(held, 0)
        os.pwrite(held, note, 0)
        yield
    finally:
        os.close(held)


def _holder(path: Path) -> str:
    try:
        note = orjson.loads(path.read_bytes())
        return f": process {note['pid']} ({note['command']})"
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError):  # it may be writing its note at this moment
        return ""
