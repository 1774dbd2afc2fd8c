from __future__ import annotations

from dataclasses import replace

import pytest

from engine.errors import StoreError
from engine.project import Project
from engine.schema import Teacher
from engine.teaching.records import Teaching
from engine.teaching.views import Board, SpotView, filter_spots, sort_spots
from engine.teaching.writer import Annotator
from tests.engine.teaching.world import POOL


def other(annotator: Annotator, name: str, kind: str = "human") -> Annotator:
    teaching = Teaching(annotator.project.teaching_dir, name)
    return Annotator(annotator.project, annotator.discovery, teaching, Teacher(name, kind))  # type: ignore[arg-type]


def test_marks_change_the_counts_at_once(annotator: Annotator, board: Board) -> None:
    assert board.totals().uus_after_marks == board.totals().uus == 10
    annotator.mark("n1", "label wrong", "positive")
    annotator.mark("n2", "ambiguous")
    annotator.mark("n3", "fine")
    annotator.mark("s1", "ambiguous")
    view = board.spot("B1")
    assert (view.size, view.size_before) == (2, 4)
    assert board.totals().uus_after_marks == 7
    annotator.mark("n1", "fine")
    assert board.spot("B1").size == 3
    annotator.undo()
    assert board.spot("B1").size == 2


def test_ones_own_mark_wins_over_others_and_the_latest_of_others_wins(annotator: Annotator, board: Board) -> None:
    bob, eve = other(annotator, "bob"), other(annotator, "eve")
    eve.mark("n1", "label wrong", "positive")
    bob.mark("n1", "ambiguous")
    eve.mark("n2", "fine")
    eve.mark("n1", "fine")
    board.refresh()
    row = board.evidence("B1")[0]
    assert (row.mark and row.mark.verdict, row.marked_by) == ("fine", "eve")
    annotator.mark("n1", "label wrong", "positive")
    row = board.evidence("B1")[0]
    assert (row.mark and row.mark.verdict, row.marked_by) == ("label wrong", "ann")
    annotator.unmark("n1")
    assert board.evidence("B1")[0].marked_by == "eve"


def test_evidence_has_rows_in_order_with_their_neighbours(board: Board) -> None:
    rows = board.evidence("B1")
    assert [row.prediction.id for row in rows] == ["n1", "n2", "n3", "n4"]
    assert [near.text for near in rows[0].neighbours] == [POOL["r1"][0], POOL["r3"][0]]
    assert [row.prediction.id for row in board.scattered()] == ["s1"]
    with pytest.raises(StoreError, match="no blind spot `B8`"):
        board.evidence("B8")


@pytest.mark.parametrize("write", ["mark", "pattern", "sample"])
def test_a_blind_spot_is_in_progress_once_something_is_written(annotator: Annotator, board: Board, write: str) -> None:
    assert board.spot("B1").status == "untouched"
    if write == "mark":
        annotator.mark("n4", "fine")
    elif write == "pattern":
        annotator.describe("B1", "extrapolation", "other bare facts")
    else:
        annotator.write_sample("B1", text="Two clocks, both wrong.", label="negative", role="target")
    assert board.spot("B1").status == "in progress"
    assert board.spot("B2").status == "untouched"
    annotator.set_status("B1", "done")
    assert board.spot("B1").status == "done"
    assert board.totals().done == 1
    annotator.undo()
    annotator.undo()
    assert board.spot("B1").status == "untouched"


def test_quota_grows_with_ones_patterns_and_counts_ones_samples_by_role(annotator: Annotator, board: Board) -> None:
    llm = other(annotator, "gpt", "llm")
    llm.describe("B1", "abstraction", "facts without judgement")
    llm.write_sample("B1", text="The door was locked at noon.", label="negative", role="target", pattern="P1")
    board.refresh()
    view = board.spot("B1")
    assert (view.patterns, view.samples, view.status) == (0, 0, "untouched")
    assert view.written == {"target": 0, "counter": 0, "anchor": 0}
    assert view.quota == {"target": 6, "counter": 3, "anchor": 6}
    for kind in ("abstraction", "extrapolation"):
        annotator.describe("B1", kind, f"an {kind}")  # type: ignore[arg-type]
    annotator.write_sample("B1", text="Two clocks, both wrong.", label="negative", role="target", pattern="P1")
    annotator.write_sample("B1", text="Two clocks, both right.", label="positive", role="counter", pattern="P1")
    annotator.commit("B1")
    view = board.spot("B1")
    assert (view.patterns, view.samples) == (3, 3)
    assert view.written == {"target": 1, "counter": 1, "anchor": 0}
    assert view.quota == {"target": 12, "counter": 6, "anchor": 6}
    assert [pattern.teacher.name for pattern in board.patterns("B1")] == ["ann", "ann", "gpt"]
    assert len(board.samples("B1")) == 3
    assert board.samples("B2") == []


