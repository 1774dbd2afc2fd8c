"""Reading a batch that is watched: as `add` does, without the rows that the model may have been trained on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.data.options import FileChoices
from engine.errors import DataError
from engine.files import write_json
from engine.monitoring.read_batch import BatchRows, read_batch, rows_then
from engine.monitoring.watched_batches import keep_watched
from engine.operations.add_batch import add_batch
from engine.project import Project
from engine.regression.promotion import Promotion
from tests.builders.monitor import Recorder
from tests.builders.watched import watched
from tests.conftest import bundled_rows, write_rows


@pytest.fixture
def week(tmp_path: Path) -> Path:
    """Ten rows that the project lacks, the even ones with a label."""
    return write_rows(tmp_path / "week48.jsonl", new_rows(10))


def new_rows(count: int) -> list[dict[str, str]]:
    labels = ("negative", "", "positive", "")
    texts = [row["text"] for row in bundled_rows("pool", 400)[-count:]]
    return [{"text": text, "label": labels[place % 4]} for place, text in enumerate(texts)]


def read(project: Project, file: Path, name: str | None = None, **choices: Any) -> BatchRows:
    return read_batch(project, file, name=name, monitor=Recorder(), **FileChoices(**choices))  # type: ignore[typeddict-item]


def test_labels_may_be_blank_and_rows_of_the_project_are_left_out(project: Project, week: Path, tmp_path: Path) -> None:
    found = read(project, week)
    assert (found.name, len(found.rows), found.known, found.left_out) == ("week48", 10, 0, 0)
    assert sum(bool(row.label) for row in found.rows) == 5
    mixed = [*new_rows(3), *bundled_rows("train", 2), *bundled_rows("pool", 1), *bundled_rows("proof", 1)]
    found = read(project, write_rows(tmp_path / "mixed.jsonl", mixed))
    assert (len(found.rows), found.known) == (3, 4)
    with pytest.raises(DataError, match="the project had all rows of the file before its model was made"):
        read(project, write_rows(tmp_path / "old.jsonl", bundled_rows("pool", 5)))


def test_rows_that_were_added_since_are_looked_at(project: Project, week: Path) -> None:
    before = read(project, week)
    add_batch(project.root, week)
    again = read(Project.open(project.root), week)
    assert (len(again.rows), again.known, again.key) == (10, 0, before.key)
    made = Promotion(2, "m", "models/m", "k", "aaaa1111", "llm", "keep", 13, "proven")
    write_json(project.round_dir(2) / "model.json", made.as_json())
    later = Project.open(project.root)
    assert rows_then(later) == {name: later.manifest.splits[name].rows for name in ("pool", "proof")}
    with pytest.raises(DataError, match="before its model was made"):  # which may be trained on them
        read(later, week)


def test_columns_maps_and_encodings_are_those_of_add(project: Project, tmp_path: Path) -> None:
    file = tmp_path / "export.csv"
    file.write_bytes("comment,stars\nUn déjeuner parfait,5\nUn déjeuner tiède,1\n".encode("cp1252"))
    given = {
        "own_columns": ["text=comment", "label=stars"],
        "label_map": ["5=positive", "1=negative"],
        "encodings": ["cp1252"],
    }
    found = read(project, file, "week49", **given)
    assert found.name == "week49"
    assert [(row.text, row.label) for row in found.rows] == [
        ("Un déjeuner parfait", "positive"),
        ("Un déjeuner tiède", "negative"),
    ]
    with pytest.raises(DataError, match="no row has the label '4'"):
        read(project, file, "week49", **given | {"label_map": [*given["label_map"], "4=positive"]})


def test_a_label_that_train_lacks_is_refused_or_left_out(project: Project, tmp_path: Path) -> None:
    rows = [*new_rows(3), {"text": "Neither here nor there", "label": "neutral"}]
    file = write_rows(tmp_path / "week.jsonl", rows)
    with pytest.raises(DataError, match=r"week.jsonl:4: train has no row labelled 'neutral'"):
        read(project, file)
    found = read(project, file, skip_bad=True)
    assert (len(found.rows), found.left_out) == (3, 1)
    with pytest.raises(DataError, match="no row of the file can be used"):
        read(project, write_rows(tmp_path / "odd.jsonl", rows[3:]), skip_bad=True)
    twice = write_rows(tmp_path / "twice.jsonl", [*new_rows(3), *new_rows(3)])
    assert len(read(project, twice).rows) == 6
    assert len(read(project, twice, drop_duplicates=True).rows) == 3


def test_rows_that_were_watched_under_another_name_are_refused_before_they_are_scored(
    project: Project, week: Path
) -> None:
    key = read(project, week).key
    keep_watched(project, replace(watched("week47"), rows_key=key), lambda there: ("nothing worse", ()))
    with pytest.raises(DataError, match="the same rows were watched as week47"):
        read(project, week)
    assert len(read(project, week, "week47").rows) == 10


def test_what_is_told_of_a_batch_has_no_text(project: Project, week: Path) -> None:
    found = read(project, week)
    assert not any(row.text in repr(found) for row in found.rows)
