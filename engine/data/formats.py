"""Readers for JSONL, CSV, TSV and Parquet that keep each record's line number.

Every way in which a file can be broken becomes one sentence with file and line. What concerns the whole file refuses
it; what concerns a line or a record goes to the caller, who refuses the file or leaves the record out.
"""

from __future__ import annotations

import csv
import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from typing import Any

from engine.counted import counted
from engine.data.lines import empty, lines_of
from engine.errors import DataError

FileRow = tuple[int, dict[str, Any]]

_MANY = 12  # columns named in a message
_NAME = 30  # characters of a column's name in a message
_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_HEADER_LINES = 20  # a header of quoted names may span some lines
_FEW = 0.01  # share of broken lines in a TSV file that does not make it a quoted one


def _refuse(error: DataError) -> None:
    raise error


@dataclass(frozen=True, slots=True)
class FileRequest:
    """What a reader takes from a file.

    Attributes:
        wanted: columns that must be there. optional: columns that may be. every: all others are read too.
        confidential: messages must not show what could be a row's text.
        encoding: of a file without a byte order mark; None: UTF-8. utf8_alone: no option names another one.
        on_broken: is given the error of a line or record that cannot be used, which is then passed over unless this
            raises.
        lenient: whether it does not raise.
        named_by: the option that names a column which is called otherwise; empty: there is none.
        advice: by column, what else can be done where it is missing.
        on_note: is given a sentence about how the file is read where that is not as its ending says.
    """

    wanted: tuple[str, ...]
    optional: tuple[str, ...] = ()
    every: bool = False
    confidential: bool = False
    encoding: str | None = None
    utf8_alone: bool = False
    on_broken: Callable[[DataError], None] = _refuse
    lenient: bool = False
    named_by: str = ""
    advice: Mapping[str, str] = field(default_factory=dict)
    on_note: Callable[[str], None] = lambda sentence: None

    def lines(self, path: Path) -> Iterator[tuple[int, str]]:
        """The file's lines with their numbers (`lines_of`)."""
        return lines_of(path, self.encoding, utf8_alone=self.utf8_alone, on_broken=self.on_broken, on_note=self.on_note)

    def silent(self) -> FileRequest:
        """The same without errors and notes, for a first look at lines that are read again."""
        return replace(self, on_broken=lambda error: None, on_note=lambda sentence: None)

    def missing(self, names: Sequence[str], where: str) -> DataError | None:
        """What is wrong with a header, or with a record, that has columns of these names."""
        missing = next((name for name in self.wanted if name not in names), None)
        if missing is None:
            return None
        if self.confidential:  # without a header line the names are the texts of a proof row
            hint = "name its columns as in the train file, or with --column"
            return DataError(f"there is no column {missing!r}", where=where, hint=hint)
        shown = ", ".join(map(_shortened, names[:_MANY])) + (", ..." if len(names) > _MANY else "")
        lower = {name.lower(): name for name in names}
        near = get_close_matches(missing.lower(), lower, n=1)
        one = _shortened(lower[near[0]]) if near else "one of them"
        hint = f"name {one}" if self.named_by else f"rename {one} to {missing!r}"
        if near:
            hint += " if that is meant"
        else:
            option = f" ({self.named_by})" if self.named_by else ""
            hint += f"{option}, or {self.advice.get(missing, 'add a header')}"
        return DataError(f"there is no column {missing!r}; there are {shown or 'none'}", where=where, hint=hint)