def test_refresh_takes_in_what_another_process_wrote(annotator: Annotator, board: Board) -> None:
    assert not board.refresh()
    other(annotator, "bob").describe("B2", "abstraction", "irony")
    assert not board.spot("B2").sealed
    assert board.refresh()
    assert board.spot("B2").sealed
    assert not board.refresh()


def test_damage_in_another_authors_file_is_told_and_its_whole_records_are_shown(
    annotator: Annotator, project: Project
) -> None:
    bob = other(annotator, "bob")
    bob.describe("B1", "abstraction", "first")
    bob.describe("B1", "abstraction", "second")
    path = bob.teaching.store.path
    path.write_bytes(path.read_bytes().replace(b'"text":"second"', b'"text":"sec'))
    mine = Teaching(project.teaching_dir, "ann")
    assert [pattern.text for pattern in mine.patterns()] == ["first"]
    assert mine.repairs == ["bob.json was damaged: 1 whole record kept, 1 damaged line dropped."]
    assert not (project.teaching_dir / "bob.json.damaged-1").exists(), "only its owner repairs a file"


def views(board: Board) -> list[SpotView]:
    first, second, third = board.spots()
    return [
        replace(first, size=2, mean_confidence=0.91, coherence=0.1, status="done"),
        replace(second, size=9, mean_confidence=0.99, coherence=0.9, status="untouched"),
        replace(third, size=9, mean_confidence=0.95, coherence=0.4, status="in progress"),
    ]


@pytest.mark.parametrize(
    ("key", "order"),
    [
        ("id", "B1 B2 B3"),
        ("size", "B2 B3 B1"),
        ("confidence", "B2 B3 B1"),
        ("coherence", "B2 B3 B1"),
        ("status", "B3 B2 B1"),
    ],
)
def test_sorting(board: Board, key: str, order: str) -> None:
    assert " ".join(view.id for view in sort_spots(reversed(views(board)), key)) == order  # type: ignore[arg-type]


def test_b10_comes_after_b9(board: Board) -> None:
    view = board.spots()[0]
    spots = [replace(view, id=f"B{number}") for number in (10, 9, 100)]
    assert [spot.id for spot in sort_spots(spots, "size")] == ["B9", "B10", "B100"]


@pytest.mark.parametrize(
    ("text", "status", "ids"),
    [
        ("", None, "B1 B2 B3"),
        ("PARCEL", None, "B3"),
        ("b2", None, "B2"),
        ("negative -> positive", None, "B1 B3"),
        ("negative parcel", None, "B3"),
        ("parcel nonsense", None, ""),
        ("", "done", "B1"),
        ("portions", "done", ""),
    ],
)
def test_filtering(board: Board, text: str, status: str | None, ids: str) -> None:
    assert " ".join(view.id for view in filter_spots(views(board), text=text, status=status)) == ids  # type: ignore[arg-type]


def test_a_blind_spot_is_titled_by_its_words_until_one_has_decided(annotator: Annotator, board: Board) -> None:
    llm = other(annotator, "llm-gpt", "llm")
    llm.describe("B1", "extrapolation", "What the LLM expects elsewhere. And more.")
    llm.describe("B1", "abstraction", "Facts without judgement. They stand for themselves.")
    other(annotator, "bob").describe("B1", "abstraction", "What another person thinks.")
    annotator.describe("B2", "abstraction", "Praise, said as a threat! It is meant kindly.")
    board.refresh()
    assert {view.title for view in board.spots()} == {""}
    assert filter_spots(board.spots(), text="judgement") == []
    annotator.commit("B2")
    assert [view.title for view in board.spots()] == ["", "Praise, said as a threat!", ""]
    annotator.decline("B1", "no idea")
    assert board.spot("B1").title == "Facts without judgement."
    assert [view.id for view in filter_spots(board.spots(), text="judgement")] == ["B1"]
    annotator.describe("B1", "abstraction", "Version 2.0 of bare facts")
    assert board.spot("B1").title == "Version 2.0 of bare facts", "one's own pattern comes first"


def test_what_is_still_to_be_judged_blind_gives_no_title(annotator: Annotator) -> None:
    other(annotator, "llm-gpt", "llm").describe("B1", "abstraction", "A secret.")
    annotator.decline("B1", "no idea")
    blind = Board(annotator.project, annotator.discovery, annotator.teaching, to_judge=lambda *_: {"B1"})
    assert (blind.spot("B1").to_review, blind.spot("B1").title) == (True, "")
