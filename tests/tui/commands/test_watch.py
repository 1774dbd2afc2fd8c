"""`blindspot watch`: a small model, a file of rows, exit statuses, and what is kept of the rows: counts."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from engine.audit.audit_files import find_audit
from engine.monitoring.watch_status import WatchStatus
from engine.monitoring.watched_batches import watched_batches
from engine.operations.outside_uses import outside_uses
from engine.project import Project
from engine.regression.promotion import promote
from engine.schema import UNLABELLED, BlindSpot, Prediction
from engine.tau import with_tau
from engine.trust import agree
from tests.builders.audit import answer
from tests.builders.discovery import discovery_of, save_discovery
from tests.builders.project import lay_out
from tests.builders.rows import LABELS, rows, sentences
from tests.builders.tiny_bert import classifier, untrained
from tests.conftest import write_rows
from tests.engine.proof.synthetic import gold_labels, write_proof
from tests.jobs_here import jobs_here
from tui.cli import main

TEXTS = [text for text, _ in sentences()[:120]]


@pytest.fixture
def small(tmp_path: Path) -> Project:
    """A project with a very small model that is confident of each row, and a blind spot of four pool rows."""
    made = rows(48)
    splits = {
        "train": [row.as_json() for row in made[:8]],
        "pool": [row.as_json() for row in made[8:28]],
        "proof": [row.as_json() | {"label": UNLABELLED} for row in made[28:]],
    }
    project = lay_out(tmp_path / "work", splits, untrained(tmp_path / "weights"))
    agree(project.root, outside_uses(project))
    own = made[8:16:2]
    spot = BlindSpot("B1", "bad", "good", tuple(row.id for row in own), 0.9, 0.5, ())
    known = {row.id: Prediction(row.id, row.text, row.label, "good", 0.9, (0.1, 0.9)) for row in own}
    save_discovery(project, discovery_of([spot], known, labels=LABELS, tau=0.5))
    return project


def week(folder: Path, name: str, said: dict[int, str], texts: list[str]) -> str:
    """A file of rows, some with a label."""
    made = [{"text": text, "label": said.get(place, "")} for place, text in enumerate(texts)]
    return str(write_rows(folder / f"{name}.jsonl", made))


def watch(*words: str) -> int:
    with jobs_here():
        return main(["watch", *words])


def test_a_batch_without_labels_is_compared_with_the_pool_and_nothing_is_judged(
    small: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root, file = str(small.root), week(tmp_path, "week48", {}, TEXTS[:60])
    splits = {path: path.read_bytes() for path in (small.root / "splits").iterdir()}
    assert main(["watch", root, file]) == 3  # in a process of its own
    told = capsys.readouterr().out
    assert told.startswith("week48: ")
    assert " 0 with a label; tau 0.5" in told
    assert "confident  100.0%, pool 100.0%: +0.0 points" in told
    assert "near B1" in told
    assert told.endswith("rates: none, as no row has a label\nnothing to judge\n  no row of this batch has a label\n")
    assert {path: path.read_bytes() for path in (small.root / "splits").iterdir()} == splits
    kept = b"".join(path.read_bytes() for path in small.root.rglob("*") if path.is_file() and path not in splits)
    assert not [text for text in TEXTS[:60] if text.encode() in kept and not known(small, text)]
    assert main(["rounds", root]) == 0
    assert "watched 1, last week48: " in capsys.readouterr().out


def known(project: Project, text: str) -> bool:
    """Whether the discovery has the text."""
    found = project.discovered()
    return text in {row.text for row in found.predictions.values()}


def test_more_uus_than_audited_end_the_watch_with_1_and_labels_that_come_later_count_once(
    small: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = str(small.root)
    with jobs_here():
        assert main(["audit", root, "--labels", "20"]) == 0
    audit = find_audit(small)
    said = dict(zip(audit.rows.ids, audit.rows.predicted, strict=True))
    answer(small, audit, {choice.row: said[choice.row] for choice in audit.file.choices})  # it finds none wrong
    capsys.readouterr()
    assert watch(root, week(tmp_path, "week48", {0: "good"}, TEXTS[:60])) == 0
    capsys.readouterr()
    assert watch(root, week(tmp_path, "week48", {0: "good"}, TEXTS[:60]), "--json") == 0
    status = WatchStatus.from_json(orjson.loads(capsys.readouterr().out))
    assert (status.batches, status.uus.labelled) == (("week48",), 1)
    both = dict(enumerate(("good", "bad") * 30))
    assert watch(root, week(tmp_path, "week48", both, TEXTS[:60])) == 1
    told = capsys.readouterr().out
    assert "more than audited" in told
    assert told.endswith("worse; more UUs than audited\n")
    assert len(watched_batches(small)) == 3
    assert main(["watch", root, "--status", "--json"]) == 1
    found = WatchStatus.from_json(orjson.loads(capsys.readouterr().out))
    assert (found.batches, found.status) == (("week48",), "worse")
    assert found.uus.labelled == found.wrong.labelled > 50
    spots = {one.id: one for one in found.spots}
    assert spots["B1"].rate.labelled + found.elsewhere.labelled == found.wrong.labelled


def test_a_closed_blind_spot_near_which_new_rows_go_wrong_is_open_again(
    small: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gold = gold_labels(40)
    right = 9 * (gold[:, None] == range(2)).astype("float32")
    ids = list(small.discovered().blind_spots[0].rows)
    small = with_tau(small, 0.9)  # that of the proof
    write_proof(small, baseline=[-right], arms={("llm", "scratch"): [right]}, gold=gold, ids=ids)
    made = promote(small, arm="llm", force=True)
    assert made.frozen == ("B1",)
    classifier(small.root / made.path)
    root, bad = str(small.root), dict.fromkeys(range(120), "bad")  # which the model seldom says
    assert watch(root, week(tmp_path, "week50", {}, TEXTS)) == 3
    capsys.readouterr()
    assert watch(root, week(tmp_path, "week50", bad, TEXTS), "--json") == 1
    found = WatchStatus.from_json(orjson.loads(capsys.readouterr().out))
    assert found.reasons == ("B1 reopened",)
    (spot,) = found.spots
    assert spot.closed
    assert spot.limit is not None
    assert spot.rate.low > spot.limit
    assert 0 < spot.rate.labelled < found.wrong.labelled


@pytest.mark.parametrize(
    ("words", "said"),
    [(["--status"], "no batch has been watched yet"), (["missing.csv"], "missing.csv")],
)
def test_what_cannot_be_watched_is_told_in_a_sentence_before_a_job(
    small: Project, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["watch", str(small.root), *words]) == 1
    assert said in capsys.readouterr().err
    assert not list(small.jobs_dir.glob("*-1"))


def test_a_file_or_the_status_is_asked_for(small: Project, capsys: pytest.CaptureFixture[str]) -> None:
    for words in ([], ["week.csv", "--status"]):
        with pytest.raises(SystemExit) as left:
            main(["watch", str(small.root), *words])
        assert left.value.code == 2
        assert "name either a file or --status" in capsys.readouterr().err


def test_the_help_says_what_every_exit_status_means(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["watch", "--help"])
    words = capsys.readouterr().out
    for line in ("0  nothing is surely worse", "1  something is", "2  wrong usage", "3  status: nothing to judge"):
        assert line in words
