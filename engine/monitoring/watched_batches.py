"""What is kept of each batch that was watched: counts, no text, a line each in `monitoring/watched.jsonl`. Light.

The file only grows. A batch that is watched again, because more of its rows have a label now, gets another line, and
the last one counts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import orjson

from engine.errors import DataError, FileError
from engine.files import append_line, read_lines
from engine.locks import holding
from engine.problems import leave_out
from engine.project import Project
from engine.schema import Record

WatchWord = Literal["nothing worse", "worse", "nothing to judge"]
"""What a watch ends with; ``nothing to judge``: no row has a label, or there is nothing to compare its rates with."""
_LONGEST = 1 << 20  # bytes of a line: one with a hundred blind spots has 11 KB, and 100 MB of nothing take seconds
_MOST = 10**12  # rows of a batch: sums over all of them stay numbers that JSON can hold
_PATIENCE = 30.0  # seconds to wait for another one who writes: judging takes a second


@dataclass(frozen=True, slots=True)
class LabelCounts(Record):
    """Rows that have a label, and those of them that the model gets wrong."""

    labelled: int
    wrong: int

    def __post_init__(self) -> None:
        """Refuse numbers that no rows have."""
        _refuse_unless(0 <= self.wrong <= self.labelled <= _MOST)


@dataclass(frozen=True, slots=True)
class NearSpot(Record):
    """The rows of a batch near one blind spot.

    Attributes:
        id: of the blind spot. closed: whether a promotion closed it (`engine.regression.frozen_spots`).
        found_by: key of the discovery that found it, or id of the proof that closed it: what its centre is made of.
        rows: near it. pool: rows of the pool near it.
        counts: of ``rows``.
    """

    id: str
    closed: bool
    found_by: str
    rows: int
    pool: int
    counts: LabelCounts

    def __post_init__(self) -> None:
        """Refuse numbers that no rows have."""
        _refuse_unless(self.counts.labelled <= self.rows and self.pool >= 0)


@dataclass(frozen=True, slots=True)
class Predicted(Record):
    """What the model says of some rows: their number, on how many it is confident, and how many get each label."""

    rows: int
    confident: int
    labels: dict[str, int]

    def __post_init__(self) -> None:
        """Refuse numbers that no rows have."""
        _refuse_unless(all(0 <= count <= self.rows <= _MOST for count in (self.confident, *self.labels.values())))


@dataclass(frozen=True, slots=True)
class WatchedBatch(Record):
    """A batch of rows from where the model is used, and what the model says of it.

    Attributes:
        name: of its own. watched: when (UTC, ISO 8601).
        rows_key: names the texts of the file, whatever their labels.
        model: key of the model. round: of it. tau: confidence from which on the model counts as confident.
        calibrated: whether confidence was calibrated.
        predicted: of its rows. pool: of the pool as it was when the model was made.
        known: rows of the file that the project had before the model was made. left_out: that could not be used.
        all_rows: that have a label. confident: of these, those on which the model is confident; the wrong ones are UUs.
        spots: closed blind spots, then open ones. elsewhere: rows near no blind spot that is open.
        word: what the watch ended with, then; reasons: what was worse.
    """

    name: str
    watched: str
    rows_key: str
    model: str
    round: int
    tau: float
    calibrated: bool
    predicted: Predicted
    pool: Predicted
    known: int
    left_out: int
    all_rows: LabelCounts
    confident: LabelCounts
    spots: tuple[NearSpot, ...]
    elsewhere: LabelCounts
    word: WatchWord = "nothing to judge"
    reasons: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse numbers that no rows have."""
        near = ((one.rows, one.pool) for one in self.spots)
        _refuse_unless(all(rows <= self.predicted.rows and pool <= self.pool.rows for rows, pool in near))

    @property
    def sentence(self) -> str:
        """What came of it."""
        labelled = f"{self.name}: {self.predicted.rows:,} rows, {self.all_rows.labelled:,} with a label; {self.word}"
        return f"{labelled} ({'; '.join(self.reasons)})" if self.reasons else labelled

    def is_comparable(self, other: WatchedBatch) -> bool:
        """Whether both are of one model, which is confident from the same value on."""
        mine, theirs = ((one.model, one.tau, one.calibrated) for one in (self, other))
        return mine == theirs


def watched_file(project: Project) -> Path:
    """The file of all watched batches."""
    return project.root / "monitoring" / "watched.jsonl"


def watched_batches(project: Project) -> list[WatchedBatch]:
    """All batches that were watched, a line each, in the order of the lines; damaged lines are left out, and told.

    Raises:
        FileError: the file may not be read.
    """
    path, found, damaged = watched_file(project), list[WatchedBatch](), list[int]()
    for number, line in enumerate(read_lines(path), start=1):
        try:
            found.append(WatchedBatch.from_json(orjson.loads(line if len(line) <= _LONGEST else b"")))
        except ValueError:  # of JSON, or of its shape
            damaged += [number] if line.strip() else []
    if damaged:
        what = f"{len(damaged)} of {len(found) + len(damaged)} watched batches are damaged and do not count"
        where = f"{path}:{damaged[0]}"
        leave_out(FileError(what, where=where, hint="restore the lines, or watch those batches again"))
    return found


def of_one_model(batches: Sequence[WatchedBatch], like: WatchedBatch) -> list[WatchedBatch]:
    """The batches that may be compared with one, itself among them, in the order in which they first came.

    Of a batch that was watched more than once the last line counts.
    """
    last = {one.name: one for one in batches if one.is_comparable(like)}
    return list(last.values())


def keep_watched(
    project: Project,
    batch: WatchedBatch,
    judge: Callable[[Sequence[WatchedBatch]], tuple[WatchWord, tuple[str, ...]]],
) -> WatchedBatch:
    """Add a batch, and return it as it was kept.

    Args:
        project: gets the line.
        batch: that was watched.
        judge: gives ``word`` and ``reasons`` from all watched batches, this one the last of them.

    Raises:
        DataError: there is a batch of that name with other rows, or one of another name with the same.
        FileError: the file cannot be written, or somebody else has written it for long.
    """
    path = watched_file(project)
    taken = FileError("somebody else is writing watched batches", where=str(path), hint="try again in a moment")
    with holding(path.with_name(f".{path.name}.lock"), taken, patience=_PATIENCE):
        there = watched_batches(project)
        refuse_twin(there, batch.name, batch.rows_key, path)
        word, reasons = judge([*there, batch])
        kept = replace(batch, word=word, reasons=reasons)
        append_line(path, orjson.dumps(kept.as_json()), durable=True)
    return kept


def refuse_twin(there: Sequence[WatchedBatch], name: str, rows_key: str, path: Path) -> None:
    """Refuse a name that other rows have, and rows that have another name: they would be lost, or count twice.

    Raises:
        DataError: as said.
    """
    for one in there:
        if (one.name == name) != (one.rows_key == rows_key):
            same = "a batch of this name was watched with other rows"
            what = same if one.name == name else f"the same rows were watched as {one.name}"
            hint = "name it otherwise with --name" if one.name == name else f"watch them with --name {one.name}"
            raise DataError(what, where=f"{path} ({name})", hint=hint)


def _refuse_unless(possible: bool) -> None:
    if not possible:
        raise ValueError("these are no counts of rows")
