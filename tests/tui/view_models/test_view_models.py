"""What screens show and keep, without the app: drafts that outlive it, plans, and steps that can be undone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import StoreError
from engine.project import SETTINGS_FILE, Project
from engine.settings import ClassifierSettings, write_settings
from tests.engine.review.world import annotator, make_reviewed_project, reviewer
from tests.engine.teaching.world import make_project
from tui.view_models.judgement import SIDES, VERDICT, YES
from tui.view_models.retrain_plan import REVIEWED, RetrainPlan
from tui.view_models.review_queue import ReviewQueue
from tui.view_models.teaching_draft import TeachingDraft
from tui.view_models.undo_steps import UndoSteps
from tui.view_models.workbench import Workbench


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_project(tmp_path / "work")


@pytest.fixture
def reviewed(tmp_path: Path) -> Project:
    return make_reviewed_project(tmp_path / "work")


def opened(project: Project, author: str = "ann") -> Workbench:
    """As the app opens it; the one before may have been lost without a word."""
    return Workbench.open(project.root, author)


# the form for patterns and samples


def test_what_is_typed_outlives_the_app_and_goes_when_it_is_written(project: Project) -> None:
    workbench = opened(project)
    draft = TeachingDraft(workbench, "B1")
    draft.set("text", "People are named where a thing is meant.")
    workbench.save(workbench.drafts({}))
    workbench.close()
    again = TeachingDraft(opened(project), "B1")
    assert again.get("text") == "People are named where a thing is meant."
    assert "is written. Now samples for it." in again.hand_in()
    assert [pattern.text for pattern in again.patterns] == ["People are named where a thing is meant."]
    assert again.is_sample
    assert again.get("text") == ""


def test_what_is_refused_stays_typed(project: Project) -> None:
    draft = TeachingDraft(opened(project), "B1")
    draft.set("text", "People are named where a thing is meant.")
    draft.hand_in()
    draft.set("text", "We were the last to be seated and the first to leave.")  # a row of the pool
    draft.set_label("negative")
    with pytest.raises(StoreError):
        draft.hand_in()
    assert draft.get("text") == "We were the last to be seated and the first to leave."
    assert draft.samples == []


def test_the_quota_counts_what_is_written_for_the_pattern_at_hand(project: Project) -> None:
    draft = TeachingDraft(opened(project), "B1")
    draft.set("text", "People are named where a thing is meant.")
    draft.hand_in()
    before = {role: written for role, written, _ in draft.quota()}
    draft.set("text", "The cook waved from a window while the rice burned.")
    draft.set_label("negative")
    draft.hand_in()
    after = {role: written for role, written, _ in draft.quota()}
    assert sum(after.values()) - sum(before.values()) == 1
    assert after[draft.samples[0].role] == 1


# the answers of a reviewer


def test_a_judgement_is_a_draft_until_every_needed_question_has_an_answer(reviewed: Project) -> None:
    reviewer(reviewed, "rev")
    workbench = opened(reviewed, "rev")
    queue = ReviewQueue(workbench)
    queue.refresh()
    given = queue.draft()
    assert given is not None
    assert given.total <= 12
    assert given.missing == given.left == given.total
    few = given.total
    given.ask_everything(True)
    assert given.total > few
    given.ask_everything(False)
    for side in SIDES:
        for row in given.rows(side):
            if given.is_pattern(side, row):
                given.set(side, row, given.needed(side, row), YES)
            else:
                given.accept(side, row)
    assert given.missing == 1
    workbench.save(workbench.drafts({}))
    workbench.close()
    queue = ReviewQueue(opened(reviewed, "rev"))
    queue.refresh()
    queue.read(given.item.id)
    again = queue.draft()
    assert again is not None
    assert again.given == given.given
    again.prefer("tie")
    assert again.missing == 0
    judged = queue.review.judge(again.judgement())
    assert judged.preference == "tie"
    queue.read(given.item.id)
    final = queue.draft()
    assert final is not None
    assert final.is_final
    assert queue.sources(final) is not None


def test_answers_are_put_back_as_they_were(reviewed: Project) -> None:
    reviewer(reviewed, "rev")
    queue = ReviewQueue(opened(reviewed, "rev"))
    queue.refresh()
    given = queue.draft()
    assert given is not None
    row = next(row for row in given.rows("left") if not given.is_pattern("left", row))
    before = given.given
    given.fix("left", row, {"text": "Another text."})
    assert given.mended("left", row) == {"text": "Another text."}
    given.put_back(dict.fromkeys(given.given, "") | before)
    assert given.given == before
    assert given.answer("left", row, VERDICT) == ""


def test_the_queue_goes_around_and_puts_skipped_items_last(reviewed: Project) -> None:
    reviewer(reviewed, "rev")
    queue = ReviewQueue(opened(reviewed, "rev"))
    queue.refresh()
    first = queue.entry
    assert first is not None
    assert queue.toggle_skip()
    seen = set()
    for _ in queue.entries:
        place = queue.next()
        assert place is not None
        queue.at = place
        seen.add(queue.entries[place].id)
    assert first.id not in seen
    queue.read(first.id)
    assert not queue.toggle_skip()


# the plan of a retrain


def test_a_plan_follows_from_its_ticks_and_comes_back(reviewed: Project) -> None:
    workbench = opened(reviewed)
    plan = RetrainPlan()
    plan.work_out(workbench)
    assert plan.refusal is None
    assert plan.options.arms == ("human", "llm", "both")
    for name in ("human", REVIEWED):
        plan.tick(next(row for row in plan.rows if row.name == name))
    plan.work_out(workbench)
    assert plan.options.arms == ("llm", "both")
    assert plan.options.reviewed
    again = RetrainPlan()
    again.restore(plan.chosen)
    again.work_out(workbench)
    assert again.options == plan.options
    for name in again.arms:
        again.tick(next(row for row in again.rows if row.name == name))
    again.work_out(workbench)
    assert again.refusal
    assert again.sentence == again.refusal


@pytest.mark.parametrize(("train", "refusal"), [("true", ""), ("", "This classifier cannot be retrained")])
def test_a_plan_offers_what_makes_sense_for_a_program(reviewed: Project, train: str, refusal: str) -> None:
    program = ClassifierSettings(score="true", train=train)
    write_settings(reviewed.root / SETTINGS_FILE, replace(reviewed.settings, classifier=program))
    plan = RetrainPlan()
    plan.work_out(opened(Project.open(reviewed.root)))
    assert refusal in (plan.refusal or "")
    if not refusal:
        recipes = [(row.name, row.on) for row in plan.rows if row.part == "recipe"]
        assert recipes == [("scratch", True), ("weighted", False), ("auto", False)]


def test_a_plan_without_samples_says_why_it_cannot_start(project: Project) -> None:
    plan = RetrainPlan()
    plan.work_out(opened(project))
    assert plan.refusal


# steps


def test_steps_are_undone_by_screen_and_done_again() -> None:
    steps = UndoSteps()
    steps.did("review", "a", "yes", 0, 1)
    steps.did("pattern_test", "p", "applies", 5, 6)
    steps.did("review", "a", "nothing changed", 1, 1)
    steps.did("review", "a", "no", 1, 2)
    last = steps.last("undo", "review", "a")
    assert last is not None
    assert (last.note, steps.take("undo", last)) == ("no", 1)
    again = steps.last("redo", "review", "a")
    assert again is not None
    assert steps.take("redo", again) == 2
    for _ in range(2):
        step = steps.last("undo", "review", "a")
        assert step is not None
        steps.take("undo", step)
    assert steps.last("undo", "review", "a") is None
    steps.did("review", "a", "something else", 0, 9)
    assert steps.last("redo", "review", "a") is None
    steps.drop(lambda step: step.screen == "pattern_test")
    assert steps.last("undo", "pattern_test", "p") is None


def test_the_header_counts_what_is_decided(project: Project) -> None:
    workbench = opened(project)
    before = workbench.status()
    ann = annotator(project, "ann")
    ann.describe("B1", "abstraction", "People are named where a thing is meant.")
    ann.commit("B1")
    workbench.load(project.discovery())
    after = workbench.status()
    assert (before.done, after.done) == (0, 1)
    assert after.total == before.total == 3
