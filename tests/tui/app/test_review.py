"""Judging an item by keys: blind until it is handed in for good, kept as one goes, skipped, sealed, one's own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.project import Project
from engine.review.blind_review import Review
from engine.schema import Judgement, SampleJudgement, SideJudgement, Teacher, TeacherKind
from engine.teaching.records import Teaching
from tests.engine.review.world import Answers, write_answer
from tests.tui.app.opening import Driver, opened
from tests.tui.app.projects import write_project
from tests.tui.app.reviews import WORDING, annotator, answer, decline, reviewed
from tui.dialogs.fix_dialog import FixDialog
from tui.screens.describe_screen import DescribeScreen
from tui.screens.review_screen import ReviewScreen
from tui.screens.spots_screen import SpotsScreen

SIZES = [(80, 24), (120, 36)]
NAMES = ("ann", "m1", "human", "llm", "recorded")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Answers of a person and an LLM to B1; `rev` has declined to give one and may review."""
    return reviewed(tmp_path / "work")


async def to_review(driver: Driver) -> None:
    await driver.press("v")
    await on_review(driver)


async def on_review(driver: Driver) -> None:
    await driver.until(lambda: isinstance(driver.screen, ReviewScreen) and driver.screen.entry is not None)
    await driver.pilot.pause()


async def to_kind(driver: Driver, kind: str) -> None:
    """Go on to the item of that kind."""
    while driver.screen.entry.kind != kind:
        await driver.press("right_square_bracket")


async def answer_all(driver: Driver, preference: str) -> None:
    """Yes to all that is shown of both patterns, all samples accepted, one side better."""
    draft = driver.screen.draft
    for side in ("left", "right"):
        for row in draft.rows(side):
            await driver.press(*("y" * len(draft.names(side, row)) if draft.is_pattern(side, row) else "a"))
    await driver.press(preference)


async def hand_in(driver: Driver) -> None:
    await driver.press("ctrl+j")
    await driver.sees("Hand in this item?")
    await driver.press("1")
    await driver.sees("Handed in")


def judgements(root: Path, author: str = "rev") -> dict[str, Judgement]:
    """By kind of the item, as a fresh process reads them."""
    teaching = Teaching(root / "teaching", author)
    review = Review(Project.open(root), teaching)
    found = {entry.kind: review.judgement(entry.id) for entry in review.queue(own=True)}
    return {kind: judgement for kind, judgement in found.items() if judgement is not None}


def body(driver: Driver) -> str:
    """The screen without its header, which names the project."""
    return driver.text.partition("\n")[2]


async def test_a_narrow_terminal_shows_how_to_hand_in_and_no_key_without_its_end(root: Path) -> None:
    async with opened(root, annotator="rev", size=(60, 20)) as driver:
        await to_review(driver)
        await to_kind(driver, "abstraction")
        await driver.press("plus")
        await driver.sees("E equal, N neither  + ask few", "ctrl+j hand in  ? keys")
        assert "enlarg" not in driver.text


@pytest.mark.parametrize("size", SIZES)
async def test_an_item_is_judged_blind_by_single_keys_and_its_sources_are_shown_then(
    root: Path, size: tuple[int, int]
) -> None:
    async with opened(root, annotator="rev", size=size) as driver:
        await to_review(driver)
        await to_kind(driver, "abstraction")
        shown = body(driver)
        assert "Well, that was certainly an experience" in shown
        assert all(words.rstrip(".") in driver.words for words in WORDING.values())
        assert "0 of 9 answered" in shown
        assert not any(name in shown for name in NAMES)
        await driver.press("plus")
        await driver.sees("0 of 31 answered", "All 31 questions are shown; answer as many as you like.")
        assert not any(name in body(driver) for name in NAMES)
        await answer_all(driver, "less_than_sign")
        await driver.sees("31 of 31 answered", "ctrl+j hands it in, for good")
        assert judgements(root) == {}
        await hand_in(driver)
        shown = body(driver)
        assert "by ann (human)" in shown
        assert "by m1 (llm, recorded)" in shown
        assert "Both saw the same rows." in shown
        made = judgements(root)["abstraction"]
        assert made.preference == "left"
        assert (made.left.fits, made.left.precise, made.left.useful) == (True, True, True)
        assert made.right.samples == (SampleJudgement("accept", True, True, True),) * 3
        assert not made.own
        await driver.press("y")
        assert "! This item has been handed in: that is final." in driver.words
        await driver.press("u")
        assert list(judgements(root)) == ["abstraction"]
        assert driver.app.workbench.draft(f"review.{made.item}") == ""


