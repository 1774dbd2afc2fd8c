"""Retraining by keys, with real job processes that count instead of training."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from engine import jobs
from engine.errors import JobError
from engine.jobs import launch
from engine.jobs.events import read_events
from engine.jobs.spec import JobFiles
from engine.project import SETTINGS_FILE, Project
from engine.proof.recipes import RECIPES, USUAL
from engine.schema import RowLabel, Teacher, TeacherKind
from engine.settings import change_setting
from engine.teaching.records import Teaching
from engine.teaching.writer import Annotator
from tests.engine.jobs.slow_worker import WORKER, RetrainCountOptions
from tests.engine.review.world import judgement, make_reviewed_project, reviewer
from tests.tui.app.opening import Driver, opened
from tests.tui.app.projects import write_project
from tests.waiting import until
from tui.screens.retrain_screen import RetrainScreen
from tui.screens.spots_screen import SpotsScreen

pytestmark = pytest.mark.usefixtures("forked_processes")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project with a sample each by a person and by a model; no job is left running in it."""
    monkeypatch.setattr(launch, "WORKER", WORKER)
    root = write_project(tmp_path / "work")
    project = Project.open(root)
    discovery = project.discovery()
    assert discovery is not None
    for number, kind in enumerate(("human", "llm")):
        teaching = Teaching(project.teaching_dir, f"author{number}")
        writer = Annotator(project, discovery, teaching, Teacher(f"author{number}", kind))  # type: ignore[arg-type]
        texts = ["There was a lamp.", "Breakfast ends at nine."][: 2 - number]
        for text in texts:
            writer.write_sample("B1", text=f"{text} {kind}", label="negative", role="anchor")
    yield root
    running = jobs.active_job(root)
    if running is not None:
        with suppress(JobError):  # it has ended meanwhile
            jobs.stop(root, running.id)
        until(lambda: jobs.active_job(root) is None)


async def retrain(driver: Driver) -> None:
    await driver.press("r")
    await driver.until(lambda: isinstance(driver.screen, RetrainScreen) and driver.screen.focused is not None)


async def go_to(driver: Driver, name: str) -> None:
    """Put the cursor on the line of that name; what keys move it is tested in `tests/tui/widgets/test_line_list.py`."""
    choices = driver.screen.choices
    choices.move_to(next(index for index, row in enumerate(choices.rows.rows) if row.name == name))
    await driver.pilot.pause()


async def tick(driver: Driver, name: str) -> None:
    """Space on the line of that name."""
    await go_to(driver, name)
    await driver.press("space")


async def test_arms_recipes_and_seeds_are_chosen_and_the_trainings_counted(root: Path) -> None:
    async with opened(root) as driver:
        await retrain(driver)
        assert "[x] human 2 samples" in driver.words
        assert "[x] llm 1 sample" in driver.words
        assert "[x] both 3 samples" in driver.words
        assert "35 trainings, 5 of them the baseline; time unknown before the first one." in driver.words
        await tick(driver, "llm")
        assert "[ ] llm" in driver.words
        assert "25 trainings" in driver.words
        await tick(driver, "seeds")
        await driver.press("ctrl+u")
        await driver.type("7, x")
        await driver.press("enter")
        assert "Seeds are whole numbers from 0 to 2,147,483,647" in driver.words
        assert "7, x" in driver.words
        await driver.press("backspace")
        await driver.type("8 7")
        await driver.press("enter")
        assert "seeds 7, 8" in driver.words
        assert "10 trainings, 2 of them the baseline" in driver.words
        for recipe in USUAL:
            await tick(driver, recipe)
        assert "Choose a recipe: space on its line." in driver.words
        await driver.press("S")
        assert "! Choose a recipe" in driver.words
    assert jobs.jobs(root) == []


