"""All reading and writing of project files: no links out of the project, atomic writes, private permissions.

A project folder may come from a stranger. So nothing in it is reached through a symbolic link: from the project's own
folder on, each folder is opened inside the one before, and only ordinary files of a bounded size are read. A write is
either whole or not there: temporary file, fsync, rename, fsync of the folder. New files have the permissions of the
project's folder for owner and group, and none for others, whatever the umask.

Paths outside a project are named by the user: there links are followed, and the umask decides.
"""

from __future__ import annotations

import codecs
import hashlib
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import IO, Any, TypeVar

import orjson

from engine.errors import FileError
from engine.paths import (
    PLAIN,
    admit,
    in_words,
    located,
    not_ordinary,
    open_or_make,
    open_plain,
    opened,
    projects_around,
    remove_left,
    rights,
    temporary,
)
from engine.shapes import WrongShape

T = TypeVar("T")

_HASHED_AT_ONCE = 4096  # values of an iterator
LARGEST = 1 << 30  # bytes of a file that is read as a whole; a discovery of 200,000 rows has a tenth of it


# Reading


def open_read(path: Path, *, limit: int | None = None) -> IO[bytes]:
    """Open an ordinary file.

    Args:
        path: the file.
        limit: bytes that it may have; None: any number, for who reads it line by line or in place.

    Raises:
        FileNotFoundError: it is not there.
        FileError: it is a link or reached through one, not an ordinary file, too large, or may not be read.
    """
    path = located(path)
    with in_words(path, "read"), opened(path.parent) as folder:
        source = os.fdopen(open_plain(path, folder, os.O_RDONLY), "rb")
    size = os.fstat(source.fileno()).st_size
    if limit is not None and size > limit:
        source.close()
        raise FileError(
            f"the file has {size:,} bytes, and at most {limit:,} are read", where=str(path), hint="restore the file"
        )
    return source


def read_bytes(path: Path, *, limit: int = LARGEST) -> bytes:
    """The whole of an ordinary file.

    Raises:
        FileNotFoundError, FileError: as `open_read`.
    """
    with open_read(path, limit=limit) as source:
        return source.read(limit)


def read_given(path: Path, *, limit: int = LARGEST) -> bytes:
    """The whole of a file that the user names, which may be a pipe (``<(...)``) but is no device without an end.

    Raises:
        FileError: it is not there, is too large, or cannot be read.
    """
    try:
        with path.expanduser().open("rb") as source:
            data = source.read(limit + 1)
    except OSError as error:
        reason = error.strerror or str(error)
    else:
        if len(data) <= limit:
            return data
        reason = f"it has more than {limit:,} bytes"
    raise FileError(f"the file cannot be read ({reason})", where=str(path), hint="name another", reason=reason)


def read_text(path: Path, *, limit: int = LARGEST) -> str:
    """The whole of a UTF-8 file.

    Raises:
        FileNotFoundError, FileError: as `open_read`, or it is not UTF-8.
    """
    try:
        return read_bytes(path, limit=limit).decode().replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise FileError("the file is not UTF-8", where=str(path), hint="save it as UTF-8") from error


def read_lines(path: Path) -> Iterator[bytes]:
    """The lines of a file with their ends, one after the other; none if it is not there.

    Raises:
        FileError: as `open_read`.
    """
    with suppress(FileNotFoundError), open_read(path, limit=LARGEST) as source:
        yield from source


def read_json(path: Path, *, limit: int = LARGEST, hint: str = "restore the file") -> Any:
    """The value in a JSON file, with or without the byte order mark that some Windows editors put in front.

    Args:
        path: the file.
        limit: bytes that it may have.
        hint: what the user can do about a damaged file.

    Raises:
        FileNotFoundError, FileError: as `open_read`, or it is not JSON.
    """
    try:
        return orjson.loads(read_bytes(path, limit=limit).removeprefix(codecs.BOM_UTF8))
    except orjson.JSONDecodeError as error:
        raise FileError(f"this is not valid JSON ({error})", where=str(path), hint=hint) from error


