"""Nobody sees another's answer before giving theirs: in no list, count, message or id. A decision stands for ever."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace

import pytest

from engine.errors import StoreError
from engine.project import Project
from engine.schema import Commitment, Pattern, Teacher
from engine.teaching.records import Records, Teaching
from engine.teaching.sealing import committed_records, decision, is_sealed
from engine.teaching.views import Board
from engine.teaching.writer import Annotator

SECRET = "What bob alone has understood."
SECRET_SAMPLE = "Bob waited an hour for a glass of water."


@pytest.fixture
def bob(annotator: Annotator) -> Annotator:
    """Another annotator, who has answered B1."""
    teaching = Teaching(annotator.project.teaching_dir, "bob")
    made = Annotator(annotator.project, annotator.discovery, teaching, Teacher("bob", "human"))
    made.describe("B1", "abstraction", SECRET)
    made.write_sample("B1", text=SECRET_SAMPLE, label="negative", role="target", pattern="P1")
    annotator.teaching.refresh()
    return made


def seen(board: Board) -> tuple[list[str], list[str]]:
    """Texts of B1 that ann may see."""
    return [found.text for found in board.patterns("B1")], [found.text for found in board.samples("B1")]


def decide(annotator: Annotator, what: str) -> Commitment:
    if what == "decline":
        return annotator.decline("B1", "too vague")
    annotator.describe("B1", "abstraction", "mine")
    return annotator.commit("B1")


@pytest.mark.parametrize("what", ["commit", "decline"])
def test_others_answers_are_sealed_until_one_has_decided(
    annotator: Annotator, board: Board, bob: Annotator, what: str
) -> None:
    assert seen(board) == ([], [])
    before = board.spot("B1")
    assert (before.patterns, before.samples, before.sealed, before.decision) == (0, 0, True, None)
    assert (board.totals().patterns, board.totals().samples) == (0, 0)
    own = decide(annotator, what)
    patterns, samples = seen(board)
    assert SECRET in patterns
    assert samples == [SECRET_SAMPLE]
    after = board.spot("B1")
    assert (after.sealed, after.decision) == (False, own.decision)
    assert own.evidence == board.evidence_for("B1").hash
    assert Board(bob.project, bob.discovery, bob.teaching).spot("B1").decision is None, "each decides alone"


def test_a_decision_opens_one_blind_spot_and_no_other(annotator: Annotator, board: Board, bob: Annotator) -> None:
    bob.describe("B2", "abstraction", "another secret")
    annotator.teaching.refresh()
    decide(annotator, "decline")
    assert (board.patterns("B2"), board.spot("B2").sealed) == ([], True)
    (first, second) = [found for found in annotator.teaching.patterns() if found.teacher.name == "bob"]
    assert [is_sealed(annotator.teaching, found) for found in (first, second)] == [False, True]


def test_a_sealed_answer_is_not_told_by_refusing_ones_own(annotator: Annotator, bob: Annotator) -> None:
    same = annotator.write_sample("B1", text=SECRET_SAMPLE, label="negative", role="target")
    assert same.text == SECRET_SAMPLE
    with pytest.raises(StoreError) as refused:
        annotator.write_sample("B1", text="A new one.", label="negative", role="target", pattern="P1@bob")
    assert "take one of" not in str(refused.value)
    annotator.delete(same.id)
    decide(annotator, "decline")
    annotator.write_sample("B1", text="A new one.", label="negative", role="target", pattern="P1@bob")
    with pytest.raises(StoreError, match="nearly equals a sample of another teacher"):
        annotator.write_sample("B1", text=SECRET_SAMPLE.replace("an", "one"), label="negative", role="target")


def test_status_follows_the_decision_until_it_is_set_by_hand(annotator: Annotator, board: Board) -> None:
    decide(annotator, "commit")
    annotator.decline("B2", "needs the picture")
    assert board.spot("B1").status == "done"
    assert (board.spot("B2").status, board.spot("B2").reason) == ("skipped", "needs the picture")
    annotator.set_status("B2", "done")
    assert (board.spot("B2").status, board.spot("B2").reason) == ("done", "")


def test_the_first_decision_is_final_also_against_undo_and_in_another_process(
    annotator: Annotator, board: Board, project: Project
) -> None:
    decide(annotator, "commit")
    other_process = Annotator(project, annotator.discovery, Teaching(project.teaching_dir, "ann"), annotator.teacher)
    for again in (lambda: annotator.commit("B1"), lambda: other_process.decline("B1", "changed my mind")):
        with pytest.raises(StoreError, match=r"B1: ann has committed already; that is final"):
            again()
    assert annotator.undo() is None, "neither the commitment nor what was committed is taken back"
    found = decision(annotator.teaching, "B1")
    assert found is not None
    assert found.decision == "committed"
    assert board.spot("B1").decision == "committed"


def test_what_was_handed_in_stays_also_for_who_writes_to_the_file_directly(
    annotator: Annotator, board: Board, project: Project
) -> None:
    pattern = annotator.describe("B1", "abstraction", "first")
    gone = annotator.write_sample("B1", text="A door that never shuts.", label="negative", role="target")
    sample = annotator.write_sample("B1", text="Two clocks, both wrong.", label="negative", role="target")
    annotator.delete(gone.id)
    annotator.mark("n1", "fine")
    annotator.undo()
    made = annotator.commit("B1")
    assert made.handed_in == {pattern.id: 1, sample.id: 1}
    store = Teaching(project.teaching_dir, "ann").store
    for kind, record in (("pattern", pattern), ("sample", sample)):
        with pytest.raises(StoreError, match="B1 is committed: what was handed in stays"), store.edit("x") as edit:
            edit.delete(kind, record.id)  # type: ignore[arg-type]
        moved = replace(record, blind_spot="B2")
        with pytest.raises(StoreError, match="B1 is committed: what was handed in stays"), store.edit("x") as edit:
            edit.put(kind, record.id, moved)  # type: ignore[arg-type]
    with pytest.raises(StoreError, match="the commitment is final"), store.edit("x", final=True) as edit:
        edit.delete("commitment", "B1")
    redone = store.redo()
    assert redone is not None
    assert redone.note == "mark row n1 as fine", "marks are no part of an answer"
    store.undo()
    assert store.undo() is None
    assert store.undo() is None, "the deletion from before the commitment stays too"
    assert committed_records(Records(project.teaching_dir), "ann", "B1") == ((pattern,), (sample,))
    assert [found.text for found in board.samples("B1")] == [sample.text]


def test_what_was_undone_before_a_decision_is_not_done_again_after_it(annotator: Annotator) -> None:
    annotator.describe("B1", "abstraction", "first")
    annotator.describe("B1", "extrapolation", "second")
    annotator.undo()
    annotator.commit("B1")
    assert annotator.redo() is None
    assert [pattern.text for pattern in annotator.teaching.patterns()] == ["first"]


def test_an_older_action_under_what_is_frozen_cannot_be_taken_from_beneath_it(annotator: Annotator) -> None:
    """A sample that was moved to the blind spot before the decision: its first state belongs to another one."""
    annotator.describe("B1", "abstraction", "first")
    sample = annotator.write_sample("B3", text="Two clocks, both wrong.", label="negative", role="target")
    annotator.write_sample("B1", text="Two clocks, both off.", label="negative", role="target", replaces=sample.id)
    annotator.commit("B1")
    assert annotator.undo() is None
    assert [found.blind_spot for found in annotator.teaching.samples()] == ["B1"]


def test_who_declines_keeps_what_they_had_written(annotator: Annotator) -> None:
    annotator.describe("B1", "abstraction", "half an idea")
    made = annotator.decline("B1", "no time")
    assert made.handed_in == {"P1@ann": 1}
    assert annotator.undo() is None
    with pytest.raises(StoreError, match="B1 is declined: what was written there stays"):
        annotator.delete("P1@ann")


def test_a_decision_of_a_version_that_listed_nothing_freezes_what_stood_there_then(
    annotator: Annotator, project: Project
) -> None:
    pattern = annotator.describe("B1", "abstraction", "first")
    seen = pattern.evidence or ""
    with annotator.teaching.store.edit("commit B1", final=True) as edit:
        edit.put("commitment", "B1", Commitment("B1", "committed", seen))
    annotator.describe("B1", "abstraction", "later")
    annotator.undo()
    assert annotator.undo() is None
    assert committed_records(Records(project.teaching_dir), "ann", "B1") == ((pattern,), ())


@pytest.mark.usefixtures("forked_processes")
def test_a_commitment_in_one_process_stops_an_undo_in_another(project: Project, annotator: Annotator) -> None:
    """Each round one process commits while others undo: whatever order they come in, what was committed is there."""
    blindspot = [sys.executable, "-c", "import sys; from tui.cli import main; sys.exit(main(sys.argv[1:]))"]
    for number in range(6):
        name = f"ann{number}"
        teaching = Teaching(project.teaching_dir, name)
        one = Annotator(project, annotator.discovery, teaching, Teacher(name, "human"))
        one.describe("B1", "abstraction", "first")
        one.describe("B1", "extrapolation", "second")
        command = [*blindspot, "undo", str(project.root), "--annotator", name]
        others = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
        commit = [*blindspot, "commit", str(project.root), "B1", "--annotator", name]
        committed = subprocess.run(commit, capture_output=True, check=False)
        for other in others:
            other.communicate(timeout=120)
        records = Records(project.teaching_dir)
        answer = committed_records(records, name, "B1")
        if committed.returncode:
            assert answer is None, "both were undone first, so there was nothing to commit"
            continue
        assert answer is not None
        left = [pattern for pattern in records.patterns() if pattern.id.endswith(f"@{name}")]
        assert answer[0] == tuple(left)


def test_two_windows_of_one_annotator_cannot_both_decide(annotator: Annotator, project: Project) -> None:
    window = Annotator(project, annotator.discovery, Teaching(project.teaching_dir, "ann"), annotator.teacher)
    decide(annotator, "decline")
    with pytest.raises(StoreError, match="has declined already"):
        window.decline("B1", "me too")


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda one: one.commit("B1"), "no pattern of yours to commit"),
        (lambda one: one.decline("B1", " \n"), "needs a reason"),
        (lambda one: one.commit("B9"), "no blind spot `B9`"),
        (lambda one: one.decline("B9", "why"), "no blind spot `B9`"),
    ],
)
def test_a_decision_that_makes_no_sense_is_refused(
    annotator: Annotator, bob: Annotator, call: Callable[[Annotator], Commitment], says: str
) -> None:
    with pytest.raises(StoreError, match=says):
        call(annotator)
    assert decision(annotator.teaching, "B1") is None


def test_what_was_committed_is_told_apart_from_what_came_later(annotator: Annotator, project: Project) -> None:
    annotator.describe("B2", "abstraction", "elsewhere")
    first = annotator.describe("B1", "abstraction", "first wording")
    kept = annotator.write_sample("B1", text="Two clocks, both wrong.", label="negative", role="target", pattern="P2")
    gone = annotator.write_sample("B1", text="A door that never shuts.", label="negative", role="target", pattern="P2")
    annotator.delete(gone.id)
    assert committed_records(Records(project.teaching_dir), "ann", "B1") is None
    annotator.commit("B1")
    for change in (
        lambda: annotator.describe("B1", "abstraction", "second wording", replaces="P2"),
        lambda: annotator.delete(kept.id),
    ):
        with pytest.raises(StoreError, match="B1 is committed: what was handed in stays"):
            change()
    later = annotator.describe("B1", "extrapolation", "an afterthought")
    records = Records(project.teaching_dir)
    assert committed_records(records, "ann", "B1") == ((first,), (kept,))
    assert later in records.patterns()
    assert committed_records(records, "ann", "B2") is None


def test_who_declines_commits_to_nothing(annotator: Annotator, project: Project) -> None:
    annotator.describe("B1", "abstraction", "half an idea")
    annotator.decline("B1", "no time")
    assert committed_records(Records(project.teaching_dir), "ann", "B1") is None


def test_authors_whose_names_are_no_file_names_are_found_by_name_and_by_file(project: Project) -> None:
    teaching = Teaching(project.teaching_dir, "Ann Lee")
    discovery = project.discovery()
    assert discovery is not None
    annotator = Annotator(project, discovery, teaching, Teacher("Ann Lee", "human"))
    annotator.describe("B1", "abstraction", "mine")
    annotator.commit("B1")
    records = Records(project.teaching_dir)
    (stem,) = records.authors()
    assert stem != "Ann Lee"
    assert committed_records(records, "Ann Lee", "B1") == committed_records(records, stem, "B1")
    assert committed_records(records, stem, "B1") == (
        (
            Pattern(
                "P1@" + stem,
                "B1",
                "abstraction",
                "mine",
                Teacher("Ann Lee", "human"),
                evidence=records.patterns()[0].evidence,
            ),
        ),
        (),
    )


def test_what_is_written_after_the_decision_carries_another_evidence_where_rows_were_held_back(
    held_back_annotator: Annotator,
) -> None:
    annotator = held_back_annotator
    before = annotator.describe("B1", "abstraction", "seen a part")
    annotator.commit("B1")
    after = annotator.describe("B1", "extrapolation", "seen all")
    assert before.evidence != after.evidence
    handed_in = {before.id: 1}
    assert decision(annotator.teaching, "B1") == Commitment("B1", "committed", before.evidence or "", "", handed_in)


def test_who_only_reviews_declines_at_once_all_on_which_nothing_is_decided_or_written(
    annotator: Annotator, board: Board, bob: Annotator
) -> None:
    annotator.describe("B1", "abstraction", "mine")
    rest = [spot.id for spot in annotator.discovery.blind_spots][1:]
    assert [spot.id for spot in annotator.untouched()] == rest
    with pytest.raises(StoreError, match="needs a reason"):
        annotator.decline_untouched(" ")
    annotator.decline(rest[0], "hard")
    made = annotator.decline_untouched("I only review")
    assert [(found.blind_spot, found.decision, found.reason) for found in made] == [
        (spot, "declined", "I only review") for spot in rest[1:]
    ]
    assert all(found.evidence == board.evidence_for(found.blind_spot).hash for found in made)
    assert decision(annotator.teaching, "B1") is None, "what is being written there may still be committed"
    first = decision(annotator.teaching, rest[0])
    assert first is not None
    assert first.reason == "hard"
    with pytest.raises(StoreError, match="no blind spot left"):
        annotator.decline_untouched("again")
    undone = annotator.undo()
    assert undone is not None
    assert undone.note == "describe abstraction of B1", "a decision on another blind spot is passed over"
