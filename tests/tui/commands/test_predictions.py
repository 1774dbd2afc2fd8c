"""A classifier that is known by its predictions alone: from a file of them to blind spots, and what is lacking then."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path

import orjson
import pytest

from engine.files import read_json
from engine.model.array_cache import read_array
from engine.project import Project
from tests.builders.tiny_bert import classifier, rows
from tests.jobs_here import jobs_here
from tui.cli import main

Said = Callable[..., tuple[int, str]]


def table(path: Path, header: Sequence[str], lines: Sequence[Sequence[object]]) -> Path:
    """A CSV file."""
    with path.open("w", newline="") as out:
        csv.writer(out).writerows([header, *lines])
    return path


@pytest.fixture
def said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Said:
    """Run a command, its jobs in this process: its exit status and all that it said, without the folder's name."""

    def command(*words: object) -> tuple[int, str]:
        with jobs_here():
            status = main([str(word) for word in words])
        out, err = capsys.readouterr()
        return status, (out + err).replace(f"{tmp_path}/", "")

    return command


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """Options of a project of 40 pool rows, r0 to r39, and 12 proof rows, h0 to h11."""
    made, held = rows(40), rows(12)
    table(
        tmp_path / "pool.csv",
        ["id", "text", "label"],
        [(f"r{n}", f"{one.text} {n}", one.label) for n, one in enumerate(made)],
    )
    table(
        tmp_path / "proof.csv",
        ["id", "text", "label"],
        [(f"h{n}", f"held {o.text} {n}", o.label) for n, o in enumerate(held)],
    )
    names = ["--pool", str(tmp_path / "pool.csv"), "--proof", str(tmp_path / "proof.csv")]
    return [*names, "--text", "text", "--label", "label", "--encoder", str(classifier(tmp_path / "encoder"))]


def answers(count: int, prefix: str = "r") -> list[tuple[str, str, float]]:
    """Id, label and confidence: `good` of each row, with 0.9 for every second one."""
    return [(f"{prefix}{number}", "good", 0.9 if number % 2 == 0 else 0.7) for number in range(count)]


def test_one_file_of_labels_and_confidences_leads_to_blind_spots_without_train_rows(
    tmp_path: Path, files: list[str], said: Said
) -> None:
    both = [*answers(40), *answers(12, "h")][::-1]  # by id, whatever their order
    given = table(tmp_path / "preds.csv", ["id", "predicted", "confidence"], both)
    assert said("init", tmp_path / "work", *files, "--predictions", given)[0] == 0
    status, out = said("discover", tmp_path / "work")
    assert status == 0
    # r0, r2 ... are bad, and predicted with a confidence of exactly tau
    assert "40 pool rows, accuracy 0.500; 20 UUs at tau 0.9" in out
    found = Project.open(tmp_path / "work").discovered()
    assert {one.confidence for one in found.predictions.values() if one.label == "bad"} == {0.9}
    assert found.model == "predictions of preds.csv"
    assert said("show", tmp_path / "work", "B1")[0] == 0
    status, out = said("audit", tmp_path / "work")
    assert (status, "12 of 12 held-out rows are drawn" in out) == (0, True)
    status, out = said("verify", tmp_path / "work")
    assert status == 0, out
    assert "predictions: 52 texts of 1 batch, as they came" in out
    assert said("doctor", tmp_path / "work")[0] == 0


def test_the_file_of_the_pool_may_hold_the_predictions(tmp_path: Path, said: Said) -> None:
    lines = [(f"{one.text} {number}", one.label, 0.95 if number % 4 else 0.2) for number, one in enumerate(rows(40))]
    scored = table(tmp_path / "scored.csv", ["text", "label", "p_good"], lines)
    options = ["--pool", scored, "--predictions", scored, "--text", "text", "--label", "label"]
    assert said("init", tmp_path / "work", *options)[0] == 0
    project = Project.open(tmp_path / "work")
    assert project.labels == ("bad", "good")
    logits = read_array(project.root / "predictions" / "000-logits.npy")
    assert logits.shape == (40, 2)
    assert sorted(set(logits.argmax(axis=1))) == [0, 1]