def records(path: Path, request: FileRequest) -> Iterator[FileRow]:
    """Records of a file with their lines (rows, for Parquet), counted from 1.

    Args:
        path: the file; its ending says how it is read.
        request: which columns, and what to do where something is broken.

    Raises:
        DataError: the file cannot be read, is empty or broken, or lacks a column.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise DataError(
            f"the ending {path.suffix!r} is unknown" if path.suffix else "the file's name has no ending",
            where=str(path),
            hint=f"give a file that ends in {', '.join(_READERS)}",
        )
    try:
        if not path.is_file():
            what = "this is not a file" if path.exists() else "there is no such file"
            raise DataError(what, where=str(path), hint="check the path")
        if path.stat().st_size == 0:
            raise empty(path)
        yield from reader(path, request)
    except OSError as error:
        what = f"the file cannot be read ({error.strerror})"
        raise DataError(what, where=str(path), hint="give yourself permission to read it") from error


def _shortened(name: str) -> str:
    return repr(name) if len(name) <= _NAME else f"{name[:_NAME]!r}..."


def _jsonl(path: Path, request: FileRequest) -> Iterator[FileRow]:
    first = True
    for number, line in request.lines(path):
        if not line.strip():
            continue
        where = f"{path}:{number}"
        if first and line.lstrip().startswith("["):
            raise DataError(
                "this is a JSON list, not one object a line",
                where=where,
                hint="convert it, e.g. with `jq -c '.[]' rows.json > rows.jsonl`",
            )
        first = False
        try:
            record = _json(line, where)
            if error := request.missing(list(record), where):
                raise error
        except DataError as error:
            request.on_broken(error)
        else:
            yield number, record


def _json(line: str, where: str) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except json.JSONDecodeError as error:
        what = f"this line is not JSON ({error.msg} at column {error.colno})"
        raise DataError(what, where=where, hint="correct or remove it") from None
    except (ValueError, RecursionError):
        what = "this line has a number that is too long, or is nested too deep"
        raise DataError(what, where=where, hint="correct or remove it") from None
    if isinstance(record, dict):
        return record
    what = "this is a JSON list, not one object" if isinstance(record, list) else "this line is not a JSON object"
    raise DataError(what, where=where, hint='write {"column": value, ...}')


def _csv(path: Path, request: FileRequest) -> Iterator[FileRow]:
    yield from _table(path, request, _fields(path, request, _separator(path, request, ",")))


def _tsv(path: Path, request: FileRequest) -> Iterator[FileRow]:
    """TSV comes in two kinds: quotes as plain characters (GLUE), or quoted as in CSV (spreadsheets, pandas).

    Where every line has as many tabs as the first, nothing needs quotes: only fields quoted as a whole are unquoted.
    """
    separator = _separator(path, request, "\t")
    if separator != "\t" or _is_quoted(path, request):
        yield from _table(path, request, _fields(path, request, separator))
        return
    lines = ((number, line.rstrip("\r\n")) for number, line in request.lines(path))
    rows = ((number, [_unquoted(cell) for cell in line.split("\t")]) for number, line in lines if line)
    yield from _table(path, request, rows)


def _is_quoted(path: Path, request: FileRequest) -> bool:
    widths = [line.count("\t") for _, line in request.silent().lines(path) if line.strip("\r\n")]
    odd = sum(width != widths[0] for width in widths)
    return odd > (_FEW * len(widths) if request.lenient else 0)


def _separator(path: Path, request: FileRequest, usual: str) -> str:
    """The separator of the columns: that with which the header has the wanted ones, else that which gives most."""
    first = list(islice((line for _, line in request.silent().lines(path) if line.strip()), _HEADER_LINES))
    headers = {}
    for separator in (usual, *_SEPARATORS):
        try:
            row = next(csv.reader(first, delimiter=separator, strict=True), [])
        except csv.Error:
            row = []
        headers[separator] = [name.strip() for name in row]
    wanted = set(request.wanted)
    holding = [separator for separator, names in headers.items() if wanted and wanted <= set(names)]
    widest = max(headers, key=lambda separator: len(headers[separator]))
    found = holding[0] if holding else widest if len(headers[usual]) == 1 else usual
    if found != usual:
        request.on_note(f"{path.name}: the columns are separated by {_SEPARATORS[found]}")
    return found


def _unquoted(cell: str) -> str:
    inner = cell[1:-1]
    quoted = len(cell) >= 2 and cell[0] == cell[-1] == '"' and '"' not in inner.replace('""', "")
    return inner.replace('""', '"') if quoted else cell


def _fields(path: Path, request: FileRequest, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Rows of a quoted file with the line that each starts on, all as wide as the first.

    A broken row costs its first line alone: what a stray quote has swallowed is read again from the next line on.
    """
    csv.field_size_limit(2**31 - 1)  # the default refuses texts above 131,072 characters
    source, again = request.lines(path), deque[tuple[int, str]]()
    row_lines: list[tuple[int, str]] = []

    def take() -> Iterator[str]:
        while (line := again.popleft() if again else next(source, None)) is not None:
            row_lines.append(line)
            yield line[1]

    def pass_over(error: DataError) -> None:
        request.on_broken(error)
        again.extendleft(reversed(row_lines[1:]))
        row_lines.clear()

    width, left = None, True
    while left:
        reader = csv.reader(take(), delimiter=separator, strict=True)
        try:
            for row in reader:
                start = row_lines[0][0]
                width = width or len(row)
                if row and len(row) != width:
                    pass_over(_wrong_width(path, start, len(row), width))
                    continue
                if row:
                    yield start, row
                row_lines.clear()
            left = False
        except csv.Error as error:
            what, hint = f"this row is broken ({error})", "quote the field, and double each quote inside it"
            if "end of data" in str(error):
                what = "a quote that opens here is never closed"
            elif "new-line character" in str(error):
                what, hint = "a carriage return stands alone here", "save the file with line ends of Unix or Windows"
            pass_over(DataError(what, where=f"{path}:{row_lines[0][0]}", hint=hint))