async def test_the_sources_can_be_read_again_later(root: Path) -> None:
    async with opened(root, annotator="rev") as driver:
        await to_review(driver)
        await to_kind(driver, "anchors")
        await answer_all(driver, "N")
        await hand_in(driver)
        await driver.press("enter")
        assert driver.screen.entry.kind == "abstraction"
        assert not any(name in body(driver) for name in NAMES)
        await driver.press("q")
    async with opened(root, annotator="rev") as driver:
        await to_review(driver)
        await to_kind(driver, "anchors")
        await driver.sees("by ann (human)", "Better: neither is good")


@pytest.mark.parametrize("size", SIZES)
async def test_both_sides_get_the_same_room_and_one_can_be_enlarged(root: Path, size: tuple[int, int]) -> None:
    async with opened(root, annotator="rev", size=size) as driver:
        await to_review(driver)
        await to_kind(driver, "abstraction")
        boxes = [driver.screen.query_one(f"#side-{side}").region for side in ("left", "right")]
        assert boxes[0].size == boxes[1].size
        assert (boxes[0].y == boxes[1].y) == (size[0] >= 100)
        await driver.press("z")
        assert "Left side" in driver.text
        assert "Right side" not in driver.text
        assert "certainly an experience" not in driver.text
        await driver.press("l")
        await driver.until(lambda: "Right side" in driver.text and "Left side" not in driver.text)
        await driver.press("y")
        assert driver.screen.draft.answer("right", 0, "useful") == "yes"
        await driver.press("z")
        await driver.sees("Left side", "Right side")


async def test_questions_are_answered_in_order_and_can_be_taken_back(root: Path) -> None:
    async with opened(root, annotator="rev") as driver:
        await to_review(driver)
        await to_kind(driver, "abstraction")
        await driver.press("plus", "a")
        assert "That is for samples" in driver.words
        await driver.press("y", "n")
        assert "fits yes precise no useful ?" in driver.words
        await driver.press("backspace")
        assert "fits yes" not in driver.words
        await driver.press("y", "y", "y", "n", "y", "y", "y")
        assert "The verdict is left" in driver.words
        await driver.press("x")
        assert "label no natural yes fits yes reject" in driver.words
        assert driver.screen.draft.answer("left", 1, "verdict") == "reject"
        await driver.press("ctrl+j")
        assert "7 questions are open. Which side is better?" in driver.words
        await driver.press("N")
        assert "Better: neither is good" in driver.words


async def test_a_sample_is_mended_in_a_dialog_that_keeps_what_is_typed(root: Path) -> None:
    async with opened(root, annotator="rev") as driver:
        await to_review(driver)
        await to_kind(driver, "anchors")
        before = driver.screen.draft.sample("left", 0)
        await driver.press("plus", "e", "ctrl+j")
        assert "Nothing is changed" in driver.words
        await driver.paste(" mended")
        driver.app.save()
    async with opened(root, annotator="rev") as driver:  # as after a kill in the middle of the dialog
        await on_review(driver)
        assert "verdict ?" in driver.text
        await driver.press("e")
        await driver.until(lambda: isinstance(driver.screen, FixDialog))
        assert f"{before.text} mended" in driver.words
        await driver.press("ctrl+l", "ctrl+j")
        await driver.sees("fixed, ")
        await driver.press("n", "y", "y")
        await answer_all_but_first(driver)
        await hand_in(driver)
    made = judgements(root)["anchors"].left.samples[0]
    assert (made.verdict, made.text, made.right_label) == ("fix", f"{before.text} mended", False)
    assert made.label not in (None, before.label)


