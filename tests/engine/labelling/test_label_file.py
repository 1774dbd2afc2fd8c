"""The file of labels: saved at every label, gone on from, and never another's."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from engine.errors import StoreError
from engine.labelling.label_file import FileLabel, LabelFile

ENDINGS = pytest.mark.parametrize("name", ["out.csv", "out.jsonl"])


def label(row: str, said: str = "positive", **values: object) -> FileLabel:
    made = FileLabel(
        row, f'text "{row}",\nwith a second line', None, said, 3, "", 1.5, "ada", "2026-11-29T10:00:00+00:00"
    )
    return replace(made, **values)  # type: ignore[arg-type]


def rows_of(path: Path) -> list[tuple[str, str]]:
    """Id and label of each row, as other programs read the file."""
    if path.suffix == ".csv":
        with path.open(newline="") as file:
            return [(row["id"], row["label"]) for row in csv.DictReader(file)]
    return [(row["id"], row["label"]) for row in map(orjson.loads, path.read_bytes().splitlines())]


@ENDINGS
def test_a_label_is_in_the_file_at_once_and_is_gone_on_from(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with LabelFile(path) as file:
        for row in ("a", "b"):
            file.put(label(row))
            assert rows_of(path)[-1] == (row, "positive")
        before = file.labels
    with LabelFile(path) as file:
        assert file.labels == before
        assert file.repaired == ""
        file.put(label("c", text_pair="beside", note="a note"))
        assert rows_of(path) == [("a", "positive"), ("b", "positive"), ("c", "positive")]
    with LabelFile(path) as file:
        assert file.get("c") == label("c", text_pair="beside", note="a note")


@ENDINGS
def test_what_an_editor_saved_without_the_end_of_its_last_line_counts(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with LabelFile(path) as file:
        file.put(label("a"))
        file.put(label("b"))
    path.write_bytes(path.read_bytes().removesuffix(b"\n"))
    with LabelFile(path) as file:
        assert list(file.labels) == ["a", "b"]
        file.put(label("c"))
        assert rows_of(path) == [("a", "positive"), ("b", "positive"), ("c", "positive")]
        file.drop("c")
        file.put(label("d"))
    assert rows_of(path) == [("a", "positive"), ("b", "positive"), ("d", "positive")]


@ENDINGS
def test_labels_are_changed_in_their_place_and_taken_off(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with LabelFile(path) as file:
        for row in "abc":
            file.put(label(row))
        file.put(label("a", "negative"))
        assert rows_of(path) == [("a", "negative"), ("b", "positive"), ("c", "positive")]
        file.drop("c")  # the last one
        file.drop("a")  # one before others
        assert rows_of(path) == [("b", "positive")]
        file.put(label("d"))
        assert rows_of(path) == [("b", "positive"), ("d", "positive")]


@ENDINGS
def test_a_line_that_was_cut_off_is_left_out_and_told(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with LabelFile(path) as file:
        file.put(label("a"))
        end = path.stat().st_size
        file.put(label("b"))
    whole = path.read_bytes()
    for cut in range(end + 1, len(whole) - 1):
        path.write_bytes(whole[:cut])
        with LabelFile(path) as file:
            assert list(file.labels) == ["a"]
            assert "cut off" in file.repaired
            file.put(label("c"))
        assert rows_of(path) == [("a", "positive"), ("c", "positive")]


@pytest.mark.parametrize("broken", [b'b,"b,', b'b,"b"b,', b'b,b"b,"'])
def test_a_quotation_mark_too_many_costs_no_label_behind_it(tmp_path: Path, broken: bytes) -> None:
    path = tmp_path / "out.csv"
    with LabelFile(path) as file:
        for row in "abc":
            file.put(label(row, text=row))
    edited = path.read_bytes().replace(b"b,b,", broken)
    for content in (edited, edited[: edited.index(b"\nc,") + 1]):  # in the middle, and in the last record
        path.write_bytes(content)
        with pytest.raises(StoreError, match=r"record 3: this record is no label"):
            LabelFile(path)
        assert path.read_bytes() == content


@pytest.mark.parametrize("content", ["id,text,label\n1,a,b\n", "nothing\n", '{"id": 1}\n', "one line of my own", "[]"])
@ENDINGS
def test_another_file_is_never_written_into(tmp_path: Path, name: str, content: str) -> None:
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(StoreError, match="no file of labels that blindspot has written"):
        LabelFile(path)
    assert path.read_text() == content
    assert list(tmp_path.iterdir()) == [path]


def test_an_unknown_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"name one that ends in \.csv or \.jsonl"):
        LabelFile(tmp_path / "out.xlsx")


def test_two_people_never_write_one_file_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    with LabelFile(path), pytest.raises(StoreError, match="somebody is labelling into this file"):
        LabelFile(path)
    LabelFile(path).close()


def test_a_lock_whose_file_was_taken_away_keeps_nobody_in(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    first = LabelFile(path)
    (tmp_path / ".out.csv.lock").unlink()
    with LabelFile(path), pytest.raises(StoreError, match="somebody is labelling"):
        LabelFile(path)
    first.close()


KILLED = """
import sys
from pathlib import Path
from tests.engine.labelling.test_label_file import label
from engine.labelling.label_file import LabelFile
file = LabelFile(Path(sys.argv[1]))
for number in range(10**6):
    file.put(label(str(number)))
    print(number, flush=True)
"""


def test_what_was_acknowledged_outlives_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    with subprocess.Popen([sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        said = [int(writer.stdout.readline()) for _ in range(20)]
        os.kill(writer.pid, signal.SIGKILL)
    with LabelFile(path) as file:
        assert [str(number) for number in said] == list(file.labels)[: len(said)]