def read_record(path: Path, build: Callable[[Any], T], *, hint: str = "restore the file") -> T:
    """What ``build`` makes of the value in a JSON file.

    Args:
        path: the file.
        build: makes a record of a JSON value; whatever it trips over means that the file is damaged.
        hint: what the user can do about a damaged file.

    Raises:
        FileNotFoundError, FileError: as `read_json`, or ``build`` can make nothing of it.
    """
    value = read_json(path, hint=hint)
    try:
        return build(value)
    except WrongShape as error:
        raise FileError(f"this file is damaged: {error}", where=str(path), hint=hint) from error
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError) as error:
        raise FileError("this file is damaged", where=str(path), hint=hint) from error


def identity(path: Path) -> tuple[int, int, int] | None:
    """Inode, time of change (ns) and size of a file as it is now: equal means unchanged. None: there is no file.

    Raises:
        FileError: the folder may not be searched.
    """
    with suppress(FileNotFoundError), in_words(path, "read"):
        found = path.lstat()
        return found.st_ino, found.st_mtime_ns, found.st_size
    return None


def find_files(folder: Path, pattern: str) -> list[Path]:
    """What lies in a folder by the names of ``pattern`` (of `Path.glob`), sorted; nothing if there is no such folder.

    Raises:
        FileError: the folder is a link or reached through one, or may not be read.
    """
    with suppress(FileNotFoundError), in_words(folder, "read"), opened(located(folder)):
        return sorted(folder.glob(pattern))
    return []


def checked(path: Path) -> Path:
    """A file or folder of a project, for libraries that open it by themselves: no link leads to it, and none is in it.

    Raises:
        FileNotFoundError: it is not there.
        FileError: it is reached through a link, or it or something in it is not an ordinary file or folder.
    """
    found = located(path)
    with in_words(found, "read"), opened(found.parent):
        for inner in (found, *found.rglob("*")) if projects_around(found) else ():
            mode = inner.lstat().st_mode
            if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                raise not_ordinary(inner)
    return path


def lines_of_file(path: Path, size: int | None = None) -> Iterator[bytes]:
    """The lines of a file of any size with their ends, or of its first ``size`` bytes.

    Raises:
        FileNotFoundError, FileError: as `open_read`.
    """
    with open_read(path) as source:
        for line in source:
            if size is not None:
                if size <= 0:
                    return
                size -= len(line)
            yield line


def sha256_file(path: Path, size: int | None = None) -> str:
    """Hex sha256 of a file's bytes, or of its first ``size``.

    Raises:
        FileNotFoundError, FileError: as `open_read`.
    """
    digest = hashlib.sha256()  # hashlib.file_digest needs Python 3.11; 3.10 is supported
    with open_read(path) as source:
        while block := source.read(1 << 20 if size is None else min(size, 1 << 20)):
            digest.update(block)
            size = None if size is None else size - len(block)
    return digest.hexdigest()