def _wrong_width(path: Path, line: int, fields: int, width: int) -> DataError:
    what = f"this row has {counted(fields, 'field')}, the header {width}"
    return DataError(what, where=f"{path}:{line}", hint="quote fields that hold the separator")


def _table(path: Path, request: FileRequest, rows: Iterator[tuple[int, list[str]]]) -> Iterator[FileRow]:
    start, header = next(rows, (1, []))
    header = [name.strip() for name in header]
    if error := request.missing(header, f"{path}:{start}"):
        raise error
    twice = next((name for name in request.wanted if header.count(name) > 1), None)
    if twice is not None:
        raise DataError(f"there are two columns {twice!r}", where=f"{path}:{start}", hint="rename one of them")
    for number, row in rows:
        if len(row) != len(header):
            request.on_broken(_wrong_width(path, number, len(row), len(header)))
        else:
            yield number, dict(zip(header, row, strict=True))


def _parquet(path: Path, request: FileRequest) -> Iterator[FileRow]:
    import pyarrow as arrow  # 0.4 s that other formats need not pay
    import pyarrow.parquet as parquet

    try:
        with parquet.ParquetFile(path) as file:
            names = file.schema_arrow.names
            if error := request.missing(names, str(path)):
                raise error
            wanted = [name for name in names if request.every or name in request.wanted + request.optional]
            number = 0
            for batch in file.iter_batches(columns=wanted):
                for record in batch.to_pylist():
                    number += 1
                    yield number, record
    except (arrow.ArrowException, UnicodeDecodeError) as error:
        raise DataError(
            "this is not a whole Parquet file, or a text in it is not UTF-8",
            where=str(path),
            hint="write the file again",
        ) from error


def _txt(path: Path, request: FileRequest) -> Iterator[FileRow]:
    """One text a line, in a column called `text`."""
    if error := request.missing(["text"], str(path)):
        raise error
    for number, line in request.lines(path):
        if line.strip():
            yield number, {"text": line.rstrip("\r\n")}


_READERS: dict[str, Callable[[Path, FileRequest], Iterator[FileRow]]] = {
    ".jsonl": _jsonl,
    ".ndjson": _jsonl,
    ".json": _jsonl,
    ".csv": _csv,
    ".tsv": _tsv,
    ".parquet": _parquet,
    ".txt": _txt,
}