async def answer_all_but_first(driver: Driver) -> None:
    await driver.press("a", "a", "a", "E")


async def test_a_verdict_asks_for_what_is_open_and_a_correction_is_in_sight_at_once(root: Path) -> None:
    async with opened(root, annotator="rev") as driver:
        await to_review(driver)
        await to_kind(driver, "abstraction")
        await driver.press("plus", *"yyyaa", "e")  # the last row of the side
        await driver.until(lambda: isinstance(driver.screen, FixDialog))
        await driver.press("ctrl+l", "ctrl+j")
        await driver.sees("fixed, ", "Answer about it too, with y and n: label, natural, fits.")
        await driver.press("y")
        assert "Answer about it too, with y and n: natural, fits." in driver.words
        await driver.press("y", "y")
        assert "Answer about it too" not in driver.words


async def test_drafts_and_the_place_survive_a_kill(root: Path) -> None:
    async with opened(root, annotator="rev") as driver:
        await to_review(driver)
        await to_kind(driver, "anchors")
        await driver.press("l", "j", "a", "greater_than_sign")
        driver.app.save()
    async with opened(root, annotator="rev") as driver:
        await on_review(driver)
        assert driver.screen.entry.kind == "anchors"
        assert "2 of 5 answered" in driver.words
        assert "Better: the right side" in driver.words
        assert driver.screen.draft.unanswered("right", 1) == []
    assert judgements(root) == {}


async def test_an_item_is_skipped_and_comes_back_after_the_others(root: Path) -> None:
    async with opened(root, annotator="rev") as driver:
        await to_review(driver)
        first = driver.screen.entry
        await driver.press("N", "s")
        assert "Skipped" in driver.words
        second = driver.screen.entry
        assert second.id != first.id
        await answer_all(driver, "E")
        await hand_in(driver)
        await driver.press("enter")
        assert driver.screen.entry.id == first.id
        await driver.until(lambda: "skipped" in driver.text, seconds=5)
        assert driver.screen.draft.left < driver.screen.draft.total
        await driver.press("s")
        assert driver.screen.entry.state == "open"
        assert "Taken up again." in driver.words


async def test_an_item_that_one_comes_back_to_goes_on_at_its_first_open_row(root: Path) -> None:
    async with opened(root, annotator="rev") as driver:
        await to_review(driver)
        await to_kind(driver, "abstraction")
        await driver.press("plus", *"yyyaaa", "y", "k", "k", "right_square_bracket", "left_square_bracket")
        assert driver.screen.entry.kind == "abstraction"
        await driver.press("n")
        assert driver.screen.draft.answer("right", 0, "precise") == "no"


async def test_a_sealed_item_says_why_and_opens_after_a_decision(root: Path) -> None:
    async with opened(root, annotator="ben") as driver:
        await to_review(driver)
        await driver.sees("Sealed: B1")
        assert not any(words.rstrip(".") in driver.words for words in WORDING.values())
        await driver.press("y")
        assert "! It is sealed: C commits" in driver.words
        await driver.press("d")
        await driver.until(lambda: isinstance(driver.screen, DescribeScreen))
        await driver.press("escape", "escape")
        await driver.until(lambda: isinstance(driver.screen, ReviewScreen))
        await driver.press("C")
        await driver.sees("Hand in your answer to B1?")
        await driver.press("2")
        await driver.sees("Decline B1")
        await driver.type("no")
        await driver.press("enter")
        await driver.until(lambda: driver.screen.entry.state == "open")
        assert "0 of " in driver.words
        await driver.press("C")
        assert "! You have declined for B1: that is final." in driver.words
        await driver.press("d")
        assert "! The form names the teachers: judge this item first." in driver.words


