"""Locks that say who lives: held through an open file, freed by the kernel when the process ends, however it ends."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


def acquire(path: Path) -> int | None:
    """Lock the file for as long as the returned descriptor (or a child's copy of it) is open; None if it is taken."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        return None
    return fd


def is_held(path: Path) -> bool:
    """Whether some process holds the lock."""
    if not path.is_file():
        return False
    fd = acquire(path)
    if fd is None:
        return True
    os.close(fd)
    return False
