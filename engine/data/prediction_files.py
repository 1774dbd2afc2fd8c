"""A user's files of predictions: what a classifier says of rows, for projects that know it by its predictions alone.

A row has a label with its confidence, or a probability for each label. It belongs to the row of the data with the same
`id`, or, without such a column, to the one in the same place of its file.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.data.formats import FileRequest, FileRow, records
from engine.data.reading import FileOptions, label_in, place_in
from engine.errors import DataError
from engine.row_numbers import NumberColumns, first_alike, places_among
from engine.text import visible

if TYPE_CHECKING:
    from numpy import ndarray

PREDICTED = ("predicted", "prediction", "label")
CONFIDENCE = ("confidence", "score")
PREFIX = "p_"
"""In front of a label: the name of the column of its probabilities."""

_ROUNDED = 0.02  # what probabilities may add up to beside 1: two decimals of each of some labels
_AT_ONCE = 5_000  # rows whose probabilities are Python's numbers
_SHOWN = 6  # columns or labels named in a message
_LONGEST = 40  # characters of one of them


@dataclass(frozen=True, slots=True)
class FilePredictions:
    """The predictions in a file.

    Attributes:
        source: the file.
        numbers: a row for each, with the columns ``lines``, on which line (row, for Parquet) it is; ``logits`` in the
            order of the labels asked for, float32 (`logits_of`); ``predicted``, place of the label that the file names,
            or that of the highest probability; ``ids`` of the rows that they are of, hashed in this process alone.
        named: whether there are ids; else they are 0.
        spread: whether what a confidence leaves was divided among more than one other label.
    """

    source: Path
    numbers: NumberColumns
    named: bool
    spread: bool

    def places_of(
        self,
        source: Path,
        lines: ndarray[Any, Any],
        ids: ndarray[Any, Any],
        name_of: Callable[[int], str],
        read: ndarray[Any, Any],
    ) -> ndarray[Any, Any]:
        """For each of some rows the place of its prediction, int32 ``(rows,)``.

        Args:
            source: the file of the rows.
            lines: where each is in it, int ``(rows,)``.
            ids: hashes of their ids in this process, int ``(rows,)``.
            name_of: gives the id of the row in a place.
            read: the lines of all rows that were read from the file, which ascend.

        Raises:
            DataError: naming a row that has no prediction, or the first prediction without a row.
        """
        import numpy as np

        if source.resolve() == self.source.resolve():
            return np.searchsorted(self.numbers.read("lines"), lines).astype(np.int32)  # every line of the file is both
        if not self.named:
            self._refuse_other_count(source, read)
            return np.searchsorted(read, lines).astype(np.int32)
        places = places_among(self.numbers.read("ids"), ids)
        missing = np.flatnonzero(places < 0).tolist()
        if missing:
            name, rest = name_of(missing[0]), f" (nor for {len(missing) - 1:,} more)" if len(missing) > 1 else ""
            hint = "add it, or leave out the column `id` of the predictions to have them taken in the order of the rows"
            what = f"{self.source.name} has no prediction for the row with the id {visible(name)!r}{rest}"
            raise DataError(what, where=place_in(source, int(lines[missing[0]])), hint=hint)
        return places

    def _refuse_other_count(self, source: Path, read: ndarray[Any, Any]) -> None:
        count = len(self.numbers)
        if count != len(read):
            short = count < len(read)
            at, place = (source, read[count]) if short else (self.source, self.numbers.read("lines", [len(read)])[0])
            raise DataError(
                f"there are {count:,} predictions for the {len(read):,} rows of {source.name}: the "
                f"first {'row without one' if short else 'one without a row'} is {place_in(at, int(place))}",
                where=str(self.source),
                hint="give each row one, in the order of the rows, or both files a column `id`",
            )


@dataclass(frozen=True, slots=True)
class PredictionColumns:
    """How a file of predictions is read.

    Attributes:
        mapped: label in the file -> label of the task; others stay as they are.
        encoding: where it is not UTF-8.
        right_label: the column that holds the right labels, where the file has the data too: it is no prediction.
    """

    mapped: Mapping[str, str] = field(default_factory=dict)
    encoding: str | None = None
    right_label: str | None = None

    def records(self, path: Path) -> Iterator[FileRow]:
        """The records of the file with all their columns; what is broken in data was told of when they were read."""
        request = FileRequest((), every=True, encoding=self.encoding)
        if self.right_label is not None:
            request = replace(request, on_broken=lambda error: None, lenient=True)
        return records(path, request)

    def label(self, value: Any, column: str, where: str) -> str:
        """The label of the task in a cell."""
        label = label_in(value, column, where)
        return self.mapped.get(label, label)

    def probability_columns(self, names: Iterable[str], labels: Collection[str]) -> dict[str, str]:
        """By label the column of its probabilities: ``p_LABEL``, or the label's own name."""
        found = {self.mapped.get(name, name): name for name in names if name != self.right_label}
        found = {label: column for label, column in found.items() if label in labels}
        for name in names:
            label = name.removeprefix(PREFIX)
            if label != name and (label := self.mapped.get(label, label)) in labels:
                found[label] = name
        return found

    def label_columns(self, names: Collection[str]) -> tuple[str, str] | None:
        """The columns of the label and of its confidence."""
        label = next((name for name in PREDICTED if name in names and name != self.right_label), None)
        confidence = next((name for name in CONFIDENCE if name in names), None)
        return (label, confidence) if label and confidence else None


