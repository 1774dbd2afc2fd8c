"""Opening paths inside a project without following links, and the permissions of new files; for `engine.files` only.

From the outermost project folder on, each folder is opened inside the one before, without following a link (openat
with O_NOFOLLOW), so what lies between look and use cannot be exchanged either.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from engine.errors import FileError

SETTINGS_FILE = "blindspot.toml"  # whatever folder holds it is a project's
PLAIN = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # a pipe would wait for its other end

_MAKING = 1.0  # seconds; a new folder has its rights within one, however busy the machine is
_TAIL = 8  # hex digits of a temporary file's name
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
REFUSED = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT)
"""Errors of the system that a user can mend."""
_HINTS = {
    errno.ENOSPC: "free disk space",
    errno.EDQUOT: "free disk space",
    errno.EISDIR: "move the folder away",
    errno.ENOTDIR: "move away what is in the place of its folder",
    errno.EROFS: "copy the project to a place that you may write to",
}


def projects_around(path: Path) -> list[Path]:
    """The project folders around a path, the innermost first; its settings make a folder one, with their first byte."""
    found, here = [], os.path.dirname(path)  # noqa: PTH120 - a Path a folder takes ten times as long, at every write
    own = path.name == SETTINGS_FILE
    while here:
        if own or os.path.lexists(f"{here}/{SETTINGS_FILE}"):
            found.append(Path(here))
        own, above = False, os.path.dirname(here)  # noqa: PTH120
        if above == here:
            break
        here = above
    return found


def located(path: Path) -> Path:
    """The absolute path; outside of projects links are followed, to their end."""
    path = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow the links that are to be refused
    return path if projects_around(path / "_") else Path(os.path.realpath(path))


@contextmanager
def opened(path: Path, *, make: bool = False) -> Iterator[int]:
    """A descriptor of a folder, reached from the outermost project's without following a link."""
    projects = projects_around(path / "_")
    start = projects[-1] if projects else next(one for one in (path, *path.parents) if one.exists() or not make)
    handle = os.open(start, _FOLDER)
    try:
        reached = start
        for name in path.relative_to(start).parts:
            reached = reached / name
            inner = _enter(reached, handle, make=make)
            os.close(handle)
            handle = inner
        yield handle
    finally:
        os.close(handle)


def _enter(path: Path, parent: int, *, make: bool) -> int:
    try:
        return _open_folder(path.name, parent, os.W_OK if make else os.R_OK)
    except FileNotFoundError:
        if not make:
            raise
    with suppress(FileExistsError):  # another process made it at this moment
        os.mkdir(path.name, rights(path, folder=True), dir_fd=parent)
        handle = os.open(path.name, _FOLDER | os.O_NOFOLLOW, dir_fd=parent)
        admit(path, handle)
        os.fsync(parent)
        return handle
    return _open_folder(path.name, parent, os.W_OK)


def _open_folder(name: str, parent: int, needed: int) -> int:
    try:
        handle = os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=parent)
    except PermissionError:
        _wait_for_maker(name, parent, needed)
        return os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=parent)
    _wait_for_maker(name, parent, needed)
    return handle


def _wait_for_maker(name: str, parent: int, needed: int) -> None:
    """Wait, if another person is making this: until `admit`, it lacks the rights that their umask takes."""
    with suppress(FileNotFoundError):
        while not os.access(name, needed, dir_fd=parent):
            age = time.time() - os.stat(name, dir_fd=parent, follow_symlinks=False).st_ctime
            if abs(age) > _MAKING:  # a clock of another machine may differ by more; then nobody waits
                return
            time.sleep(0.001)


def open_plain(path: Path, folder: int, flags: int) -> int:
    """A descriptor of an ordinary file, by its name in an opened folder."""
    handle = os.open(path.name, flags | PLAIN, dir_fd=folder)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise not_ordinary(path)
    return handle


