"""Reading a file line by line: decoding errors carry a line number, memory does not grow with the file."""

from __future__ import annotations

import codecs
import io
from collections.abc import Callable, Iterator
from pathlib import Path

from engine.errors import DataError

_MARKS = (  # byte order marks; UTF-32's begins as UTF-16's does
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def checked_encoding(name: str) -> str:
    """The name of an encoding, if Python knows it as one of texts.

    Raises:
        DataError: it does not.
    """
    try:
        if "a;\n".encode(name).decode(name) == "a;\n":
            return name
    except (LookupError, UnicodeError):
        pass
    raise DataError(
        f"there is no encoding {name!r}",
        where="--encoding",
        hint="name one that Python knows, such as cp1252, latin-1, utf-16 or shift_jis",
    )


def empty(path: Path) -> DataError:
    """The error of a file with nothing in it."""
    return DataError("the file is empty", where=str(path), hint="give a file with rows")


def lines_of(
    path: Path,
    encoding: str | None,
    *,
    utf8_alone: bool = False,
    on_broken: Callable[[DataError], None],
    on_note: Callable[[str], None],
) -> Iterator[tuple[int, str]]:
    """The file's lines with their numbers, ends kept; a byte order mark says which encoding it is and is dropped.

    Args:
        path: the file.
        encoding: of a file without a byte order mark; None: UTF-8.
        utf8_alone: whether the user has no option that names another one.
        on_broken: is given the error of a line that cannot be decoded, which is passed over unless this raises.
        on_note: is given a sentence where the mark says something other than UTF-8.

    Raises:
        DataError: the file has nothing but blank lines, or is not what its byte order mark says.
    """
    with path.open("rb") as file:
        head = file.read(4)
        mark, name = next(((mark, name) for mark, name in _MARKS if head.startswith(mark)), (b"", encoding or "utf-8"))
        if mark and name != "utf-8":
            on_note(f"{path.name}: read as {name.upper()}, by its byte order mark")
        file.seek(len(mark) if name == "utf-8" else 0)
        blank = True
        hint = "save the file as UTF-8"

        def undecodable(error: DataError) -> None:
            nonlocal blank
            blank = False
            on_broken(error)

        if _like_ascii(name):
            said = "" if utf8_alone else ", or say what it is, e.g. `--encoding cp1252` (Western European Windows)"
            decoded = _by_line(path, file, name, undecodable, f"{hint}{said}")
        else:
            decoded = _wide(path, file, name, hint if utf8_alone else f"{hint}, or name its encoding with --encoding")
        for number, line in decoded:
            blank = blank and not line.strip()
            yield number, line
        if blank:
            raise empty(path)


def _like_ascii(encoding: str) -> bool:
    """Whether a line's end is one byte that is part of no other character."""
    return "a;\n".encode(encoding) == b"a;\n"


def _by_line(
    path: Path, file: io.BufferedReader, encoding: str, on_broken: Callable[[DataError], None], hint: str
) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(file, start=1):
        try:
            yield number, line.decode(encoding)
        except UnicodeDecodeError as error:
            name = "UTF-8" if encoding == "utf-8" else encoding
            what = f"byte {error.start + 1} of the line (0x{line[error.start]:02x}) is not {name}"
            on_broken(DataError(what, where=f"{path}:{number}", hint=hint))


def _wide(path: Path, file: io.BufferedReader, encoding: str, hint: str) -> Iterator[tuple[int, str]]:
    number = 0
    try:
        for number, line in enumerate(io.TextIOWrapper(file, encoding, newline="\n"), start=1):
            yield number, line
    except UnicodeError as error:  # found some lines ahead, for such files are decoded in blocks
        raise DataError(f"what follows line {number} is not {encoding}", where=str(path), hint=hint) from error