def columns_beside(path: Path, data: Path, options: FileOptions) -> PredictionColumns:
    """How the predictions of the rows of a file are read, which may stand in that file itself."""
    same = path.resolve() == data.expanduser().resolve()
    return PredictionColumns(options.labels, options.encoding, options.columns.label if same else None)


def read_predictions(path: Path, labels: Sequence[str], how: PredictionColumns) -> FilePredictions:
    """Read a file of predictions: CSV, TSV, JSON lines or Parquet.

    Args:
        path: the file.
        labels: of the task.
        how: it is read.

    Raises:
        DataError: it has no columns of predictions, or naming the first row that cannot be used.
    """
    read: Callable[[dict[str, Any], str], tuple[list[float], int]] | None = None
    numbers = NumberColumns(lines="u4", ids="i8", predicted="i4", logits=f"({len(labels)},)f4")
    some = list[tuple[int, int, int, list[float]]]()
    for line, record in how.records(path):
        where = place_in(path, line)
        if read is None:
            read = _reader(record, labels, how, where)
            named = record.get("id") is not None and how.right_label is None
        row, at = read(record, where)
        some.append((line, hash(label_in(record.get("id"), "id", where)) if named else 0, at, row))
        if len(some) == _AT_ONCE:
            _keep(numbers, some)
    if read is None:
        raise DataError("the file has no rows", where=str(path), hint="give a file with predictions")
    _keep(numbers, some)
    found = FilePredictions(path, numbers, named, spread=isinstance(read, _Stated) and len(labels) > 2)
    _refuse_twins(found, how)
    return found


def _keep(numbers: NumberColumns, some: list[tuple[int, int, int, list[float]]]) -> None:
    """Put what was read of rows (line, id, predicted, probabilities) behind the others, and forget it."""
    import numpy as np

    from engine.data.logits import logits_of

    if some:
        lines, ids, predicted, rows = zip(*some, strict=True)
        logits = logits_of(np.array(rows), np.array(predicted))
        numbers.add(lines=lines, ids=ids, predicted=predicted, logits=logits)
        some.clear()


def _refuse_twins(found: FilePredictions, how: PredictionColumns) -> None:
    """Refuse two predictions of one row."""
    import numpy as np

    if not found.named:
        return
    first = first_alike(found.numbers.read("ids"))
    twins = np.flatnonzero(first != np.arange(len(first), dtype=np.int32))
    if len(twins):
        at, twin = found.numbers.read("lines", [first[twins[0]], twins[0]]).tolist()
        name = next(str(record["id"]) for line, record in how.records(found.source) if line == twin)
        what = f"the id {visible(name)!r} is there twice, first at {place_in(found.source, at)}"
        raise DataError(what, where=place_in(found.source, twin), hint="keep one prediction for each row")


