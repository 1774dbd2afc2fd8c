"""Records of JSONL, CSV, TSV and Parquet files, each with the line that it starts on.

A file is read whole or refused: every way in which it can be broken becomes one sentence with file and line.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from engine.errors import DataError

Record = tuple[int, dict[str, Any]]

_MANY = 12  # columns named in a message
_NAME = 30  # characters of a column's name in a message


def records(
    path: Path, wanted: Sequence[str], *, optional: Sequence[str] = (), confidential: bool = False
) -> Iterator[Record]:
    """Records of a file with their lines (rows, for Parquet), counted from 1.

    Args:
        path: the file; its ending says how it is read.
        wanted: columns that must be there.
        optional: columns that may be.
        confidential: messages must not show what could be a row's text.

    Raises:
        DataError: the file cannot be read, is empty or broken, or lacks a column.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise DataError(
            f"the ending {path.suffix!r} is unknown" if path.suffix else "the file's name has no ending",
            where=str(path),
            mend=f"give a file that ends in {', '.join(_READERS)}",
        )
    try:
        if not path.is_file():
            what = "this is not a file" if path.exists() else "there is no such file"
            raise DataError(what, where=str(path), mend="check the path")
        if path.stat().st_size == 0:
            raise DataError("the file is empty", where=str(path), mend="give a file with rows")
        yield from reader(path, _Columns(tuple(wanted), tuple(optional), confidential))
    except OSError as error:
        what = f"the file cannot be read ({error.strerror})"
        raise DataError(what, where=str(path), mend="give yourself the right to read it") from error


@dataclass(frozen=True, slots=True)
class _Columns:
    """The columns that are asked for; refuses a header or a record that lacks one."""

    wanted: tuple[str, ...]
    optional: tuple[str, ...]
    confidential: bool

    def check(self, names: Sequence[str], where: str) -> None:
        missing = next((name for name in self.wanted if name not in names), None)
        if missing is None:
            return
        if len(names) == 1 and any(mark in names[0] for mark in ";\t|"):
            raise DataError(
                f"there is no column {missing!r}, and the columns seem to be parted by another sign",
                where=where,
                mend="save the file with commas, or as .tsv if it has tabs",
            )
        if self.confidential:  # without a header line the names are the texts of a proof row
            raise DataError(
                f"there is no column {missing!r}", where=where, mend="name its columns as in the train file"
            )
        shown = ", ".join(map(_shortened, names[:_MANY])) + (", ..." if len(names) > _MANY else "")
        lower = {name.lower(): name for name in names}
        near = get_close_matches(missing.lower(), lower, n=1)
        raise DataError(
            f"there is no column {missing!r}; there are {shown or 'none'}",
            where=where,
            mend=f"name {_shortened(lower[near[0]])} if that is meant" if near else "name one of them, or add a header",
        )


def _shortened(name: str) -> str:
    return repr(name) if len(name) <= _NAME else f"{name[:_NAME]!r}..."


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """The file's lines, decoded one by one, ends kept; a byte order mark is dropped."""
    raw = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    if not raw.strip():
        raise DataError("the file is empty", where=str(path), mend="give a file with rows")
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise DataError(
            "the file is UTF-16", where=str(path), mend="save it as UTF-8, e.g. with `iconv -f utf-16 -t utf-8`"
        )
    for number, line in enumerate(io.BytesIO(raw), start=1):
        try:
            yield number, line.decode("utf-8")
        except UnicodeDecodeError as error:
            raise DataError(f"byte {error.start + 1} of the line (0x{line[error.start]:02x}) is not UTF-8",
                            where=f"{path}:{number}",
                            mend="save the file as UTF-8, e.g. with `iconv -f latin1 -t utf-8`") from None  # fmt: skip


def _jsonl(path: Path, columns: _Columns) -> Iterator[Record]:
    for number, line in _lines(path):
        if not line.strip():
            continue
        where = f"{path}:{number}"
        record = _json(line, where) if number > 1 or not line.lstrip().startswith("[") else []
        if isinstance(record, list):
            raise DataError("this is a JSON list, not one object a line", where=where,
                            mend="convert it, e.g. with `jq -c '.[]' rows.json > rows.jsonl`")  # fmt: skip
        if not isinstance(record, dict):
            raise DataError("this line is not a JSON object", where=where, mend='write {"column": value, ...}')
        columns.check(list(record), where)
        yield number, record


