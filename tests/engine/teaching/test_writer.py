from __future__ import annotations

import pytest

from engine.errors import RefusedRecord, StoreError
from engine.project import Project
from engine.schema import Pattern, RowMark, Teacher
from engine.teaching.evidence import evidence_for
from engine.teaching.records import Teaching
from engine.teaching.views import Board
from engine.teaching.writer import Annotator


def target(annotator: Annotator, text: str = "Nobody had swept since spring.", **more: str) -> str:
    return annotator.write_sample("B1", text=text, label="negative", role="target", **more).id  # type: ignore[arg-type]


def test_what_is_written_can_be_read_by_others(project: Project, annotator: Annotator) -> None:
    pattern = annotator.describe("B1", "abstraction", "  bare facts, no negative word\n")
    sample = annotator.write_sample(
        "B1", text="The menu has been the same since 1990.", label="negative", role="target", pattern="P1"
    )
    annotator.mark("n1", "label wrong", "positive")
    other = Teaching(project.teaching_dir, "bob")
    assert other.patterns() == (pattern,)
    evidence = evidence_for(project, annotator.discovery, other, "B1").hash
    ann = Teacher("ann", "human")
    assert pattern == Pattern("P1@ann", "B1", "abstraction", "bare facts, no negative word", ann, evidence)
    assert other.samples() == (sample,)
    assert (sample.pattern, sample.evidence) == ("P1@ann", evidence)
    assert other.marks()["n1"].mark == RowMark("n1", "label wrong", "positive")
    assert other.marks()["n1"].author == "ann"
    assert list(other.own("pattern")) == []


@pytest.mark.parametrize(
    ("row", "verdict", "label", "says"),
    [
        ("zz", "fine", None, "no row `zz`"),
        ("n1", "label wrong", None, "needs the right label; give one of positive"),
        ("n1", "label wrong", "neutral", "no label `neutral`"),
        ("n1", "label wrong", "negative", "is its label already"),
        ("n1", "ambiguous", "positive", "takes no label"),
    ],
)
def test_marks_that_make_no_sense_are_refused(
    annotator: Annotator, row: str, verdict: str, label: str, says: str
) -> None:
    with pytest.raises(StoreError, match=says):
        annotator.mark(row, verdict, label)  # type: ignore[arg-type]
    assert annotator.teaching.store.revisions == []


def test_one_can_only_take_off_ones_own_mark(project: Project, annotator: Annotator) -> None:
    annotator.mark("n1", "fine")
    bob = Annotator(project, annotator.discovery, Teaching(project.teaching_dir, "bob"), Teacher("bob", "human"))
    with pytest.raises(StoreError, match="bob has no mark `n1`"):
        bob.unmark("n1")
    annotator.unmark("n1")
    assert annotator.teaching.marks() == {}


@pytest.mark.parametrize("spot", ["B9", "", "b1"])
def test_an_unknown_blind_spot_is_named_with_those_there_are(annotator: Annotator, spot: str) -> None:
    for write in (
        lambda: annotator.describe(spot, "abstraction", "why"),
        lambda: annotator.set_status(spot, "done"),
        lambda: annotator.write_sample(spot, text="new", label="negative", role="target"),
    ):
        with pytest.raises(StoreError, match=f"no blind spot `{spot}`; take one of B1, B2, B3;"):
            write()


def test_a_pattern_needs_a_text_and_a_sample_a_pattern_of_its_blind_spot(annotator: Annotator) -> None:
    with pytest.raises(StoreError, match="needs a text"):
        annotator.describe("B1", "abstraction", " \n")
    annotator.describe("B2", "abstraction", "praise in complaint's clothes")
    with pytest.raises(StoreError, match="B1 has no pattern `P1`; write one"):
        target(annotator, pattern="P1")
    annotator.describe("B1", "abstraction", "bare facts")
    with pytest.raises(StoreError, match="B1 has no pattern `P1`; take one of P2@ann"):
        target(annotator, pattern="P1")


def test_a_changed_sample_keeps_its_id_and_may_stay_close_to_itself(annotator: Annotator) -> None:
    first = target(annotator, "Nobody had swept the floor since spring.")
    second = target(annotator, "Nobody had swept the floors since spring.", replaces=first)
    assert second == first
    assert [sample.text for sample in annotator.teaching.samples()] == ["Nobody had swept the floors since spring."]
    annotator.undo()
    assert [sample.text for sample in annotator.teaching.samples()] == ["Nobody had swept the floor since spring."]
    with pytest.raises(StoreError, match="no sample `S9@ann`"):
        target(annotator, "Something else altogether.", replaces="S9@ann")


def test_a_refused_sample_leaves_no_trace_and_an_undone_one_may_be_written_again(annotator: Annotator) -> None:
    target(annotator)
    with pytest.raises(RefusedRecord):
        target(annotator)
    annotator.undo()
    target(annotator)
    assert len(annotator.teaching.samples()) == 1


def test_deleting_a_pattern_takes_its_samples_along_and_undo_brings_all_back(annotator: Annotator) -> None:
    annotator.describe("B1", "abstraction", "bare facts")
    kept = target(annotator, "Nobody had swept since spring.")
    target(annotator, "My coat came back with a stranger's gloves.", pattern="P1")
    annotator.delete("P1@ann")
    assert annotator.teaching.patterns() == ()
    assert [sample.id for sample in annotator.teaching.samples()] == [kept]
    done = annotator.undo()
    assert done is not None
    assert done.note == "delete pattern P1@ann"
    assert len(annotator.teaching.patterns()) == 1
    assert len(annotator.teaching.samples()) == 2
    with pytest.raises(StoreError, match="no pattern `P7@ann`"):
        annotator.delete("P7@ann")
    with pytest.raises(StoreError, match="no sample `S1@bob`"):
        annotator.delete("S1@bob")


def test_skipping_needs_a_reason_and_reopening_forgets_it(annotator: Annotator, board: Board) -> None:
    with pytest.raises(StoreError, match="needs a reason"):
        annotator.set_status("B1", "skipped", " ")
    annotator.set_status("B1", "skipped", "needs the picture")
    assert (board.spot("B1").status, board.spot("B1").reason) == ("skipped", "needs the picture")
    annotator.set_status("B1", "in progress")
    assert (board.spot("B1").status, board.spot("B1").reason) == ("untouched", "")
    annotator.set_status("B1", "in progress")
    annotator.undo()
    assert board.spot("B1").status == "skipped"


def test_text_that_utf8_cannot_carry_is_stored_all_the_same(annotator: Annotator) -> None:
    annotator.describe("B1", "abstraction", "half an emoji \ud83d and a null \x00")
    annotator.mark("n1", "fine")
    assert Teaching(annotator.project.teaching_dir, "bob").patterns()[0].text == "half an emoji ? and a null \x00"