def labels_of_predictions(path: Path, how: PredictionColumns) -> set[str]:
    """The labels that a file of predictions speaks of: by its columns ``p_LABEL``, else those that were predicted.

    For projects without train rows, which have the labels otherwise.

    Raises:
        DataError: the file cannot be read.
    """
    found = set[str]()
    for line, record in how.records(path):
        if columns := [name.removeprefix(PREFIX) for name in record if name.startswith(PREFIX)]:
            return {how.mapped.get(label, label) for label in columns}
        if (stated := how.label_columns(record)) is None:
            break
        found.add(how.label(record[stated[0]], stated[0], place_in(path, line)))
    return found


def _reader(
    record: Mapping[str, Any], labels: Sequence[str], how: PredictionColumns, where: str
) -> _Probabilities | _Stated:
    """What reads the rows of a file, of which this is the first."""
    columns = how.probability_columns(record, labels)
    if len(columns) >= max(1, len(labels) - 1):
        return _Probabilities(columns, labels)
    if stated := how.label_columns(record):
        return _Stated(*stated, labels, how)
    missing = [label for label in labels if label not in columns]
    if columns:
        what = f"{len(columns)} of {len(labels)} labels have a column of probabilities, not {_quoted(missing)}"
    else:
        what = f"there are no columns of predictions; there are {_quoted(list(record))}"
    raise DataError(
        what,
        where=where,
        hint=f"name them {' and '.join((PREDICTED[0], CONFIDENCE[0]))}, or {PREFIX}LABEL for each label",
    )


@dataclass(frozen=True, slots=True)
class _Probabilities:
    """A column for each label; one may be missing, and has the rest."""

    columns: Mapping[str, str]
    labels: Sequence[str]

    def __call__(self, record: dict[str, Any], where: str) -> tuple[list[float], int]:
        found = {label: _share(record, column, where) for label, column in self.columns.items()}
        total = sum(found.values())
        short = len(found) < len(self.labels)
        if total > 1 + _ROUNDED or (not short and total < 1 - _ROUNDED):
            raise DataError(
                f"the probabilities add up to {total:.3g}, not to 1",
                where=where,
                hint="a row has one label here: give probabilities that add up to 1; where each label has a yes or no "
                "of its own, make a project for each (`blindspot init --help`, --one-label)",
            )
        values = [found.get(label, max(0.0, 1 - total)) for label in self.labels]
        scale = math.fsum(values)
        values = [value / scale for value in values]
        return values, values.index(max(values))


@dataclass(frozen=True, slots=True)
class _Stated:
    """A label and its confidence; what that leaves is divided evenly among the other labels."""

    label_column: str
    confidence_column: str
    labels: Sequence[str]
    how: PredictionColumns

    def __call__(self, record: dict[str, Any], where: str) -> tuple[list[float], int]:
        for column in (self.label_column, self.confidence_column):
            if column not in record:
                raise DataError(f"there is no `{column}`", where=where, hint="give each row one, as the first has")
        label = self.how.label(record[self.label_column], self.label_column, where)
        if label not in self.labels:
            known = _quoted(self.labels)
            hint = f"write one of {known}, or map it with --map"
            raise DataError(f"the predicted label {visible(label)!r} is not one of the labels", where=where, hint=hint)
        sure, others = _share(record, self.confidence_column, where), len(self.labels) - 1
        if sure < (1 - sure) / others - _ROUNDED:
            raise DataError(
                f"a confidence of {sure:.3g} in the predicted label {visible(label)!r} would make another one likelier",
                where=where,
                hint=f"`{self.confidence_column}` must be the probability of the predicted label; a column with that "
                f"of one certain label is called {PREFIX}LABEL",
            )
        at = self.labels.index(label)
        rest = (1 - sure) / others
        return [sure if place == at else rest for place in range(len(self.labels))], at


def _share(record: Mapping[str, Any], column: str, where: str) -> float:
    """A number from 0 to 1 in a cell."""
    value = record.get(column)
    try:
        found = math.nan if isinstance(value, bool) or value is None else float(value)
    except (TypeError, ValueError):
        found = math.nan
    if not 0 <= found <= 1:
        shown = "empty" if value is None or value == "" else f"{visible(str(value))[:_LONGEST]!r}"
        raise DataError(f"`{column}` is {shown}", where=where, hint="it must be a number from 0 to 1")
    return found


def _quoted(names: Sequence[str]) -> str:
    shown = ", ".join(repr(visible(name)[:_LONGEST]) for name in names[:_SHOWN])
    return shown + (", ..." if len(names) > _SHOWN else "")