async def test_own_items_are_left_out_until_they_are_asked_for_and_are_marked(root: Path) -> None:
    async with opened(root, annotator="ann") as driver:
        await driver.press("v")
        await driver.until(lambda: isinstance(driver.screen, ReviewScreen))
        await driver.sees("Nothing to review yet")
        await driver.press("y")
        assert "! There is nothing to review yet." in driver.words
        await driver.press("o")
        await driver.sees("your own", "Items with your own text are shown, 2; they count apart.")
        await answer_all(driver, "greater_than_sign")
        await hand_in(driver)
        await driver.press("o")
        await driver.sees("Nothing to review yet")
    assert [judgement.own for judgement in judgements(root, "ann").values()] == [True]


async def test_there_is_nothing_to_review_before_both_have_answered(tmp_path: Path) -> None:
    root = write_project(tmp_path / "work")
    answer(root, "B1", "m1")
    async with opened(root, annotator="rev") as driver:
        await driver.press("v")
        await driver.sees("Nothing to review yet")
        await driver.press("q")
        await driver.until(lambda: isinstance(driver.screen, SpotsScreen))


async def test_a_new_answer_of_another_process_is_in_the_queue_when_the_screen_is_opened_again(root: Path) -> None:
    async with opened(root, annotator="rev") as driver:
        await to_review(driver)
        assert "of 2" in driver.text
        await driver.press("q")
        answer(root, "B3", "ann")
        answer(root, "B3", "m1")
        await driver.press("v")
        await driver.until(lambda: isinstance(driver.screen, ReviewScreen) and len(driver.screen.queue.entries) == 4)


async def test_help_does_not_reveal_which_side_is_whose(root: Path) -> None:
    """The texts of two reviewers' help screens, whose sides are swapped at random, are equal."""
    pages = set()
    for reviewer in ("rev", "r2", "r3"):
        if reviewer != "rev":
            decline(root, reviewer, "B1")
        async with opened(root, annotator=reviewer, size=(80, 60)) as driver:
            await to_review(driver)
            await to_kind(driver, "abstraction")
            await driver.press("question_mark")
            await driver.sees("Keys")
            pages.add(driver.screen.query_one("TextPane").text)
    (words,) = (page.split() for page in pages)
    assert not any(name in words for name in ("ann", "m1", "recorded"))


async def test_pairs_show_both_texts_of_a_sample(tmp_path: Path) -> None:
    root = write_project(tmp_path / "work", pairs=True)
    teachers: dict[str, TeacherKind] = {"ann": "human", "llm-m1": "llm"}
    for name, teacher in teachers.items():
        by = annotator(root, name, Teacher(name, teacher))
        pattern = by.describe("B1", "abstraction", f"Words swap places, says {teacher}.")
        by.write_sample(
            "B1",
            text=f"A dog bites a man, {teacher}.",
            text_pair="A man bites a dog.",
            label="different",
            role="target",
            pattern=pattern.id,
        )
        if teacher == "human":
            by.commit("B1")
    decline(root, "rev", "B1")
    async with opened(root, annotator="rev") as driver:
        await to_review(driver)
        assert driver.text.count("| A man bites a dog.") == 2
        await driver.press("j", "e")
        await driver.until(lambda: isinstance(driver.screen, FixDialog))
        await driver.press("tab")
        await driver.paste(" Again.")
        await driver.press("ctrl+j")
        await driver.sees("fixed: | A man bites a dog. Again.")


@pytest.fixture
def long_root(tmp_path: Path) -> Path:
    """A person and an LLM have each written a pattern with nine samples: 79 questions in one item."""
    root = write_project(tmp_path / "long")
    project = Project.open(root)
    answers: Answers = {"abstraction": ("a pattern", {"target": 6, "counter": 3})}
    write_answer(project, "ann", Teacher("ann", "human"), "B1", answers)
    annotator(root, "ann", Teacher("ann", "human")).commit("B1")
    write_answer(project, "llm-m1", Teacher("m1", "llm"), "B1", answers)
    decline(root, "rev", "B1")
    return root


