"""Converting and validating the rows of a user's file into `Example`s, one after the other.

Every example has a text that shows something, and a label that is not empty unless the file may have rows without.
"""

from __future__ import annotations

from ast import literal_eval
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.data.formats import FileRequest, records
from engine.errors import DataError
from engine.progress import Monitor, Silent
from engine.schema import UNLABELLED, Example, Record, SplitName
from engine.text import normalise

SEPARATORS = "|;,"
SEVERAL_LABELS = (
    "a row has one label here, as it has one right answer and one prediction: make a project for each label with "
    "--one-label NAME"
)
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
        blank_labels: rows may have no label. stream: the file need not have the column of labels.
        one_label: of rows with several labels the one that counts: a row has it or is ``not`` it; empty: rows have one.
        named_by: options that name a column which is called otherwise.
    """

    columns: Columns
    encoding: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    skip_bad: bool = False
    drop_duplicates: bool = False
    blank_labels: bool = False
    stream: bool = False
    one_label: str = ""
    named_by: str = "--column for this file alone"


@dataclass(frozen=True, slots=True)
class LeftOut(Record):
    """A row that is not in the project. It has no text: that of a held-out row must not be seen anywhere."""

    split: SplitName
    place: str
    reason: str


@dataclass(slots=True)
class FileNews:
    """What is found out about a file while it is read.

    Attributes:
        left_out: is given each row that is not used.
        notes: how the file is read, where that is not as usual. mapped: labels of the file that were replaced.
        several: all labels, where rows have several.
    """

    left_out: Callable[[LeftOut], None]
    notes: list[str] = field(default_factory=list)
    mapped: set[str] = field(default_factory=set)
    several: set[str] = field(default_factory=set)


def rows_of(
    path: Path,
    options: FileOptions,
    split: SplitName,
    *,
    name: str | None = None,
    news: FileNews,
    monitor: Monitor | None = None,
) -> Iterator[tuple[int, Example]]:
    """Read a file: JSONL, CSV, TSV or Parquet by its ending.

    Args:
        path: the file.
        options: how it is read.
        split: what the rows are for.
        name: names rows without a column `id`: ``<name>-<row number>``; default: the split.
        news: is told of rows that are left out, if the options allow that, and of how the file was read.
        monitor: is told how far it is.

    Yields:
        Line (row, for Parquet) and row, in file order. Labels are texts: whole numbers and true/false become their
        digits and words. Ids may repeat.

    Raises:
        DataError: naming file and line of the first row that cannot be used.
    """
    columns, monitor = options.columns, monitor or Silent()
    first: list[DataError] = []
    count = 0

    def bad(error: DataError) -> None:
        if not options.skip_bad:
            raise DataError(error.what, where=error.where, hint=f"{error.hint}, or leave it out with --skip-bad")
        first[:] = first or [error]
        news.left_out(LeftOut(split, error.where or str(path), error.what))

    optional = ("id", columns.label) if options.stream else ("id",)
    request = FileRequest(
        tuple(name for name in columns.names if name not in optional),
        optional,
        confidential=split == "proof",
        encoding=options.encoding,
        on_broken=bad,
        lenient=options.skip_bad,
        named_by=options.named_by,
        advice={columns.label: "give rows without labels as --stream"} if split == "pool" else {},
        on_note=news.notes.append,
    )
    for line, record in records(path, request):
        if count % _REPORTED == 0:
            monitor.step(f"reading {name or split}", 0, 1, rows=count)
        where = place_in(path, line)
        try:
            example = _example(record, options, f"{name or split}-{count + 1}", where, news)
        except DataError as error:
            bad(error)
            continue
        count += 1
        yield line, example
    if not count:
        raise first[0] if first else DataError("the file has no rows", where=str(path), hint="give a file with rows")


def place_in(path: Path, line: int) -> str:
    """Place of a row for a message: file and line, or row."""
    return f"{path}, row {line}" if path.suffix.lower() == ".parquet" else f"{path}:{line}"


def _example(record: dict[str, Any], options: FileOptions, number: str, where: str, news: FileNews) -> Example:
    columns = options.columns
    named = record.get("id") if "id" not in columns.names else None
    return Example(
        id=number if named is None else label_in(named, "id", where),
        text=_text(record[columns.text], columns.text, where),
        label=_label(record.get(columns.label), options, where, news),
        text_pair=None if columns.pair is None else _text(record[columns.pair], columns.pair, where),
    )


def _label(value: Any, options: FileOptions, where: str, news: FileNews) -> str:
    """The label in a cell, as the task has it; of several the one that counts, or ``not`` it."""
    column = options.columns.label
    if options.blank_labels and _is_missing(value):
        return UNLABELLED
    if not options.one_label:
        if isinstance(value, list):
            raise DataError(f"`{column}` is a list of labels", where=where, hint=SEVERAL_LABELS)
        label = label_in(value, column, where)
        if label not in options.labels:
            return label
        news.mapped.add(label)
        return options.labels[label]
    given = value if isinstance(value, list) else separated_labels(label_in(value, column, where))
    labels = {label_in(one, column, where) for one in given}
    news.mapped |= labels & options.labels.keys()
    labels = {options.labels.get(label, label) for label in labels}
    news.several |= labels
    return options.one_label if options.one_label in labels else f"not {options.one_label}"


def separated_labels(text: str) -> list[str]:
    """The labels in a text: a list in Python or JSON, or separated by bars, semicolons or commas; else one."""
    if text.startswith("[") and text.endswith("]"):
        try:
            found = literal_eval(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            found = None
        if isinstance(found, list) and all(isinstance(one, str | int) for one in found):
            return [str(one) for one in found]
    separator = next((one for one in SEPARATORS if one in text), None)
    return [part.strip() for part in text.split(separator) if part.strip()] if separator else [text]


def _text(value: Any, column: str, where: str) -> str:
    if _is_missing(value):
        raise DataError(f"`{column}` is empty", where=where, hint="fill it in or remove the row")
    if not isinstance(value, str):
        raise DataError(
            f"`{column}` is {_kind(value)}, not a text", where=where, hint="put it in quotes, or name another column"
        )
    return encodable(value, column, where)


def label_in(value: Any, column: str, where: str) -> str:
    """The text of a label, or of an id, in a cell: whole numbers and true/false become their digits and words.

    Raises:
        DataError: it is empty, or neither of these.
    """
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
    return encodable(value.strip(), column, where)


def _is_missing(value: Any) -> bool:
    """No value, NaN (what pandas writes for none), or a text that shows nothing."""
    return value is None or value != value or (isinstance(value, str) and not normalise(value))


def _kind(value: Any) -> str:
    kinds = {bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return kinds.get(type(value), f"of the type {type(value).__name__}")


def encodable(value: str, column: str, where: str) -> str:
    """The text, as UTF-8 can hold it.

    Raises:
        DataError: it holds half of a character.
    """
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise DataError(
            f"`{column}` holds half of a character (a lone surrogate)",
            where=where,
            hint="write the character whole, or remove it",
        ) from None
    return value
