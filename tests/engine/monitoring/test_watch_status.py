"""The words on rates, from counts of batches whose truth is known."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.audit.audit_files import Audit
from engine.audit.audit_status import status_of
from engine.errors import StoreError
from engine.monitoring.watch_status import Shift, WatchStatus, shift, status_after, watch_status
from engine.monitoring.watched_batches import LabelCounts, Predicted, WatchedBatch, keep_watched
from engine.project import Project
from engine.proof.report import read_report
from engine.regression.promotion import promote
from tests.builders.audit import answer, drawn_audit
from tests.builders.stream import stream_project
from tests.builders.watched import near, watched
from tests.engine.proof.synthetic import gold_labels, write_proof


@pytest.fixture
def stream(tmp_path: Path) -> Project:
    """A project without an audit or a closed blind spot."""
    return stream_project(tmp_path / "work")


@pytest.fixture
def audited(tmp_path: Path) -> tuple[Project, Audit]:
    """A project whose finished audit found 5 of 50 confident rows wrong."""
    audit = drawn_audit(tmp_path / "work", {"confident": 200}, 50)
    project = Project.open(tmp_path / "work")
    said = dict(zip(audit.rows.ids, audit.rows.predicted, strict=True))
    other = {"negative": "positive", "positive": "negative"}
    rows = [choice.row for choice in audit.file.choices]
    answer(project, audit, {row: other[said[row]] if place % 10 == 0 else said[row] for place, row in enumerate(rows)})
    return project, audit


def after(project: Project, *batches: WatchedBatch) -> WatchStatus:
    return status_after(project, batches, batches[-1])


@pytest.mark.parametrize(
    ("labelled", "wrong", "word", "status"),
    [
        (300, 120, "more than audited", "worse"),
        (300, 30, "as audited", "nothing worse"),
        (2_000, 0, "fewer than audited", "nothing worse"),
        (10, 2, "too few labels to tell", "nothing worse"),
    ],
)
def test_uus_are_held_against_the_audit(
    audited: tuple[Project, Audit], labelled: int, wrong: int, word: str, status: str
) -> None:
    project, audit = audited
    found = after(project, watched("week1", labelled, wrong))
    assert found.audit is not None
    assert (found.audit.word, found.status, found.audit.queue) == (word, status, "audit-1")
    assert found.undecided == (("UUs against the audit",) if word == "too few labels to tell" else ())
    figures = status_of(project, audit).figures
    assert figures is not None
    assert (found.audit.low, found.audit.high) == figures.rows_to_come
    assert (found.uus.low > found.audit.high) == (word == "more than audited")
    assert found.uus.value == wrong / labelled


def test_weeks_add_up_and_what_began_late_is_named_since_when(audited: tuple[Project, Audit]) -> None:
    project, _ = audited
    calm = [watched(f"calm{week}", 100, 5) for week in range(12)]
    found = after(project, *calm)
    assert (found.uus.labelled, found.uus.hits, found.uus.since, found.status) == (1_200, 60, "", "nothing worse")
    found = after(project, *calm, *(watched(f"late{week}", 100, 50) for week in range(3)))
    assert found.status == "worse"
    assert found.reasons == ("more UUs than audited",)
    assert found.uus.since.startswith(("calm", "late"))
    assert found.uus.labelled < 1_500
    assert (found.wrong.labelled, found.wrong.since) == (1_500, "")


def test_a_batch_counts_once_and_with_its_latest_labels(audited: tuple[Project, Audit]) -> None:
    project, _ = audited
    found = after(project, watched("week1", 20, 1), watched("week2", 50, 5), watched("week1", 30, 2))
    assert (found.uus.labelled, found.uus.hits, found.batches) == (80, 7, ("week1", "week2"))


def test_batches_of_another_model_or_tau_do_not_count(audited: tuple[Project, Audit]) -> None:
    project, _ = audited
    others = (watched("a", 500, 400, model="before"), watched("b", 500, 400, tau=0.8))
    found = after(project, *others, watched("week1", 40, 4))
    assert (found.uus.labelled, found.batches, found.status) == (40, ("week1",), "nothing worse")
    other = after(project, watched("week1", 300, 120, model="new"))
    assert (other.audit, other.status) == (None, "nothing to judge")


def test_without_labels_or_anything_to_compare_with_nothing_is_judged(
    audited: tuple[Project, Audit], tmp_path: Path
) -> None:
    assert after(audited[0], watched("week1", 40, 4), watched("week2")).status == "nothing to judge"
    bare = stream_project(tmp_path / "bare")
    assert after(bare, watched("week1", 40, 4)).status == "nothing to judge"
    with pytest.raises(StoreError, match="no batch has been watched yet"):
        watch_status(bare)


@pytest.fixture
def closed(project: Project) -> tuple[Project, float]:
    """A project whose blind spot B1 was closed by a promoted arm, and the error rate near it that was possible then."""
    gold = gold_labels()
    right = 9 * (gold[:, None] == range(2)).astype("float32")
    ids = [row.id for row in project.examples("pool")[:4]]
    write_proof(project, baseline=[-right], arms={("llm", "scratch"): [right]}, gold=gold, ids=ids)
    promote(project, arm="llm", force=True)
    low = read_report(project).spots[0].arms[0].near.low
    assert low is not None
    return project, 1 - low


def test_a_closed_blind_spot_is_reopened_only_by_a_rate_surely_above_that_it_was_closed_with(
    closed: tuple[Project, float],
) -> None:
    project, limit = closed
    few, many, none = (
        after(project, watched("week1", 90, 9, near("B1", *counts))) for counts in ((6, 1), (40, 20), (400, 0))
    )
    assert [one.spots[0].limit for one in (few, many, none)] == [pytest.approx(limit)] * 3
    assert [one.spots[0].word for one in (few, many, none)] == ["too few labels to tell", "reopened", "as closed"]
    assert [one.status for one in (few, many, none)] == ["nothing worse", "worse", "nothing worse"]
    assert many.reasons == ("B1 reopened",)
    assert [one.undecided for one in (few, many, none)] == [("B1",), (), ()]
    assert many.spots[0].rate.low > limit


def test_a_closed_blind_spot_whose_proof_is_gone_is_not_judged(closed: tuple[Project, float]) -> None:
    project, _ = closed
    (project.proofs_dir / "aaaa1111" / "report.json").unlink()
    found = after(project, watched("week1", 90, 9, near("B1", 40, 20)))
    assert (found.spots[0].word, found.status) == ("closed without a rate", "nothing to judge")


@pytest.mark.parametrize(
    ("labelled", "wrong", "word"),
    [(60, 30, "still open"), (600, 12, "no longer seen"), (3, 0, "too few labels to tell")],
)
def test_an_open_blind_spot_is_held_against_the_rows_near_none(
    stream: Project, labelled: int, wrong: int, word: str
) -> None:
    spot = near("B2", labelled, wrong, closed=False, found_by="k", rows=labelled)
    found = after(stream, watched("week1", 900, 60, spot, elsewhere=LabelCounts(800, 60)))
    assert found.spots[0].word == word
    assert found.status == "nothing to judge"


def test_a_blind_spot_that_was_found_anew_begins_anew(stream: Project) -> None:
    first = watched("week1", 50, 9, near("B2", 30, 9, closed=False, found_by="k1"))
    second = watched("week2", 50, 9, near("B2", 8, 1, closed=False, found_by="k2"))
    assert after(stream, first, second).spots[0].rate.labelled == 8


def test_shares_need_no_label_and_move_only_beyond_their_interval(stream: Project) -> None:
    moved = Predicted(200, 100, {"negative": 150, "positive": 50})
    found = {one.what: one for one in after(stream, watched("week1", predicted=moved)).shifts}
    assert {what for what, one in found.items() if one.moved} == {
        "confident",
        "predicted negative",
        "predicted positive",
    }
    assert found["confident"].difference == pytest.approx(-0.3)
    same = after(stream, watched("week1", 0, 0, near("B1", rows=50)))
    assert [one.what for one in same.shifts][-1] == "near B1"
    assert not any(one.moved for one in same.shifts)


def test_the_interval_of_a_difference_is_newcombes() -> None:
    """His example: 56 of 70 and 48 of 80 [Newcombe 1998, table II (a), method 10]."""
    found = shift("confident", (56, 70), (48, 80), 0.95)
    assert found == Shift("confident", 0.8, 0.6, pytest.approx(0.2), pytest.approx(0.0524, abs=1e-4), found.high)
    assert found.high == pytest.approx(0.3339, abs=1e-4)


def test_how_things_stood_after_an_earlier_batch_leaves_out_what_came_later(stream: Project) -> None:
    for batch in (watched("week1", 20, 1), watched("week2", 30, 3)):
        keep_watched(stream, batch, lambda there: ("nothing worse", ()))
    assert watch_status(stream, "week1").uus.labelled == 20
    assert watch_status(stream).uus.labelled == 50
    with pytest.raises(StoreError, match="no batch 'week3' has been watched"):
        watch_status(stream, "week3")