def test_a_probability_for_each_label_comes_in_jsonl_too_in_the_order_of_the_rows(tmp_path: Path, said: Said) -> None:
    labels = ("1", "2", "3")
    pool = [
        {"text": f"row {number} of many, {one.text}", "label": int(labels[number % 3])}
        for number, one in enumerate(rows(30))
    ]
    (tmp_path / "pool.jsonl").write_bytes(b"".join(orjson.dumps(one) + b"\n" for one in pool))
    given = [{"p_1": 0.125, "p_2": 0.25, "p_3": 0.625} for _ in pool]
    (tmp_path / "preds.jsonl").write_bytes(b"".join(orjson.dumps(one) + b"\n" for one in given))
    options = [
        "--pool",
        tmp_path / "pool.jsonl",
        "--predictions",
        tmp_path / "preds.jsonl",
        "--text",
        "text",
        "--label",
        "label",
    ]
    assert said("init", tmp_path / "work", *options)[0] == 0
    assert Project.open(tmp_path / "work").labels == labels
    given = [{"label": 3, "score": 0.5} for _ in pool]
    (tmp_path / "preds.jsonl").write_bytes(b"".join(orjson.dumps(one) + b"\n" for one in given))
    status, out = said("init", tmp_path / "stated", *options)
    assert status == 0
    assert "what a confidence leaves is divided evenly among the other 2 labels" in out


PLAIN, BY_ID = ["predicted", "confidence"], ["id", "predicted", "confidence"]
REFUSED = {
    "no row of that id": (BY_ID, answers(39), "pool.csv:41: preds.csv has no prediction for the row with the id 'r39'"),
    "an id twice": (BY_ID, [*answers(40), *answers(1)], ":42: the id 'r0' is there twice, first at preds.csv:2"),
    "too few": (PLAIN, [line[1:] for line in answers(39)], "39 predictions for the 40 rows of pool.csv: the first "
        "row without one is pool.csv:41"),
    "too many": (PLAIN, [line[1:] for line in answers(41)], "41 predictions for the 40 rows of pool.csv: the first "
        "one without a row is preds.csv:42"),
    "other columns": (["id", "answer"], [line[:2] for line in answers(40)], "no columns of predictions; there are "
        "'id', 'answer'; name them predicted and confidence, or p_LABEL for each label"),
    "per cent": (PLAIN, [("good", 93)] * 40, "preds.csv:2: `confidence` is '93'; it must be a number from 0 to 1"),
    "nothing": (PLAIN, [("good", "")] * 40, "preds.csv:2: `confidence` is empty; it must be a number from 0 to 1"),
    "another label": (PLAIN, [("great", 0.9)] * 40, ":2: the predicted label 'great' is not one of the labels"),
    "one label's": (PLAIN, [("good", 0.1)] * 40, "of 0.1 in the predicted label 'good' would make another one"),
    "several labels a row": (["p_good", "p_bad"], [(0.9, 0.8)] * 40, ":2: the probabilities add up to 1.7, not to 1"),
}  # fmt: skip


