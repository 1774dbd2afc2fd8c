from __future__ import annotations

import random
from pathlib import Path

import orjson
import pytest

from tests.tui.commands.test_init import write
from tui.cli import main


def stream(path: Path, seed: int, count: int) -> Path:
    """Texts of made-up words, in a column `review`."""
    rng = random.Random(seed)
    path.write_text("\n".join(["review", *(rng.randbytes(14).hex(" ") for _ in range(count))]) + "\n")
    return path


@pytest.fixture
def work(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A project from a stream of 20 rows."""
    files = ["--train", str(write(tmp_path / "train.csv", 1, 6)), "--stream", str(stream(tmp_path / "new.csv", 2, 20))]
    assert main(["init", str(tmp_path / "work"), *files, "--text", "review", "--label", "stars"]) == 0
    return tmp_path / "work"


def test_init_counts_rows_without_label_and_names_hunting_next(
    tmp_path: Path, work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = ["--train", str(tmp_path / "train.csv"), "--stream", str(tmp_path / "new.csv")]
    assert main(["init", str(tmp_path / "other"), *files, "--text", "review", "--label", "stars"]) == 0
    out = capsys.readouterr().out
    assert "train       12 rows   bad 6, good 6" in out
    assert "pool        10 rows, 10 without label" in out
    assert "note: 0 of 10 proof rows have a label: `retrain` will ask people for the labels" in out
    assert out.endswith(f"next: blindspot hunt {tmp_path / 'other'}\n")


def test_add_says_what_was_new_and_where_it_went(
    tmp_path: Path, work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    later = stream(tmp_path / "week48.csv", 3, 10)
    later.write_text(later.read_text() + (tmp_path / "new.csv").read_text().splitlines()[3] + "\n")
    capsys.readouterr()
    assert main(["add", str(work), str(later)]) == 0
    out = capsys.readouterr().out
    assert "added week48: 10 rows, 10 without label" in out
    assert "pool           5 rows" in out
    assert "skipped: 1 of 11 rows were known already" in out
    assert out.endswith(f"next: blindspot label {work}\n")
    assert main(["add", str(work), str(later)]) == 0
    assert capsys.readouterr().out == "nothing new: 11 of 11 rows were known already\n"
    assert main(["add", str(work), str(later), "--json"]) == 0
    found = orjson.loads(capsys.readouterr().out)
    assert (found["batch"], found["read"], found["skipped"], found["next"]) == (None, 11, 11, None)


def test_batches_are_listed(tmp_path: Path, work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["add", str(work), str(write(tmp_path / "week48.csv", 4, 4))]) == 0
    capsys.readouterr()
    assert main(["batches", str(work)]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[1:] == [
        ["new", "10", "10", "0", "0", "20", "without"],
        ["week48", "4", "4", "0", "0", "bad", "50%,", "good", "50%"],
    ]
    assert main(["batches", str(work), "--json"]) == 0
    found = orjson.loads(capsys.readouterr().out)
    assert [(one["name"], one["rows"], one["unlabelled"]) for one in found] == [
        ("new", {"pool": 10, "proof": 10}, 20),
        ("week48", {"pool": 4, "proof": 4}, 0),
    ]


def test_a_wrong_column_is_one_sentence_and_status_1(
    tmp_path: Path, work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    later = stream(tmp_path / "week48.csv", 3, 4)
    assert main(["add", str(work), str(later), "--column", "text=revue"]) == 1
    assert "there is no column 'revue'; there are 'review'; name 'review' if that is meant" in capsys.readouterr().err
