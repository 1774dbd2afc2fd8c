"""Converting and validating the rows of a user's file into `Example`s.

Every example has a text that shows something, a label that is not empty, and an id of its own within the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from engine.data.formats import FileRequest, records
from engine.errors import DataError
from engine.progress import Monitor, Silent
from engine.schema import Example, Record, SplitName
from engine.text import normalise, visible

_REPORTED = 2_000  # rows between two words about progress


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns of the user's files hold what."""

    text: str
    label: str
    pair: str | None = None

    def __post_init__(self) -> None:
        """Refuse one column used twice."""
        named = {"--text": self.text, "--label": self.label, "--pair": self.pair}
        for option, column in named.items():
            twin = next((other for other, name in named.items() if other != option and name == column), None)
            if twin is not None and column is not None:
                raise DataError(
                    f"{option} and {twin} both name the column {column!r}", hint="name two different columns"
                )

    @property
    def names(self) -> tuple[str, ...]:
        """All columns named."""
        return (self.text, self.label) if self.pair is None else (self.text, self.pair, self.label)

    @property
    def by_role(self) -> dict[str, str]:
        """The columns by what they hold, as a manifest names them."""
        return {"text": self.text, "label": self.label} | ({} if self.pair is None else {"pair": self.pair})


@dataclass(frozen=True, slots=True)
class FileOptions:
    """How one file is read.

    Attributes:
        columns: of its own, or of all files.
        encoding: where it is not UTF-8 and has no byte order mark.
        labels: label in the file -> label of the task; others stay as they are.
        skip_bad: leave out what cannot be used instead of refusing the file. drop_duplicates: so with repeated ids.
    """

    columns: Columns
    encoding: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    skip_bad: bool = False
    drop_duplicates: bool = False


@dataclass(frozen=True, slots=True)
class LeftOut(Record):
    """A row that is not in the project. It has no text: that of a held-out row must not be seen anywhere."""

    split: SplitName
    place: str
    reason: str


@dataclass(frozen=True, slots=True)
class Source:
    """A file's rows, and the line (row, for Parquet) that each came from.

    Attributes:
        left_out: rows that are not among them. told: how the file was read, where that is not as usual.
        mapped: labels of the file that were replaced.
    """

    path: Path
    examples: list[Example]
    lines: list[int]
    left_out: list[LeftOut] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    mapped: set[str] = field(default_factory=set)

    def only(self, examples: list[Example]) -> Source:
        """The source with those of its rows alone."""
        line_of = {example.id: line for example, line in zip(self.examples, self.lines, strict=True)}
        lines = [line_of[example.id] for example in examples]
        return Source(self.path, examples, lines, self.left_out, self.told, self.mapped)

    def where(self, index: int) -> str:
        """Place of a row for a message: file and line."""
        return _place(self.path, self.lines[index])


def read_rows(path: Path, *, text: str, label: str, pair: str | None = None, split: SplitName) -> list[Example]:
    """Read a labelled file: JSONL, CSV, TSV or Parquet by its ending.

    Args:
        path: the file.
        text: column of the text.
        label: column of the label.
        pair: column of the second text of a pair.
        split: names rows without a column `id`: ``<split>-<row number>``.

    Returns:
        The rows in file order. Labels are texts: whole numbers and true/false become their digits and words.

    Raises:
        DataError: naming file and line of the first row that cannot be used.
    """
    return read_source(path, FileOptions(Columns(text, label, pair)), split).examples


def read_source(path: Path, options: FileOptions, split: SplitName, *, monitor: Monitor | None = None) -> Source:
    """Like `read_rows`, with the line of each row, and with what is left out if the options allow that."""
    source, columns, monitor = Source(path, [], []), options.columns, monitor or Silent()
    seen: dict[str, int] = {}
    first: list[DataError] = []

    def bad(error: DataError) -> None:
        if not options.skip_bad:
            raise DataError(error.what, where=error.where, hint=f"{error.hint}, or leave it out with --skip-bad")
        first.append(error)
        source.left_out.append(LeftOut(split, error.where or str(path), error.what))

    asked = FileRequest(
        columns.names,
        ("id",),
        confidential=split == "proof",
        encoding=options.encoding,
        broken=bad,
        lenient=options.skip_bad,
        told=source.told.append,
    )
    for line, record in records(path, asked):
        if len(source.lines) % _REPORTED == 0:
            monitor.step(f"reading {split}", 0, 1, rows=len(source.lines))
        where = _place(path, line)
        try:
            example = _example(record, columns, f"{split}-{len(seen) + 1}", where)
        except DataError as error:
            bad(error)
            continue
        if example.id in seen:
            twin = _place(path, seen[example.id])
            if options.drop_duplicates:
                source.left_out.append(LeftOut(split, where, f"the id is also that of {twin}"))
                continue
            what = f"the id {visible(example.id)!r} is also that of {twin}"
            hint = "give each row its own id, rename the column to have the rows numbered, or use --drop-duplicates"
            raise DataError(what, where=where, hint=hint)
        seen[example.id] = line
        if example.label in options.labels:
            source.mapped.add(example.label)
            example = replace(example, label=options.labels[example.label])
        source.examples.append(example)
        source.lines.append(line)
    if not source.examples:
        raise first[0] if first else DataError("the file has no rows", where=str(path), hint="give a file with rows")
    return source


def _place(path: Path, line: int) -> str:
    return f"{path}, row {line}" if path.suffix.lower() == ".parquet" else f"{path}:{line}"


def _example(record: dict[str, Any], columns: Columns, number: str, where: str) -> Example:
    named = record.get("id") if "id" not in columns.names else None
    return Example(
        id=number if named is None else _label(named, "id", where),
        text=_text(record[columns.text], columns.text, where),
        label=_label(record[columns.label], columns.label, where),
        text_pair=None if columns.pair is None else _text(record[columns.pair], columns.pair, where),
    )


def _text(value: Any, column: str, where: str) -> str:
    if _is_missing(value):
        raise DataError(f"`{column}` is empty", where=where, hint="fill it in or remove the row")
    if not isinstance(value, str):
        raise DataError(
            f"`{column}` is {_kind(value)}, not a text", where=where, hint="put it in quotes, or name another column"
        )
    return _encodable(value, column, where)


def _label(value: Any, column: str, where: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():  # pandas turns whole numbers into these where a row has none
        value = int(value)
    if isinstance(value, int):
        return str(value)
    if _is_missing(value):
        raise DataError(f"`{column}` is empty", where=where, hint="fill it in or remove the row")
    if not isinstance(value, str):
        raise DataError(f"`{column}` is {_kind(value)}", where=where, hint="it must be a text or a whole number")
    return _encodable(value.strip(), column, where)


def _is_missing(value: Any) -> bool:
    """No value, NaN (what pandas writes for none), or a text that shows nothing."""
    return value is None or value != value or (isinstance(value, str) and not normalise(value))


def _kind(value: Any) -> str:
    kinds = {bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return kinds.get(type(value), f"of the type {type(value).__name__}")


def _encodable(value: str, column: str, where: str) -> str:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise DataError(
            f"`{column}` holds half of a character (a lone surrogate)",
            where=where,
            hint="write the character whole, or remove it",
        ) from None
    return value
