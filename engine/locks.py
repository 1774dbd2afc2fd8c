"""File locks (flock) that the kernel releases when their process ends.

The lock itself is flock's, for which reading is enough. Beside it the holder marks the file with a shared lock of the
open file (Linux's F_OFD_SETLK), which can be asked for without taking anything: so a look is in nobody's way.
"""

from __future__ import annotations

import fcntl
import os
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from engine.errors import BlindspotError, FileError
from engine.files import open_lock, open_read

_MARK = "hhqqi0q"  # struct flock: type, whence, start, length (0: to the end), process
_RETRY_SECONDS = 0.01


def acquire(path: Path, *, patience: float = 0.0) -> int | None:
    """Lock the file for as long as the returned descriptor (or a child's copy of it) is open; None if it is taken.

    Args:
        path: made if it is not there.
        patience: seconds to wait for whoever has it.

    Raises:
        FileError: it cannot be opened or made.
    """
    end = time.monotonic() + patience
    lock = open_lock(path)
    try:
        while True:
            with suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            if time.monotonic() >= end:
                os.close(lock)
                return None
            time.sleep(_RETRY_SECONDS)
        _mark(lock)
    except BaseException:
        os.close(lock)
        raise
    return lock


@contextmanager
def holding(path: Path, taken: BlindspotError, *, patience: float) -> Iterator[None]:
    """Hold the lock of a file while the block runs, so that what it reads and writes is one step for all others.

    Args:
        path: made if it is not there.
        taken: raised if another process keeps the lock for longer than ``patience``.
        patience: seconds to wait for whoever has it.

    Raises:
        BlindspotError: ``taken``.
        FileError: as `acquire`.
    """
    lock = acquire(path, patience=patience)
    if lock is None:
        raise taken
    try:
        yield
    finally:
        os.close(lock)


def is_held(path: Path) -> bool:
    """Whether some process holds the lock. Nothing is made, written or locked for it."""
    try:
        look = open_read(path)
    except (FileNotFoundError, FileError):  # what may not be read is not ours to resume either
        return False
    with look:
        if hasattr(fcntl, "F_OFD_GETLK"):
            with suppress(OSError):  # a file system that knows no such locks
                answer = fcntl.fcntl(look, fcntl.F_OFD_GETLK, _request(fcntl.F_WRLCK))
                return bool(struct.unpack(_MARK, answer)[0] != fcntl.F_UNLCK)
        try:  # macOS: a look takes the lock for a moment, which is why `acquire` has patience
            fcntl.flock(look, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _mark(lock: int) -> None:
    if hasattr(fcntl, "F_OFD_SETLK"):
        with suppress(OSError):  # as above
            fcntl.fcntl(lock, fcntl.F_OFD_SETLK, _request(fcntl.F_RDLCK))


def _request(kind: int) -> bytes:
    return struct.pack(_MARK, kind, os.SEEK_SET, 0, 0, 0)