async def test_a_dozen_questions_at_most_are_asked_and_all_on_request(long_root: Path) -> None:
    async with opened(long_root, annotator="rev") as driver:
        await to_review(driver)
        await driver.sees("0 of 11 answered", "4 of 9 samples", "+ ask all")
        draft = driver.screen.draft
        shown = draft.rows("left")
        await driver.press("y", "x")  # whether the pattern is useful, and the first sample
        await driver.press("plus")
        await driver.sees("2 of 79 answered", "All 79 questions are shown")
        assert draft.rows("left") == list(range(10))
        hidden = next(row for row in range(10) if row not in shown)
        driver.screen.shown.go_to("left", hidden)
        await driver.press("n", "y", "y", "x")
        await driver.press("plus")
        await driver.sees("6 of 15 answered", "15 questions are shown; what you have answered stays.", "5 of 9 samples")
        assert draft.rows("left") == sorted([*shown, hidden])
        for side in ("left", "right"):
            for row in draft.rows(side):
                if draft.unanswered(side, row):
                    driver.screen.shown.go_to(side, row)
                    await driver.press("y" if draft.is_pattern(side, row) else "a")
        await driver.press("greater_than_sign")
        await driver.sees("15 of 15 answered", "ctrl+j hands it in, for good")
        await hand_in(driver)
        await driver.sees("5 of 9 samples")
        assert driver.screen.draft.rows("left") == sorted([*shown, hidden])
        assert "label no natural yes fits yes reject" in driver.words
    made = judgements(long_root)["abstraction"]
    votes = dict(enumerate(made.left.samples, start=1))
    assert {row for row, vote in votes.items() if vote} == {*shown, hidden} - {0}
    assert votes[hidden] == SampleJudgement("reject", False, True, True)
    assert votes[shown[1]] == SampleJudgement("reject")
    assert (made.left.useful, made.left.fits) == (True, None)
    assert made.right.samples.count(SampleJudgement("accept")) == 4
    assert made.right.samples.count(None) == 5


async def test_what_is_asked_for_on_top_may_stay_open(long_root: Path) -> None:
    async with opened(long_root, annotator="rev") as driver:
        await to_review(driver)
        await answer_all(driver, "E")
        await driver.sees("11 of 11 answered")
        await driver.press("plus")
        hidden = next(row for row in range(10) if not driver.screen.draft.answer("left", row, "verdict") and row)
        driver.screen.shown.go_to("left", hidden)
        await driver.press("y")
        await driver.press("ctrl+j")
        assert "1 question is open." in driver.words, "of a sample that one has begun to judge the verdict is needed"
        await driver.press("backspace", "ctrl+j")
        await driver.sees("Hand in this item?", "68 questions stay unanswered.")
        await driver.press("1")
        await driver.sees("Handed in")
    made = judgements(long_root)["abstraction"]
    assert [sum(vote is not None for vote in side.samples) for side in (made.left, made.right)] == [4, 4]


async def test_a_draft_of_before_still_has_all_its_answers(long_root: Path) -> None:
    """As the version that asked every question has left it: answers by row and name."""
    given = {f"{side}.0.{name}": "yes" for side in ("left", "right") for name in ("fits", "precise", "useful")}
    for side in ("left", "right"):
        for row in range(1, 10):
            given |= {f"{side}.{row}.{name}": "no" for name in ("right_label", "natural", "fits")}
            given[f"{side}.{row}.verdict"] = "reject"
    async with opened(long_root, annotator="rev") as driver:
        await to_review(driver)
        driver.app.workbench.keep_draft(f"review.{driver.screen.entry.id}", json.dumps(given))
        driver.app.save()
    async with opened(long_root, annotator="rev") as driver:
        await on_review(driver)
        await driver.press("N")
        await driver.sees("79 of 79 answered")
        await hand_in(driver)
    made = judgements(long_root)["abstraction"]
    side_judgement = SideJudgement((SampleJudgement("reject", False, False, False),) * 9, True, True, True)
    assert (made.preference, made.left, made.right) == ("neither", side_judgement, side_judgement)
