"""The rows that a hunt chooses among: those on which the model is confident, and what is known of each beforehand."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.arrays import Floats, Ints
from engine.errors import FileError
from engine.files import write_atomic
from engine.hunt.hunt_files import array_path, keep_rows, read_rows
from engine.label_queue.scored_rows import ScoredRows
from engine.model.array_cache import read_array

GROUPS = 24
"""Groups of like texts that finds are spread over, at most."""


@dataclass(frozen=True)
class Candidates:
    """n pool rows on which the model is confident, whether their labels are known or not.

    Attributes:
        rows: ids, predictions and what the hunt depends on.
        predicted: (n,) index of the predicted label.
        confidence: (n,) of it, tau..1.
        vectors: (n, d) places of the texts, about 1 long.
        groups: (n,) number of the group of like rows that each is in.
    """

    rows: ScoredRows
    predicted: Ints
    confidence: Floats
    vectors: Floats
    groups: Ints

    @classmethod
    def of(cls, rows: ScoredRows, array: Floats) -> Candidates:
        """Candidates from what is kept of them: the array has confidence, group and vector of each in a row."""
        place = {label: number for number, label in enumerate(rows.labels)}
        predicted = np.array([place[label] for label in rows.predicted], dtype=np.intp)
        return cls(rows, predicted, array[:, 0].astype(np.float64), array[:, 2:], array[:, 1].astype(np.intp))

    def __len__(self) -> int:
        return len(self.rows.ids)


def read_candidates(root: Path, key: str) -> Candidates | None:
    """The candidates of that key; None: they are not there, or not as they were made.

    Raises:
        FileError: the file of the rows is damaged.
    """
    rows = read_rows(root, key)
    if rows is None:
        return None
    try:
        array = read_array(array_path(root, key))
    except (FileNotFoundError, FileError):  # a damaged one is made again
        return None
    whole = array.ndim == 2 and len(array) == len(rows.ids) == len(rows.predicted) and array.shape[1] > 2
    fits = whole and bool(np.isfinite(array).all()) and bool((array[:, 1] >= 0).all()) and array[:, 1].max() < GROUPS
    return Candidates.of(rows, array) if fits and set(rows.predicted) <= set(rows.labels) else None


def keep_candidates(root: Path, rows: ScoredRows, array: Floats) -> None:
    """Write candidates; the rows last: with them it is whole."""
    out = io.BytesIO()
    np.save(out, array, allow_pickle=False)
    write_atomic(array_path(root, rows.key), out.getvalue())
    keep_rows(root, rows)