def open_or_make(path: Path, folder: int, flags: int) -> int:
    """The same of a file that is made, durably, if it is not there."""
    try:
        handle = os.open(path.name, flags | os.O_CREAT | os.O_EXCL | PLAIN, rights(path), dir_fd=folder)
    except FileExistsError:
        _wait_for_maker(path.name, folder, os.W_OK)
        return open_plain(path, folder, flags)
    admit(path, handle)
    os.fsync(folder)
    return handle


def temporary(folder: int, name: str, mode: int) -> tuple[int, str]:
    """A new file beside ``name``, locked for as long as it is written: what is not locked was left by the dead."""
    while True:
        temporary = f".{name}.{secrets.token_hex(_TAIL // 2)}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | PLAIN
        handle = os.open(temporary, flags, mode, dir_fd=folder)
        with suppress(OSError):  # a file system without locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        if os.fstat(handle).st_nlink:
            return handle, temporary
        os.close(handle)  # another writer took it for one that was left, before the lock was on it


def remove_left(folder: int, name: str) -> None:
    """Remove what killed processes left of attempts to write a file, and nothing that is being written."""
    prefix = f".{name}."
    for left in os.listdir(folder):
        if left.startswith(prefix) and len(left) == len(prefix) + _TAIL and "." not in left[len(prefix) :]:
            with suppress(OSError):  # it is being written, or not ours to remove
                handle = os.open(left, os.O_RDONLY | PLAIN, dir_fd=folder)
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    os.unlink(left, dir_fd=folder)
                finally:
                    os.close(handle)


def rights(path: Path, *, folder: bool = False) -> int:
    """The mode of what is made at a path: in a project that of its folder, without its rights for all others."""
    projects = projects_around(path)
    if not projects:
        return 0o777 if folder else 0o666  # the umask takes from it
    group = projects[0].stat().st_mode & 0o070
    if group & 0o020:
        return 0o2770 if folder else 0o660
    if group & 0o040:
        return 0o750 if folder else 0o640
    return 0o700 if folder else 0o600


def admit(path: Path, handle: int) -> None:
    """Let into what we made, open as ``handle``, whom its project lets in: mode, and the group that it is for."""
    projects = projects_around(path)
    if not projects:
        return
    made, project = os.fstat(handle), projects[0].stat()
    if made.st_uid != os.geteuid() and os.geteuid() != 0:
        return  # of another person, who has seen to it
    mode = rights(path, folder=stat.S_ISDIR(made.st_mode))
    if mode & 0o070 and made.st_gid != project.st_gid:
        with suppress(PermissionError):  # we are not in that group
            os.fchown(handle, -1, project.st_gid)
    os.fchmod(handle, mode)


def is_read_only(project: Path) -> bool:
    """Whether this user, or this disk, lets nothing be written in a project's folder."""
    return not os.access(project, os.W_OK)


def not_ordinary(path: Path) -> FileError:
    """What is said of a link, a pipe or a device."""
    what = "this is a symbolic link" if _is_link(path) else "this is not an ordinary file"
    if not projects_around(path):
        return FileError(what, where=str(path), hint="name a file")
    hint = "put a file or folder itself there, or remove it"
    return FileError(f"{what}, and nothing in a project may be one", where=str(path), hint=hint)


def _is_link(path: Path) -> bool:
    try:
        return path.is_symlink()
    except OSError:  # it lies in a folder that may not be searched
        return False


@contextmanager
def in_words(path: Path, done: str) -> Iterator[None]:
    """Turns errors of the system into sentences, but for a file that is not there to be read."""
    try:
        yield
    except OSError as error:
        if done != "written" and error.errno == errno.ENOENT:
            raise
        for project in projects_around(path / "_")[-1:]:
            for link in (path, *path.parents):
                if project in link.parents and _is_link(link):
                    raise not_ordinary(link) from error
        hint = _HINTS.get(error.errno or 0, "give yourself permission")
        reason = error.strerror or str(error)
        if done == "written" and any(is_read_only(project) for project in projects_around(path / "_")[:1]):
            reason = "the project is read-only"
        raise FileError(f"this cannot be {done} ({reason})", where=str(path), hint=hint, reason=reason) from error
