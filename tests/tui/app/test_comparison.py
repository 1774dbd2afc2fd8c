"""The comparison as tables, out of date or not, with one's own judgements or without, drawn up by a job."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import jobs
from engine.jobs import launch
from engine.project import Project
from engine.review.blind_review import ItemView, Review
from engine.review.draw_comparison import compare
from engine.schema import Judgement, Preference, SampleJudgement, SideJudgement
from engine.teaching.records import Teaching
from tests.tui.app.opening import Driver, opened
from tests.tui.app.planted_worker import WORKER
from tests.tui.app.reviews import answer, reviewed
from tui.screens.comparison_screen import ComparisonScreen

pytestmark = pytest.mark.usefixtures("forked_processes")
SIZES = [(80, 24), (120, 36)]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Answers of a person and an LLM to B1; `rev` has found the person's better, twice, and `ann` too."""
    root = reviewed(tmp_path / "work")
    judge(root, "rev")
    judge(root, "ann")
    return root


def judge(root: Path, reviewer: str) -> None:
    """Accept everything, and prefer the person's side: a reviewer who knows more than they should."""
    review = Review(Project.open(root), Teaching(root / "teaching", reviewer))
    for entry in review.queue(own=True):
        item = review.item(entry.id)
        shown = " ".join(sample.text for sample in item.left.samples)
        better: Preference = "left" if "lift" in shown or "towels" in shown else "right"
        review.judge(Judgement(entry.id, better, _accepted(item, "left"), _accepted(item, "right")))


def _accepted(item: ItemView, side: str) -> SideJudgement:
    view = item.left if side == "left" else item.right
    yes = None if view.pattern is None else True
    return SideJudgement(tuple(SampleJudgement("accept", True, True, True) for _ in view.samples), yes, yes, yes)


async def to_comparison(driver: Driver) -> None:
    await driver.press("equals_sign")
    await driver.until(lambda: isinstance(driver.screen, ComparisonScreen))
    await driver.pilot.pause()


@pytest.mark.parametrize("size", SIZES)
async def test_the_figures_of_the_last_comparison_are_shown(root: Path, size: tuple[int, int]) -> None:
    compare(Project.open(root), embed=False)
    async with opened(root, annotator="rev", size=size) as driver:
        await to_comparison(driver)
        shown = driver.screen.pane.text
        assert "2 judgements by 1 reviewer on 2 of 2 items" in " ".join(shown.split())
        wins = next(line for line in shown.splitlines() if line.startswith(" human against llm"))
        assert wins.split()[3:8] == ["2", "2", "0", "0", "0"]
        assert "m1 (llm, recorded)" in shown
        assert all(len(line) <= size[0] for line in shown.splitlines())
        assert "Out of date" not in shown
        await driver.press("S")
        assert "! It is up to date." in driver.words
        await driver.press("G")
        await driver.sees("evidence")


async def test_it_says_when_it_is_out_of_date(root: Path) -> None:
    compare(Project.open(root), embed=False)
    async with opened(root, annotator="rev") as driver:
        await to_comparison(driver)
        assert "Out of date" not in driver.text
        await driver.press("q")
        answer(root, "B3", "m1")
        await to_comparison(driver)
        await driver.sees("! Out of date: answers or judgements have changed since.")


async def test_own_judgements_are_left_out_until_they_are_asked_for(root: Path) -> None:
    compare(Project.open(root), embed=False)
    compare(Project.open(root), own=True, embed=False)
    async with opened(root, annotator="rev") as driver:
        await to_comparison(driver)
        assert "2 judgements by 1 reviewer" in driver.words
        await driver.press("o")
        await driver.sees("4 judgements by 2 reviewers", "Judgements of one's own text count too.")
        driver.app.save()
    async with opened(root, annotator="rev") as driver:
        await driver.until(lambda: isinstance(driver.screen, ComparisonScreen))
        await driver.sees("4 judgements by 2 reviewers")
        await driver.press("o")
        await driver.sees("2 judgements by 1 reviewer", "are left out.")


async def test_it_is_drawn_up_by_a_job(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "WORKER", WORKER)
    async with opened(root, annotator="rev") as driver:
        await to_comparison(driver)
        await driver.sees("No comparison yet")
        await driver.press("X")
        assert "! No job is running." in driver.words
        await driver.press("o", "S")
        await driver.sees("Comparing", "25 %")
        await driver.press("S")
        assert "! compare-1 is running: wait for it, or stop it with X." in driver.words
        (root / "go").touch()
        await driver.sees("4 judgements by 2 reviewers", "compare-1 is done")


async def test_the_job_can_be_stopped(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "WORKER", WORKER)
    async with opened(root, annotator="rev") as driver:
        await to_comparison(driver)
        await driver.press("S", "X")
        await driver.sees("compare-1 was stopped", "No comparison yet")
    assert jobs.active_job(root) is None