def remembered_sha256(path: Path) -> str:
    """The same of a whole file, which is not read again by this process while its size and times stay.

    The time of the last change of the entry itself (``ctime``) is among them: nobody can set that back.

    Raises:
        FileNotFoundError, FileError: as `open_read`.
    """
    found = path.stat()
    return _hash_of(path, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


@lru_cache(maxsize=4096)
def _hash_of(path: Path, size: int, mtime_ns: int, ctime_ns: int) -> str:
    return sha256_file(path)  # 0.25 s for the 90 MB of MiniLM


# Writing


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A file to write that becomes ``path`` when the block ends; if it raises, the old one stays.

    A reader, or a machine that lost power, sees the old or the new file. What a killed process left of an earlier
    attempt is removed. In a project a pipe gives way to the file; outside pipes and devices stay.

    Raises:
        FileError: it cannot be written there.
    """
    path = located(path)
    with in_words(path, "written"), opened(path.parent, make=True) as folder:
        with suppress(FileNotFoundError):
            mode = os.stat(path.name, dir_fd=folder, follow_symlinks=False).st_mode
            if stat.S_ISLNK(mode) or not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or projects_around(path)):
                raise not_ordinary(path)  # renaming would put a file in the place of /dev/null
        remove_left(folder, path.name)
        handle, name = temporary(folder, path.name, rights(path))
        try:
            with os.fdopen(handle, "wb") as out:
                admit(path, handle)
                yield out
                out.flush()
                os.fsync(handle)
                os.rename(name, path.name, src_dir_fd=folder, dst_dir_fd=folder)  # while its lock shows that it lives
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(name, dir_fd=folder)
            raise
        os.fsync(folder)


def write_atomic(path: Path, data: bytes) -> None:
    """Replace ``path`` by ``data``, see `replacing`.

    Raises:
        FileError: it cannot be written there.
    """
    with replacing(path) as out:
        out.write(data)


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as indented JSON, atomically.

    Raises:
        FileError: it cannot be written there.
    """
    write_atomic(path, orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def write_jsonl(path: Path, rows: Iterable[Any]) -> None:
    """Write one JSON value a line, atomically.

    Raises:
        FileError: it cannot be written there.
    """
    with replacing(path) as out:
        out.writelines(orjson.dumps(row) + b"\n" for row in rows)


def open_append(path: Path) -> int:
    """A descriptor that appends to a file, which is made, durably, if it is not there.

    Raises:
        FileError: it is a link or reached through one, not an ordinary file, or cannot be written.
    """
    path = located(path)
    with in_words(path, "written"), opened(path.parent, make=True) as folder:
        return open_or_make(path, folder, os.O_RDWR | os.O_APPEND)


def create_alone(path: Path, data: bytes) -> bool:
    """Make a file that is not there yet, and say whether this process made it; it is not waited for the disk.

    For what need not outlive the machine, such as who is at work on what.

    Raises:
        FileError: as `open_append`.
    """
    path = located(path)
    with in_words(path, "written"), opened(path.parent, make=True) as folder:
        try:
            handle = os.open(path.name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | PLAIN, rights(path), dir_fd=folder)
        except FileExistsError:
            return False
        try:
            admit(path, handle)
            _write(handle, data)
        finally:
            os.close(handle)
        return True


def make_file(path: Path) -> Path:
    """Make a file, for libraries that open it by themselves; it may be there already.

    Raises:
        FileError: as `open_append`.
    """
    os.close(open_append(path))
    return path


def reserve(path: Path) -> None:
    """Take the room on the disk that a file seems to have: writing into a hole of a mapped one may kill the process.

    Raises:
        FileError: as `open_append`, or the disk is full.
    """
    handle = open_append(path)
    try:
        if hasattr(os, "posix_fallocate"):
            with in_words(path, "written"):
                os.posix_fallocate(handle, 0, os.fstat(handle).st_size)
    finally:
        os.close(handle)


def append_line(path: Path, line: bytes, *, durable: bool = False, at: int | None = None) -> int:
    """Append a line, in one call, so that several processes may do it at once.

    If a process before us died inside a write, its line is ended first.

    Args:
        path: the file; made if it is not there.
        line: without its end.
        durable: wait until it is on the disk.
        at: where the file ends, for who is the only one to write it: what lies behind is cut off, and so is the line if
            it cannot be written.

    Returns:
        The size of the file then, in bytes.

    Raises:
        FileError: as `open_append`, or the disk is full.
    """
    handle = open_append(path)
    try:
        with in_words(path, "written"):
            end = os.lseek(handle, 0, os.SEEK_END)
            if at is not None and end > at:
                os.ftruncate(handle, at)
                end = at
            torn = bool(end) and os.pread(handle, 1, end - 1) != b"\n"
            try:
                _write(handle, b"\n" * torn + line + b"\n")
                if durable:
                    os.fsync(handle)
            except OSError:
                if at is not None:
                    os.ftruncate(handle, at)
                raise
            return end + torn + len(line) + 1
    finally:
        os.close(handle)


def extend(path: Path, at: int, data: Iterable[bytes]) -> None:
    """Write durably behind the first ``at`` bytes of a file, whatever lies there: for who is the only one to write it.

    Raises:
        FileError: as `open_append`, or the disk is full; then the file ends at ``at``.
    """
    handle = open_append(path)
    try:
        with in_words(path, "written"):
            os.ftruncate(handle, at)
            try:
                with os.fdopen(handle, "ab", closefd=False) as out:
                    out.writelines(data)
                os.fsync(handle)
            except OSError:
                os.ftruncate(handle, at)
                raise
    finally:
        os.close(handle)


def truncate(path: Path, size: int) -> None:
    """Cut a file off at ``size`` bytes, and wait until that is on the disk.

    Raises:
        FileError: as `open_append`.
    """
    handle = open_append(path)
    try:
        with in_words(path, "written"):
            os.ftruncate(handle, size)
            os.fsync(handle)
    finally:
        os.close(handle)


def open_lock(path: Path) -> int:
    """A descriptor of a lock file, made if it is not there; for reading alone where more is not allowed.

    Raises:
        FileError: it is a link or reached through one, not an ordinary file, or cannot be made.
    """
    path = located(path)
    with in_words(path, "written"), opened(path.parent, make=True) as folder:
        try:
            return open_or_make(path, folder, os.O_RDWR)
        except PermissionError as refused:  # of another person, who let us read it: that is enough for a lock
            try:
                return open_plain(path, folder, os.O_RDONLY)
            except FileNotFoundError:  # it cannot be made in this folder, and that is what is to be said
                raise refused from None


def make_folder(path: Path) -> Path:
    """Make a folder, and those above it, durably; it may be there already.

    Raises:
        FileError: it cannot be made there.
    """
    with in_words(path, "written"), opened(located(path), make=True):
        return path


def publish(made: Path, path: Path) -> None:
    """Give a finished file or folder its name: durably, and open to whom its project is open to, whoever wrote it.

    Raises:
        FileError: it cannot be renamed.
    """
    made, path = located(made), located(path)
    with in_words(path, "written"), opened(path.parent, make=True) as folder:
        for inner in (*made.rglob("*"), made):
            handle = os.open(inner, os.O_RDONLY | PLAIN)
            try:
                admit(inner, handle)
                os.fsync(handle)
            finally:
                os.close(handle)
        os.rename(made, path.name, dst_dir_fd=folder)
        os.fsync(folder)


def remove(path: Path) -> None:
    """Remove a file; nothing happens if it is not there.

    Raises:
        FileError: it is reached through a link, or may not be removed.
    """
    path = located(path)
    with suppress(FileNotFoundError), in_words(path, "removed"), opened(path.parent) as folder:
        os.unlink(path.name, dir_fd=folder)


def remove_folder(path: Path, aside: str) -> None:
    """Remove a folder with all that is in it: renamed first, so that what is left after a kill is nobody's.

    Args:
        path: the folder; nothing happens if it is not there.
        aside: its name while it is emptied, in the same place. What an earlier kill has left there goes first.

    Raises:
        FileError: it is a link or reached through one, or may not be removed.
    """
    path = located(path)
    with suppress(FileNotFoundError), in_words(path, "removed"), opened(path.parent) as folder:
        os.close(os.open(path.name, os.O_RDONLY | os.O_DIRECTORY | PLAIN, dir_fd=folder))
        if aside != path.name:
            with suppress(FileNotFoundError):
                os.stat(aside, dir_fd=folder, follow_symlinks=False)
                _remove_all(aside, folder)
        os.rename(path.name, aside, src_dir_fd=folder, dst_dir_fd=folder)
        os.fsync(folder)
        _remove_all(aside, folder)
        os.fsync(folder)


def _remove_all(name: str, folder: int) -> None:
    """Remove a folder inside an open one; no link in it is followed."""
    for _, folders, files, inner in os.fwalk(name, topdown=False, dir_fd=folder):
        for file in files:
            os.unlink(file, dir_fd=inner)
        for empty in folders:
            os.rmdir(empty, dir_fd=inner)
    os.rmdir(name, dir_fd=folder)


def content_key(*parts: Any) -> str:
    """A short hash (16 hex digits) that names a result by everything it was made from.

    Parts must be JSON values; equal parts give an equal key on every machine. An iterator counts as the list of what it
    gives, and is gone through a few thousand values at a time.
    """
    digest = hashlib.sha256()
    for number, part in enumerate(parts):
        digest.update(b"," if number else b"[")
        if isinstance(part, Iterator):
            _update_with_list(digest, part)
        else:
            digest.update(orjson.dumps(part, option=orjson.OPT_SORT_KEYS))
    digest.update(b"]" if parts else b"[]")
    return digest.hexdigest()[:16]


def _update_with_list(digest: hashlib._Hash, values: Iterator[Any]) -> None:
    before = b"["
    while some := list(islice(values, _HASHED_AT_ONCE)):
        digest.update(before + orjson.dumps(some, option=orjson.OPT_SORT_KEYS)[1:-1])
        before = b","
    digest.update(b"]" if before == b"," else b"[]")


def _write(handle: int, data: bytes) -> None:
    """All of it: one call writes less than it was given only where the disk is full."""
    while data:
        data = data[os.write(handle, data) :]
