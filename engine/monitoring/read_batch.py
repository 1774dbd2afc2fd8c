"""Reading a batch that is watched, as `add` reads one that it adds; nothing of it comes into the project. Light.

Rows that the project had when its model was made are left out, as the model may have been trained on them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typing_extensions import Unpack

from engine.data.batches import BATCHED, batches, checked_name, name_of_file, options_of_batch
from engine.data.checks import unknown_label
from engine.data.options import FileChoices, refuse_unused
from engine.data.prediction_files import columns_beside, read_predictions
from engine.data.reading import FileNews, FileOptions, LeftOut, place_in, rows_of
from engine.data.row_hashes import read_row_hashes
from engine.errors import DataError
from engine.files import content_key, read_record
from engine.model.predictions_record import refuse_unfit_predictions
from engine.monitoring.watched_batches import refuse_twin, watched_batches, watched_file
from engine.progress import Monitor
from engine.project import Project
from engine.proof.report import reports
from engine.regression.promotion import Promotion
from engine.schema import UNLABELLED, Example
from engine.text import row_hash

if TYPE_CHECKING:
    from numpy import ndarray


@dataclass(frozen=True)
class BatchRows:
    """The rows of a batch that are looked at.

    Attributes:
        name: of the batch. key: names the texts of its file, whatever their labels.
        logits: of the rows, float32 ``(rows, labels)``, where they came with predictions.
        known: rows that the project had before the model was made. left_out: that cannot be used.
    """

    name: str
    key: str
    rows: list[Example]
    known: int
    left_out: int
    logits: ndarray[Any, Any] | None = None

    def __repr__(self) -> str:
        return f"BatchRows({self.name}, {len(self.rows)} rows)"  # a message of an error never holds a text


def read_batch(
    project: Project,
    file: Path,
    *,
    name: str | None = None,
    predictions: Path | None = None,
    monitor: Monitor,
    **choices: Unpack[FileChoices],
) -> BatchRows:
    """Read a batch as `add` does.

    Args:
        project: says how its pool was read, and which rows it had when the model was made.
        file: the rows; labels may be blank, and there need be no column of them.
        name: of the batch; default: that of the file.
        predictions: what the classifier says of the rows, where the project knows it by its predictions alone.
        monitor: told of long steps, and of what the user should know about the file.
        choices: how the file is read (`engine.data.options.file_options`).

    Raises:
        ModelError: predictions are missing, or not needed.
        DataError: a file cannot be used, all its rows were known, its name has other rows or they another name.
    """
    refuse_unfit_predictions(project, named=predictions is not None)
    called = checked_name(name_of_file(file) if name is None else name)
    file = file.expanduser()
    options, mapped = options_of_batch(project, file, **choices)
    left_out: list[LeftOut] = []
    news = FileNews(left_out.append)
    then = rows_then(project)
    before = set(read_row_hashes(project, "train")).union(
        *(list(read_row_hashes(project, split))[: then[split]] for split in BATCHED)
    )
    rows: list[Example] = []
    read, lines = list[int](), list[int]()
    hashes, labels, known = list[str](), set[str](), 0
    seen = set[str]()
    for line, row in rows_of(file, options, "pool", name=called, news=news, monitor=monitor):
        read.append(line)
        if row.label not in (*project.labels, UNLABELLED):
            if not options.skip_bad:
                raise unknown_label(row.label, project.labels, place_in(file, line))
            left_out.append(LeftOut("pool", place_in(file, line), f"train has no row labelled {row.label!r}"))
            continue
        labels.add(row.label)
        of_row = row_hash(row.text, row.text_pair)
        if options.drop_duplicates and of_row in seen:
            left_out.append(LeftOut("pool", place_in(file, line), "the text was there before"))
            continue
        seen.add(of_row)
        hashes.append(of_row)
        if of_row in before:
            known += 1
        else:
            rows.append(row)
            lines.append(line)
    for sentence in news.notes:
        monitor.note(sentence)
    refuse_unused(mapped, [news], labels)
    if not rows and not known:
        raise DataError(
            "no row of the file can be used", where=str(file), hint="map its labels to those of train with --map"
        )
    if not rows:
        what = "the project had all rows of the file before its model was made"
        hint = "watch a file with newer rows; whether they have been added does not matter"
        raise DataError(what, where=str(file), hint=hint)
    key = content_key("watched", sorted(hashes))
    refuse_twin(watched_batches(project), called, key, watched_file(project))
    logits = None
    if predictions:
        ids = [row.id for row in rows]
        logits = _logits(predictions.expanduser(), project.labels, options, file, lines, ids, read)
    return BatchRows(called, key, rows, known, len(left_out), logits)


def _logits(
    path: Path,
    labels: Sequence[str],
    options: FileOptions,
    file: Path,
    lines: Sequence[int],
    ids: Sequence[str],
    read: Sequence[int],
) -> ndarray[Any, Any]:
    """What a file of predictions says of the rows on these lines of a file, all of whose rows are on those read."""
    import numpy as np

    how = columns_beside(path, file, options)
    given = read_predictions(path, labels, how)
    places = given.places_of(file, np.array(lines), np.array([*map(hash, ids)]), ids.__getitem__, np.array(read))
    return given.numbers.read("logits", places)


def rows_then(project: Project) -> dict[str, int]:
    """How many rows pool and proof had when the current model was made: it may be trained on some of them.

    The first model saw train alone, and its blind spots are those of what `init` brought; a promoted one was made with
    what its proof had.
    """
    splits = project.manifest.splits
    if project.round == 1:
        first = batches(project)[0]
        return {name: first.ends[name].rows if name in first.ends else 0 for name in BATCHED}
    made = read_record(project.round_dir(project.round) / "model.json", Promotion.from_json)
    hashes = next((report.hashes for report in reports(project) if report.id == made.promoted_from), {})
    found = {}
    for name in BATCHED:
        then = project.manifest.rows_then(name, hashes.get(name, ""))
        found[name] = then if then is not None else splits[name].rows if name in splits else 0
    return found
