"""Predictions given in place of a classifier: which file is of which rows, and whether each row has one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.data.options import scope_of
from engine.data.prediction_files import (
    FilePredictions,
    PredictionColumns,
    columns_beside,
    labels_of_predictions,
    read_predictions,
)
from engine.data.reading import FileOptions
from engine.data.row_store import RowStore
from engine.errors import DataError
from engine.progress import Monitor
from engine.row_numbers import NumberColumns, first_alike, places_among
from engine.schema import UNLABELLED, SplitName
from engine.text import visible

if TYPE_CHECKING:
    from numpy import ndarray

SCORED: tuple[SplitName, ...] = ("pool", "proof", "dev")
"""The splits whose rows are scored where nothing is trained."""

_OPTION = "--predictions"
_AT_ONCE = 5_000  # rows whose texts are in memory
_TOO_GOOD = 20  # labelled rows, all of them right: the predictions may be the right labels


@dataclass
class GivenFiles:
    """The files of predictions that were named, each for the rows of a split or for all.

    Args:
        choices: ``[FILE:]PREDICTIONS``, where FILE is a split or the name of its file.
        files: the user's files by split. options: how they are read.

    Attributes:
        of_split: the file of a split's rows. of_all: that for all others.

    Raises:
        DataError: two files are for the same rows.
    """

    choices: Sequence[str]
    files: Mapping[SplitName, Path]
    options: Mapping[SplitName, FileOptions]
    of_split: dict[SplitName, Path] = field(init=False, default_factory=dict)
    of_all: Path | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        """Part each choice into file and split."""
        for choice in self.choices:
            one = f"pool:{choice.removeprefix('stream:')}" if choice.startswith("stream:") else choice
            splits, rest = scope_of(one, self.files)
            path = Path(rest).expanduser()
            twice = self.of_all is not None if rest == one else any(split in self.of_split for split in splits)
            if twice:
                hint = "say of which rows each is, e.g. pool:FILE and proof:FILE"
                raise DataError("two files of predictions are for the same rows", where=_OPTION, hint=hint)
            if rest == one:
                self.of_all = path
            else:
                self.of_split |= dict.fromkeys(splits, path)

    @property
    def names(self) -> tuple[str, ...]:
        """Of the files."""
        paths = [*([self.of_all] if self.of_all else []), *self.of_split.values()]
        return tuple(dict.fromkeys(path.name for path in paths))

    def labels(self) -> set[str]:
        """The labels that the files speak of (`labels_of_predictions`)."""
        found = set[str]()
        for path, split in self._each().items():
            found |= labels_of_predictions(path, self._columns(path, split))
        return found

    def keep(
        self,
        root: Path,
        rows: Mapping[SplitName, RowStore],
        read: Mapping[SplitName, RowStore],
        labels: Sequence[str],
        *,
        batch: str,
        monitor: Monitor,
    ) -> None:
        """Read the predictions of all rows and write them into the project's folder.

        Args:
            root: the project's folder, or one that becomes it.
            rows: that are in the project, by split; those of `SCORED` need a prediction.
            read: all rows that were read, by split.
            labels: of the task.
            batch: with which the rows come.
            monitor: told of what the user should know.

        Raises:
            DataError: a file cannot be used, or a row has no prediction.
        """
        from engine.model.predictions_by_text import keep_predictions

        hashes, logits, told = self._of_rows(
            {name: rows[name] for name in SCORED if name in rows}, read, labels, monitor
        )
        for sentence in told:
            monitor.note(sentence)
        keep_predictions(root, labels, hashes, partial(logits.read, "logits"), batch=batch, sources=self.names)

    def _of_rows(
        self,
        there: Mapping[SplitName, RowStore],
        read: Mapping[SplitName, RowStore],
        labels: Sequence[str],
        monitor: Monitor,
    ) -> tuple[ndarray[Any, Any], NumberColumns, list[str]]:
        """Hashes of the texts of rows, the ``logits`` of each, and what the user should know of them."""
        import numpy as np

        from engine.model.predictions_by_text import hashes_of

        found = {path: self._read(path, split, labels, monitor) for path, split in self._each().items()}
        self._refuse_unnamed(there, found)
        hashes, wrong, known, spread = np.empty(sum(map(len, there.values())), np.uint64), 0, 0, False
        logits = NumberColumns(logits=f"({len(labels)},)f4")
        for name, store in there.items():
            given = found[self.of_split.get(name) or self._of_all]
            places = given.places_of(store.source, store.lines, store.ids, partial(_id_of, store), read[name].lines)
            codes = np.array([labels.index(one) if one != UNLABELLED else -1 for one in store.names], np.int32)
            for at in range(0, len(store), _AT_ONCE):
                some = range(at, min(len(store), at + _AT_ONCE))
                hashes[len(logits) : len(logits) + len(some)] = hashes_of(list(store.examples(some)))
                logits.add(logits=given.numbers.read("logits", places[at : some.stop]))
                gold = codes[store.read_numbers("labels", some)]
                wrong += int(((gold >= 0) & (gold != given.numbers.read("predicted", places[at : some.stop]))).sum())
                known += int((gold >= 0).sum())
            spread |= given.spread
        return hashes, logits, _notes(hashes, logits, wrong, known, spread, len(labels))

    @property
    def _of_all(self) -> Path:
        assert self.of_all is not None  # else `_refuse_unnamed` has refused
        return self.of_all

    def _each(self) -> dict[Path, SplitName]:
        """The files, each with the split as whose file it is read."""
        own = {path: split for split, path in self.of_split.items()}
        return own if self.of_all is None else {self.of_all: "pool", **own}

    def _read(self, path: Path, split: SplitName, labels: Sequence[str], monitor: Monitor) -> FilePredictions:
        monitor.step(f"reading {path.name}", 0, 1)
        return read_predictions(path, labels, self._columns(path, split))

    def _columns(self, path: Path, split: SplitName) -> PredictionColumns:
        return columns_beside(path, self.files[split], self.options[split])

    def _refuse_unnamed(self, there: Mapping[SplitName, RowStore], found: Mapping[Path, FilePredictions]) -> None:
        """Refuse where it does not say itself of which rows a file is."""
        import numpy as np

        others = [name for name in there if name not in self.of_split]
        if not others:
            return
        hint = f"name a file for each, as {' '.join(f'{_OPTION} {name}:FILE' for name in others)}"
        if self.of_all is None:
            raise DataError(f"there are no predictions for the rows of {others[0]}", where=_OPTION, hint=hint)
        if len(others) == 1:
            return
        if not found[self.of_all].named:
            what = f"it cannot be told which of its predictions are of {' and which of '.join(others)}"
            raise DataError(what, where=str(self.of_all), hint=f"give it a column `id`, or {hint}")
        for place, name in enumerate(others):
            for other in others[place + 1 :]:
                shared = np.flatnonzero(places_among(there[name].ids, there[other].ids) >= 0)
                if len(shared):
                    (row,) = there[other].examples(shared[:1].tolist())
                    what = f"the id {visible(row.id)!r} is that of a row of {name} and of one of {other}"
                    raise DataError(what, where=there[other].where(int(shared[0])), hint=hint)


def _id_of(rows: RowStore, place: int) -> str:
    return next(rows.examples([place])).id


def _notes(
    hashes: ndarray[Any, Any], logits: NumberColumns, wrong: int, known: int, spread: bool, labels: int
) -> list[str]:
    """What the user should know of the predictions."""
    import numpy as np

    told = []
    if spread:
        told.append(
            f"predictions: what a confidence leaves is divided evenly among the other {labels - 1} labels, as the file "
            "does not say how likely each is; UUs and blind spots need the confidence alone"
        )
    if known >= _TOO_GOOD and not wrong:
        told.append(
            f"predictions: all {known:,} rows that have a label are predicted right: is the column of predictions "
            "that of the right labels?"
        )
    first = first_alike(hashes)
    again = np.flatnonzero(first != np.arange(len(first), dtype=np.int32))
    twins = first[again]
    differ = logits.read("logits", again).argmax(axis=1) != logits.read("logits", twins).argmax(axis=1)
    if several := len(np.unique(twins[differ])):
        told.append(
            f"predictions: {several:,} {'text has' if several == 1 else 'texts have'} more than one predicted label; "
            "the first counts, as a text has one prediction"
        )
    return told