async def test_arms_are_cut_down_to_equal_count_or_say_why_not_to_equal_cost(root: Path) -> None:
    async with opened(root) as driver:
        await retrain(driver)
        await tick(driver, "equal")
        assert "[x] equal count: each arm cut" in driver.words
        await go_to(driver, "human")
        assert "[x] human 1 sample" in driver.words
        assert "[x] both 1 sample" in driver.words
        await tick(driver, "equal")
        assert "[x] equal cost: each arm cut" in driver.words
        assert "what arm `human` cost is unknown" in driver.words
        await driver.press("S")
        assert "! what arm `human` cost is unknown" in driver.words
        await tick(driver, "equal")
        await tick(driver, "equal")
        await tick(driver, "reviewed")
        assert "[x] reviewed" in driver.words
        await driver.press("S")
        await driver.sees("retrain-1 is running")
        options = jobs.find_job(root, "retrain-1").options
        assert (options["equal"], options["reviewed"]) == ("count", True)
        driver.app.save()
    async with opened(root) as driver:
        await driver.until(lambda: isinstance(driver.screen, RetrainScreen))
        await driver.sees("[x] reviewed", "[x] equal          count")


async def test_controls_and_more_recipes_are_ticked_on_request(root: Path) -> None:
    async with opened(root) as driver:
        await retrain(driver)
        assert "[ ] controls" in driver.words
        await tick(driver, "controls")
        assert "[x] controls" in driver.words
        # 3 arms, 6 controls, uus+ and pool+ for each arm, with two recipes; temperature with none
        assert "160 trainings, 5 of them the baseline" in driver.words
        await tick(driver, "continue")
        assert "[x] continue" in driver.words
        assert "235 trainings, 5 of them the baseline" in driver.words
        await driver.press("S")
        await driver.sees("retrain-1 is running")
        options = jobs.find_job(root, "retrain-1").options
        assert (options["controls"], options["recipes"]) == (True, ["scratch", "continue", "keep"])


async def test_samples_that_reviewers_reject_are_left_out_on_request(tmp_path: Path) -> None:
    project = make_reviewed_project(tmp_path / "work")
    review = reviewer(project, "rita")
    for entry in review.queue():  # three items for each of two blind spots
        review.judge(judgement(review, entry.id, verdicts=["reject"]))
    async with opened(project.root) as driver:
        await retrain(driver)
        assert "[x] human 12 samples" in driver.words
        await tick(driver, "reviewed")
        await go_to(driver, "human")
        assert "[x] human 6 samples" in driver.words
        await tick(driver, "reviewed")
        await go_to(driver, "human")
        assert "[x] human 12 samples" in driver.words


async def test_the_time_is_estimated_from_earlier_trainings(root: Path) -> None:
    folder = root / "models" / "earlier"
    folder.mkdir(parents=True)
    (folder / "training.json").write_text('{"rows_per_second": 2.0}')
    async with opened(root) as driver:
        await retrain(driver)
        assert "at most about " in driver.words


def put_labels(root: Path, name: str, kind: TeacherKind, rows: Sequence[str]) -> None:
    """Labels of pool rows by somebody."""
    teaching = Teaching(root / "teaching", name)
    with teaching.store.edit("labels") as edit:
        for row in rows:
            said = RowLabel(row, "negative", 3, Teacher(name, kind), "hunt")
            edit.put("label", said.key, said)


async def test_labels_are_arms_with_their_rows_beside_the_teaching(root: Path) -> None:
    pool = [row.id for row in Project.open(root).examples("pool")]
    put_labels(root, "ada", "human", pool[:3])
    put_labels(root, "gpt", "llm", pool[:5])
    put_labels(root, "qwen", "llm", pool[:5])
    async with opened(root) as driver:
        await retrain(driver)
        await go_to(driver, "labels")
        assert "[ ] labels 3 labels pool rows" in driver.words
        await driver.press("space")
        assert "[x] labels" in driver.words
        assert "45 trainings, 5 of them the baseline" in driver.words
        await tick(driver, "llm-labels")
        await driver.press("S")
        assert "! several LLMs have labelled pool rows" in driver.words
        await tick(driver, "llm-labels")
        await tick(driver, "random-n")
        assert "[x] random-n 3 labels control" in driver.words
        for name in ("human", "llm", "both"):
            await tick(driver, name)
        await driver.press("t")
        assert "! A quick look is trained with samples" in driver.words
        await driver.press("S")
        await driver.sees("retrain-1 is running")
        assert jobs.find_job(root, "retrain-1").options["arms"] == ["labels", "random-n"]


