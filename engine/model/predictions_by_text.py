"""The predictions that a project was given, found again by a row's text.

Each time some come, two arrays are written, the hashes of texts and their logits, with the sha256 of both on record
(`predictions_record`). The earliest of a text counts, so a prediction that was used never changes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import orjson

from engine.errors import ModelError
from engine.files import read_record, replacing, sha256_file, write_json
from engine.model.array_cache import Array, read_array, read_in_place
from engine.model.predictions_record import (
    FOLDER,
    RECORD,
    RESTORE,
    GivenPredictions,
    PredictionsPart,
    lacking,
    part_files,
)
from engine.project import Project
from engine.row_numbers import AT_ONCE
from engine.schema import Example

Hashes = npt.NDArray[np.uint64]


class PredictionsByText:
    """The predictions of a project.

    Args:
        project: that was given them.
        given: what it was given.
    """

    def __init__(self, project: Project, given: GivenPredictions) -> None:
        self._project, self._given = project, given
        self._folder = project.root / FOLDER

    def logits(self, rows: Sequence[Example]) -> Array:
        """Logits of rows, (n, labels), float32.

        Raises:
            ModelError: a text has no prediction, or what lies in the folder is not what came.
        """
        hashes, logits = self._arrays
        found, unknown = np.empty((len(rows), logits.shape[1]), np.float32), 0
        for at in range(0, len(rows), AT_ONCE):
            wanted = hashes_of(rows[at : at + AT_ONCE])
            places = np.minimum(np.searchsorted(hashes, wanted), len(hashes) - 1)
            unknown += int((hashes[places] != wanted).sum())
            found[at : at + AT_ONCE] = logits[places]
        if unknown:
            raise lacking(self._project, f"other texts ({unknown:,} of {len(rows):,} here have no prediction)")
        return found

    @cached_property
    def _arrays(self) -> tuple[Hashes, Array]:
        """Sorted hashes and their logits: of a text that came twice the earlier ones."""
        parts = [self._part(number) for number in range(len(self._given.parts))]
        if len(parts) == 1:
            return parts[0]
        hashes, logits = zip(*parts, strict=True)
        found, first = np.unique(np.concatenate(hashes), return_index=True)
        return found, np.concatenate(logits)[first]

    def _part(self, number: int) -> tuple[Hashes, Array]:
        part, paths = self._given.parts[number], part_files(self._folder, number)
        for path, recorded in zip(paths, (part.texts_sha256, part.logits_sha256), strict=True):
            if not path.is_file():
                raise ModelError("predictions are missing", where=str(path), hint=RESTORE)
            if sha256_file(path) != recorded:
                raise ModelError("this file has changed since the predictions came", where=str(path), hint=RESTORE)
        hashes, logits = read_array(paths[0]), read_in_place(paths[1])
        ordered = hashes.dtype == np.uint64 and hashes.ndim == 1 and bool((hashes[1:] > hashes[:-1]).all())
        if not ordered or logits.dtype != np.float32:
            raise ModelError("this is no array of predictions", where=str(self._folder), hint=RESTORE)
        fits = logits.shape == (len(hashes), len(self._given.labels))
        parts = (np.arange(at, min(len(hashes), at + AT_ONCE)) for at in range(0, len(hashes), AT_ONCE))
        if not fits or not all(np.isfinite(logits[part]).all() for part in parts):
            raise ModelError("this is no array of predictions", where=str(paths[1]), hint=RESTORE)
        return hashes, logits


def keep_predictions(
    root: Path,
    labels: Sequence[str],
    hashes: Hashes,
    logits: Callable[[npt.NDArray[np.int32]], Array],
    *,
    batch: str,
    sources: Sequence[str],
) -> None:
    """Write predictions into a project's folder, behind those that are there.

    Args:
        root: the project's folder, or one that becomes it.
        labels: in the order of the logits.
        hashes: of the texts (`hashes_of`), ``(n,)``; of one that is there twice the first counts.
        logits: gives ``(rows, labels)`` of the rows in some places.
        batch: with which they came.
        sources: names of the files that they came from.

    Raises:
        FileError: they cannot be written.
    """
    folder = root / FOLDER
    try:
        before = read_record(folder / RECORD, GivenPredictions.from_json, hint=RESTORE).parts
    except FileNotFoundError:
        before = ()
    order = np.argsort(hashes, kind="stable").astype(np.int32)
    hashes = hashes[order]
    first = np.append(True, hashes[1:] != hashes[:-1])
    hashes, places = hashes[first], order[first]
    paths = part_files(folder, len(before))
    with replacing(paths[0]) as out:
        np.save(out, hashes, allow_pickle=False)
    with replacing(paths[1]) as out:
        kind = {"descr": "<f4", "fortran_order": False, "shape": (len(places), len(labels))}
        np.lib.format.write_array_header_1_0(out, kind)
        for at in range(0, len(places), AT_ONCE):
            out.write(logits(places[at : at + AT_ONCE]).astype("<f4", copy=False).tobytes())
    part = PredictionsPart(batch, len(hashes), tuple(sources), *map(sha256_file, paths))
    write_json(folder / RECORD, GivenPredictions(tuple(labels), (*before, part)).as_json())


def hashes_of(rows: Sequence[Example]) -> Hashes:
    """Hashes of the texts of rows as they stand, ``(n,)``: a classifier may say something else of `Good` and `good`."""
    return np.fromiter(map(_hash, rows), np.uint64, count=len(rows))


def _hash(row: Example) -> int:
    return int.from_bytes(hashlib.blake2b(orjson.dumps([row.text, row.text_pair]), digest_size=8).digest(), "big")
