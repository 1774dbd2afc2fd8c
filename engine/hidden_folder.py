"""A folder in which another is made before it appears under its name: hidden, and gone when that is done.

After a kill it stays. Then the next attempt at the same name finds that nobody holds its lock, and removes it.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from engine.errors import FileError
from engine.files import make_folder
from engine.locks import acquire

_LOCK = "making.lock"  # held for as long as the folder is used


@contextmanager
def hidden_folder(place: Path, name: str, *, mode: int | None = None) -> Iterator[Path]:
    """An empty folder, ``.NAME.0123abcd.making``, that is removed when the block ends, however it does.

    Args:
        place: where it is made; parents that are not there are made too.
        name: of what is made in it.
        mode: permissions; None: as the umask says.

    Raises:
        FileError: it cannot be made.
    """
    lock = None
    while lock is None:  # one that another process takes for left, before the lock is on it, is given up
        folder = make_folder(place / f".{name}.{secrets.token_hex(4)}.making")
        lock = _locked(folder)
    try:
        if mode is not None:
            folder.chmod(mode)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def left_folders(place: Path, name: str) -> Iterator[Path]:
    """Folders of the same name that killed processes left; each is removed after it was looked at."""
    with suppress(OSError, FileError):  # there is no such place, or it is another person's
        for left in list(place.iterdir()):
            if not re.fullmatch(rf"\.{re.escape(name)}\.[0-9a-f]{{8}}\.making", left.name) or left.is_symlink():
                continue
            lock = _locked(left)
            if lock is not None:
                try:
                    yield left
                    shutil.rmtree(left, ignore_errors=True)
                finally:
                    os.close(lock)


def _locked(folder: Path) -> int | None:
    return acquire(folder / _LOCK)