async def test_without_samples_peoples_labels_are_ticked(tmp_path: Path) -> None:
    root = write_project(tmp_path / "work")
    pool = [row.id for row in Project.open(root).examples("pool")]
    put_labels(root, "ada", "human", pool[:3])
    put_labels(root, "gpt", "llm", pool[:5])
    async with opened(root) as driver:
        await retrain(driver)
        assert "[x] labels 3 labels" in driver.words
        assert "[ ] llm-labels gpt: nobody has checked it" in driver.words
    change_setting(root / SETTINGS_FILE, "labelling", "llm_floor", 0.0)
    async with opened(root) as driver:
        await retrain(driver)
        assert "[ ] llm-labels 5 labels" in driver.words
        assert "15 trainings, 5 of them the baseline" in driver.words
        await tick(driver, "auto")
        assert "[ ] three-quarters as continue" in driver.words
        # 5 seeds x baseline, scratch, keep and one other; two trainings in each of three parts
        assert "at most 20 trainings, 5 of them the baseline, and 6 to choose by" in driver.words


async def test_without_samples_it_says_what_to_do_first(tmp_path: Path) -> None:
    async with opened(write_project(tmp_path / "work")) as driver:
        await retrain(driver)
        assert "There are no samples to train with yet: d on a blind spot goes to the form." in driver.words
        await driver.press("S")
        assert "! There are no samples" in driver.words
        await driver.press("X")
        assert "! No job is running." in driver.words
        await driver.press("R")
        assert "! There is no job" in driver.words


async def test_a_job_is_started_watched_left_stopped_and_resumed(root: Path) -> None:
    async with opened(root) as driver:
        await retrain(driver)
        await tick(driver, "llm")
        await driver.press("S")
        await driver.sees("retrain-1 is running", "last sign of life", "loss", "counting")
        assert jobs.find_job(root, "retrain-1").options == {
            "arms": ["human", "both"],
            "recipes": ["scratch", "keep"],
            "seeds": [13, 14, 15, 16, 17],
            "equal": None,
            "reviewed": False,
            "controls": False,
            "labeller": None,
            "quick": False,
        }
        await driver.press("S")
        assert "! retrain-1 is running: X stops it." in driver.words
        await driver.press("q")
        await driver.sees("retrain count")
        reached = jobs.find_job(root, "retrain-1").done
        await retrain(driver)
        await driver.until(lambda: jobs.find_job(root, "retrain-1").done > reached)
        await driver.press("X")
        await driver.sees("retrain-1 was stopped", "R goes on from there", "it can be resumed")
        await driver.press("R")
        await driver.sees("retrain-1 is running")
        assert len(jobs.jobs(root)) == 1


async def test_a_job_outlives_the_app_and_is_found_again_dead_or_alive(root: Path) -> None:
    async with opened(root) as driver:
        await retrain(driver)
        await driver.press("S")
        await driver.sees("last sign of life")
    assert jobs.find_job(root, "retrain-1").state == "running"
    async with opened(root) as driver:
        await driver.until(lambda: "retrain" in driver.words)
        if not isinstance(driver.screen, RetrainScreen):
            await retrain(driver)
        await driver.sees("retrain-1 is running")
        events = read_events(JobFiles.of(root / "jobs", "retrain-1").events)
        os.kill(next(event["pid"] for event in events if event["type"] == "started"), signal.SIGKILL)
        await driver.sees("retrain-1 ! was killed", "It had come to: count")
        await driver.press("R")
        await driver.sees("retrain-1 is running")


async def test_a_failed_job_says_why_and_a_done_one_where_its_result_is(root: Path) -> None:
    for options in (RetrainCountOptions(to=1, fail="user"), RetrainCountOptions(to=2)):
        last = jobs.start(root, options)
        until(lambda job=last: jobs.find_job(root, job).state != "running")  # type: ignore[misc]
    async with opened(root) as driver:
        await retrain(driver)
        assert "retrain-2 is done" in driver.words
        assert "p shows before and after" in driver.words
        await driver.press("R")
        assert "! retrain-2 is done: only a job that failed" in driver.words
        await driver.press("tab", "j")
        assert "retrain-1 ! failed" in driver.words
        assert "the shelf is empty; fill it." in driver.words