def _json(line: str, where: str) -> Any:
    try:
        return json.loads(line)
    except json.JSONDecodeError as error:
        what = f"this line is not JSON ({error.msg} at column {error.colno})"
    except (ValueError, RecursionError):
        what = "this line has a number that is too long, or is nested too deep"
    raise DataError(what, where=where, mend="correct or remove it")


def _csv(path: Path, columns: _Columns) -> Iterator[Record]:
    yield from _table(path, columns, _fields(path, ","))


def _tsv(path: Path, columns: _Columns) -> Iterator[Record]:
    """TSV comes in two kinds: quotes as plain characters (GLUE), or quoted as in CSV (spreadsheets, pandas).

    Where every line has as many tabs as the first, nothing needs quotes: only fields quoted as a whole are unquoted.
    """
    lines = ((number, line.rstrip("\r\n")) for number, line in _lines(path))
    rows = [(number, line.split("\t")) for number, line in lines if line]
    if any(len(row) != len(rows[0][1]) for _, row in rows):
        yield from _table(path, columns, _fields(path, "\t"))
    else:
        yield from _table(path, columns, ((number, [_unquoted(cell) for cell in row]) for number, row in rows))


def _unquoted(cell: str) -> str:
    inner = cell[1:-1]
    quoted = len(cell) >= 2 and cell[0] == cell[-1] == '"' and '"' not in inner.replace('""', "")
    return inner.replace('""', '"') if quoted else cell


def _fields(path: Path, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Rows of a quoted file with the line that each starts on."""
    csv.field_size_limit(2**31 - 1)  # the default refuses texts above 131,072 characters
    reader = csv.reader((line for _, line in _lines(path)), delimiter=delimiter, strict=True)
    start = 1
    try:
        for row in reader:
            if row:
                yield start, row
            start = reader.line_num + 1
    except csv.Error as error:
        open_quote = "end of data" in str(error)
        what = "a quote that opens here is never closed" if open_quote else f"this row is broken ({error})"
        mend = "quote the field, and double each quote inside it"
        raise DataError(what, where=f"{path}:{start}", mend=mend) from None


def _table(path: Path, columns: _Columns, rows: Iterator[tuple[int, list[str]]]) -> Iterator[Record]:
    start, header = next(rows)
    header = [name.strip() for name in header]
    columns.check(header, f"{path}:{start}")
    twice = next((name for name in columns.wanted if header.count(name) > 1), None)
    if twice is not None:
        raise DataError(f"there are two columns {twice!r}", where=f"{path}:{start}", mend="rename one of them")
    for number, row in rows:
        if len(row) != len(header):
            raise DataError(f"this row has {len(row)} fields, the header {len(header)}", where=f"{path}:{number}",
                            mend="quote fields that hold the separator")  # fmt: skip
        yield number, dict(zip(header, row, strict=True))


def _parquet(path: Path, columns: _Columns) -> Iterator[Record]:
    import pyarrow as arrow  # 0.4 s that other formats need not pay
    import pyarrow.parquet as parquet

    try:
        with parquet.ParquetFile(path) as file:
            names = file.schema_arrow.names
            columns.check(names, str(path))
            wanted = [name for name in names if name in columns.wanted + columns.optional]
            number = 0
            for batch in file.iter_batches(columns=wanted):
                for record in batch.to_pylist():
                    number += 1
                    yield number, record
    except (arrow.ArrowException, UnicodeDecodeError) as error:
        raise DataError("this is not a whole Parquet file, or a text in it is not UTF-8", where=str(path),
                        mend="write the file again") from error  # fmt: skip


_READERS: dict[str, Callable[[Path, _Columns], Iterator[Record]]] = {
    ".jsonl": _jsonl,
    ".ndjson": _jsonl,
    ".json": _jsonl,
    ".csv": _csv,
    ".tsv": _tsv,
    ".parquet": _parquet,
}
