"""`blindspot label`: line by line, and by keys in a real terminal."""

from __future__ import annotations

import csv
import errno
import io
import os
from pathlib import Path

import pytest

from engine.teaching.labels import Labels
from engine.teaching.records import Records
from tests.builders.stream import stream_project
from tui.cli import main

TEXTS = 'id,comment\na,"A fine film, really"\nb,Dreadful\nc,It has actors\n'


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    path = tmp_path / "texts.csv"
    path.write_text(TEXTS)
    return path


def plain(texts: Path, answers: str, monkeypatch: pytest.MonkeyPatch, *more: str) -> tuple[int, list[dict[str, str]]]:
    out = texts.with_name("out.csv")
    monkeypatch.setattr("sys.stdin", io.StringIO(answers))
    status = main(["label", str(texts), "--labels", "positive,negative", "--out", str(out), "--plain", *more])
    with out.open(newline="") as file:
        return status, list(csv.DictReader(file))


def test_line_by_line(texts: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    status, rows = plain(texts, "1\nx\nu\nm odd\nwhat\nnegative?\nq\n", monkeypatch, "--labeller", "ada")
    assert status == 0
    assert [(row["id"], row["label"], row["certainty"], row["note"]) for row in rows] == [
        ("a", "positive", "3", ""),
        ("b", "negative", "2", "odd"),
    ]
    assert {row["labeller"] for row in rows} == {"ada"}
    told = capsys.readouterr().out
    assert "1 positive, 2 negative" in told
    assert "1 of 3: A fine film, really" in told
    assert "there is no label 'what'; give one of positive, negative" in told
    assert told.endswith("2 of 3 labelled\n")
    _, rows = plain(texts, "2\n", monkeypatch)
    assert [row["id"] for row in rows] == ["a", "b", "c"]


@pytest.mark.parametrize("endless", [False, True])
def test_a_guideline_may_be_a_pipe_and_is_never_read_without_an_end(
    texts: Path, endless: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    read, write = os.pipe()
    os.write(write, b"Praise.\n")
    os.close(write)
    guideline = "/dev/zero" if endless else f"/dev/fd/{read}"
    monkeypatch.setattr("sys.stdin", io.StringIO("1\n"))
    words = ["label", str(texts), "--labels", "positive,negative", "--out", str(texts.with_name("out.csv")), "--plain"]
    assert main([*words, "--guideline", guideline]) == int(endless)
    os.close(read)
    told = capsys.readouterr()
    assert told.out.startswith("" if endless else "Praise.\n")
    assert ("/dev/zero: the guideline cannot be read (it has more than 1,048,576 bytes)" in told.err) == endless


def test_an_answer_from_a_file_that_cannot_be_saved_ends_it(
    texts: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plain(texts, "1\n", monkeypatch)

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("engine.files.os.fsync", full)
        status, rows = plain(texts, "1\n2\n", monkeypatch)
    assert (status, [row["id"] for row in rows]) == (1, ["a"])
    assert "cannot be written (No space left on device); free disk space" in capsys.readouterr().err


@pytest.mark.parametrize("errors", ["strict", "surrogateescape"])
def test_an_answer_that_is_not_utf_8_ends_it(
    texts: Path, errors: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"1\nm \xff\n2\n"), "utf-8", errors))
    out = texts.with_name("out.csv")
    assert main(["label", str(texts), "--labels", "positive,negative", "--out", str(out), "--plain"]) == 1
    assert "an answer is not UTF-8" in capsys.readouterr().err
    assert out.read_text().count("positive") == 1


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--labels", "one"], "not a list of two or more labels"),
        (["--labels", "a,a"], "not a list of two or more labels"),
    ],
)
def test_labels_that_are_none_are_wrong_usage(
    texts: Path, words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main(["label", str(texts), "--out", "out.csv", *words])
    assert left.value.code == 2
    assert sentence in capsys.readouterr().err


def test_without_a_terminal_it_says_what_to_do(texts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["label", str(texts), "--labels", "a,b", "--out", str(texts.with_name("out.csv"))]) == 1
    assert "use --plain" in capsys.readouterr().err


def test_two_people_are_compared_and_a_third_decides(
    texts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    outs = [tmp_path / name for name in ("ann.csv", "ben.jsonl")]
    for out, answers in zip(outs, ("1\n2\n1\n", "1\n1\n2\n"), strict=True):
        monkeypatch.setattr("sys.stdin", io.StringIO(answers))
        words = ["label", str(texts), "--labels", "positive,negative", "--out", str(out), "--plain"]
        assert main(words) == 0
    conflicts = tmp_path / "conflicts.jsonl"
    capsys.readouterr()
    assert main(["agreement", *map(str, outs), "--conflicts", str(conflicts)]) == 0
    told = capsys.readouterr().out
    assert "3 texts with labels by two people or more" in told
    assert "agreed on 1: 0.33" in told
    assert "negative / positive" in told
    assert "positive" not in conflicts.read_text()
    monkeypatch.setattr("sys.stdin", io.StringIO("1\n1\n"))
    decided = tmp_path / "decided.csv"
    words = ["label", str(conflicts), "--labels", "positive,negative", "--out", str(decided), "--plain"]
    assert main(words) == 0
    with decided.open(newline="") as file:
        assert [row["id"] for row in csv.DictReader(file)] == ["b", "c"]


def in_project(root: Path, name: str, answers: str, monkeypatch: pytest.MonkeyPatch, *more: str) -> int:
    monkeypatch.setattr("sys.stdin", io.StringIO(answers))
    return main(["label", str(root), "--plain", "--annotator", name, *more])


def test_rows_of_a_project_line_by_line_and_a_conflict_that_a_third_person_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project = stream_project(tmp_path / "work", rows=2, people=2)
    (project.root / "guidelines.md").write_text("# positive\nPraise.\n")
    assert in_project(project.root, "ann", "positive\n1?\n", monkeypatch) == 0
    told = capsys.readouterr().out
    assert "Praise." in told
    assert "Guideline, version 1" in told
    assert told.endswith(f"2 of 2 labelled\nnext: blindspot discover {project.root}\n")
    assert in_project(project.root, "ben", "m it is irony\n1\n1\n", monkeypatch) == 0
    assert "irony" not in told
    capsys.readouterr()
    assert in_project(project.root, "cleo", "2\n2 9\n2 3\n", monkeypatch, "--queue", "conflict") == 0
    told = capsys.readouterr().out
    assert "one said negative (sure): it is irony" in told
    assert "one said positive (sure)" in told
    assert "ann" not in told
    assert told.count("a conflict is decided with a reason") == 2
    labels = Labels(Records(project.teaching_dir))
    assert sorted(labels.settled().values()) == ["negative", "positive"]
    assert {one.reason for one in labels.decided.values()} == {"the text is ambiguous"}


def test_options_of_a_file_are_none_of_a_project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = stream_project(tmp_path / "work")
    with pytest.raises(SystemExit):
        main(["label", str(project.root), "--plain", "--labels", "a,b"])
    assert "--labels is for a file of texts" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["label", str(tmp_path / "texts.csv"), "--plain", "--queue", "hunt"])
    assert "--queue is for a project" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["label", str(tmp_path / "texts.csv"), "--plain"])
    assert f"there is no {tmp_path / 'texts.csv'}" in capsys.readouterr().err
    (tmp_path / "texts.csv").write_text("text\none\n")
    with pytest.raises(SystemExit):
        main(["label", str(tmp_path / "texts.csv"), "--plain"])
    assert "needs --labels and --out" in capsys.readouterr().err