async def test_choices_are_there_again_after_a_restart(root: Path) -> None:
    async with opened(root) as driver:
        await retrain(driver)
        await tick(driver, "llm")
        driver.app.save()
    async with opened(root) as driver:
        await driver.until(lambda: isinstance(driver.screen, RetrainScreen))
        await driver.sees("[ ] llm", "25 trainings")
        assert driver.screen.choices.cursor == 1


async def test_ticks_are_there_again_when_one_comes_back_to_the_screen(root: Path) -> None:
    async with opened(root) as driver:
        await retrain(driver)
        await tick(driver, "llm")
        await driver.press("q")
        await driver.until(lambda: isinstance(driver.screen, SpotsScreen))
        await retrain(driver)
        assert "[ ] llm" in driver.words
        assert "25 trainings" in driver.words
        await driver.press("q")
        driver.app.save()
    async with opened(root) as driver:  # left from another screen, and opened again
        await driver.until(lambda: driver.app.retrain_choices)
        await retrain(driver)
        assert "[ ] llm" in driver.words


async def test_a_list_that_is_longer_than_its_window_says_how_much_more_there_is(root: Path) -> None:
    async with opened(root) as driver:
        await retrain(driver)
        choices = driver.screen.choices
        hidden = len(choices.rows) - choices.size.height
        await driver.sees(f"{hidden} more below")
        await driver.press("G")
        await driver.sees(f"{hidden} above")
        assert "more below" not in driver.text
    async with opened(root, size=(80, 60)) as driver:
        await retrain(driver)
        await driver.sees("No job has run yet.")
        assert "more below" not in driver.text


async def test_auto_chooses_recipes_and_its_trainings_are_counted(root: Path) -> None:
    async with opened(root) as driver:
        await retrain(driver)
        await go_to(driver, "auto")
        assert "[ ] auto" in driver.words
        await driver.press("space")
        # 5 baselines; 3 arms x 5 seeds x scratch, keep and one other; 3 folds x every recipe x 3 arms
        tries = 3 * len(RECIPES) * 3
        assert f"at most 50 trainings, 5 of them the baseline, and {tries} to choose by" in driver.words
        await driver.press("S")
        await driver.sees("retrain-1 is running")
        assert jobs.find_job(root, "retrain-1").options["recipes"] == ["scratch", "keep", "auto"]


async def test_auto_needs_two_blind_spots(tmp_path: Path) -> None:
    root = write_project(tmp_path / "pairs", pairs=True)
    project = Project.open(root)
    writer = Annotator(project, project.discovered(), Teaching(project.teaching_dir, "ann"), Teacher("ann", "human"))
    writer.write_sample("B1", text="One.", text_pair="Two.", label="different", role="anchor")
    async with opened(root) as driver:
        await retrain(driver)
        await tick(driver, "auto")
        await driver.press("S")
        assert "! `auto` chooses by two blind spots or more" in driver.words
    assert jobs.jobs(root) == []


async def test_only_a_capital_stops_a_job_and_the_small_letter_says_so(root: Path) -> None:
    async with opened(root) as driver:
        await retrain(driver)
        await driver.press("S")
        await driver.sees("retrain-1 is running")
        await driver.press("x")
        assert "! x does nothing here. X: stop job." in driver.words
        assert jobs.find_job(root, "retrain-1").state == "running"


async def test_the_list_is_left_during_a_job_only_when_asked_twice(root: Path) -> None:
    async with opened(root) as driver:
        await retrain(driver)
        await driver.press("S")
        await driver.sees("retrain-1 is running")
        await driver.press("q", "q")
        await driver.sees("! retrain-1 goes on in the background: q again leaves, X stops it.")
        assert driver.app.is_running
        await driver.press("q")
        await driver.until(lambda: driver.app.return_code == 0)