@pytest.mark.parametrize(("header", "lines", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_used_is_told_in_a_sentence_and_leaves_no_project(
    tmp_path: Path, files: list[str], said: Said, header: list[str], lines: list[Sequence[object]], sentence: str
) -> None:
    given = table(tmp_path / "preds.csv", header, lines)
    proof = table(tmp_path / "held.csv", ["predicted", "confidence"], [("good", 0.9)] * 12)
    train = table(tmp_path / "train.csv", ["text", "label"], [("one", "good"), ("two", "bad")])
    options = ["--train", train, "--predictions", f"pool:{given}", "--predictions", f"proof:{proof}"]
    status, out = said("init", tmp_path / "work", *files, *options)
    assert status == 1
    assert sentence in out
    assert not (tmp_path / "work").exists()


def test_it_must_be_clear_of_which_rows_a_file_is(tmp_path: Path, files: list[str], said: Said) -> None:
    given = table(tmp_path / "preds.csv", ["predicted", "confidence"], [line[1:] for line in answers(40)])
    status, out = said("init", tmp_path / "work", *files, "--predictions", given)
    assert status == 1
    assert "it cannot be told which of its predictions are of pool and which of proof" in out
    status, out = said("init", tmp_path / "work", *files, "--predictions", f"pool:{given}")
    assert "there are no predictions for the rows of proof; name a file for each, as --predictions proof:FILE" in out
    status, out = said("init", tmp_path / "work", *files, "--predictions", given, "--predictions", given)
    assert "two files of predictions are for the same rows" in out
    status, out = said("init", tmp_path / "work", *files)
    assert "there must be train rows" in out


def test_predictions_that_may_be_the_right_labels_are_pointed_out(tmp_path: Path, files: list[str], said: Said) -> None:
    right = [("good" if number % 2 else "bad", 0.9) for number in range(40)]
    given = table(tmp_path / "preds.csv", ["label", "confidence"], right)
    held = table(tmp_path / "held.csv", ["label", "confidence"], right[:12])
    status, out = said(
        "init", tmp_path / "work", *files, "--predictions", f"pool:{given}", "--predictions", f"proof:{held}"
    )
    assert status == 0
    assert "all 52 rows that have a label are predicted right: is the column of predictions that of the right" in out


@pytest.fixture
def work(tmp_path: Path, files: list[str], said: Said) -> Path:
    """A project that has been discovered in."""
    given = table(tmp_path / "preds.csv", ["id", "predicted", "confidence"], [*answers(40), *answers(12, "h")])
    assert said("init", tmp_path / "work", *files, "--predictions", given)[0] == 0
    assert said("discover", tmp_path / "work")[0] == 0
    return tmp_path / "work"


def test_what_needs_a_classifier_says_so(work: Path, said: Said) -> None:
    lack = "this project knows the classifier by its predictions alone"
    needs = (["retrain"], ["retrain", "--quick"], ["check"], ["verdict", "Hello."], ["doctor", "--classifier"])
    for command, *words in needs:
        status, out = said(command, work, *words)
        assert status == 1
        assert lack in out


def test_later_rows_bring_their_predictions(tmp_path: Path, work: Path, said: Said) -> None:
    texts = [f"a later text, number {number} of week 48" for number in range(10)]
    week = table(tmp_path / "week48.csv", ["text", "label"], [(text, "bad") for text in texts])
    given = table(tmp_path / "w48.csv", ["predicted", "confidence"], [("good", 0.95)] * 10)
    for command in ("watch", "add"):
        status, out = said(command, work, week)
        assert (status, "give what it says of these rows with --predictions" in out) == (1, True)
    status, out = said("watch", work, week, "--predictions", given)
    assert status == 3  # there is nothing to compare with
    assert "all rows that are wrong        100.0%" in out
    key = Project.open(work).discovered().model_key
    mistaken = table(tmp_path / "w47.csv", ["predicted", "confidence"], [("bad", 0.95)] * 10)
    (work / "splits" / "manifest-1.json").mkdir()  # in the way, as a full disk would be
    assert said("add", work, week, "--predictions", mistaken)[0] == 1
    (work / "splits" / "manifest-1.json").rmdir()
    assert said("add", work, week, "--predictions", given)[0] == 0
    assert [part["sources"] for part in read_json(work / "predictions" / "predictions.json")["parts"]] == [
        ["preds.csv"],
        ["w48.csv"],
    ]
    status, out = said("discover", work)
    assert "50 pool rows, accuracy 0.400; 30 UUs" in out  # and not what the first try said of the ten
    assert Project.open(work).discovered().model_key == key  # no other classifier


def test_predictions_that_were_changed_are_refused(work: Path, said: Said) -> None:
    record = work / "predictions" / "predictions.json"
    assert read_json(record)["parts"][0]["rows"] == 52
    array = work / "predictions" / "000-logits.npy"
    array.write_bytes(array.read_bytes()[:-4] + b"\0\0\0\0")
    for cached in (work / "cache").iterdir():
        cached.unlink()
    status, out = said("verify", work)
    assert status == 1
    assert "this file has changed since the predictions came" in out
