"""Testing a pattern by keys: judged blind, handed in for good, shown with its figures, reworded once."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.project import Project
from engine.schema import Application, SpotState
from engine.teaching.pattern_testing import find_pattern, hand_in, pattern_test_of
from engine.teaching.records import Records, Teaching
from tests.engine.llm.judges import asking, says
from tests.engine.llm.server import LlmServer
from tests.engine.teaching.tested_patterns import MODEL, WORDING, decide, held_back, pattern_project, write
from tests.tui.app.opening import Driver, opened
from tui.screens.describe_screen import DescribeScreen
from tui.screens.pattern_test_screen import PatternTestScreen

SIZES = [(80, 24), (120, 36)]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = pattern_project(tmp_path / "work")
    write(project, "ann")
    decide(project, "ann")
    with Teaching(project.teaching_dir, "ann").store.edit("call B2 done") as edit:
        edit.put("state", "B2", SpotState("B2", "done"))
    return project


async def try_out(driver: Driver, pattern: str = "P1@ann") -> None:
    await driver.app.go("pattern_test", pattern=pattern)
    await driver.until(lambda: isinstance(driver.screen, PatternTestScreen) and driver.screen.trying is not None)


async def judge_all(driver: Driver, answers: dict[str, str], default: str = "n") -> None:
    """Press a key for each row: the one given for it, else the default."""
    for _ in range(len(driver.screen.rows.rows)):
        row = driver.screen.rows.rows.cases[driver.screen.rows.cursor].row.id
        await driver.press(answers.get(row, default))


async def hand_in_all(driver: Driver) -> None:
    await driver.press("ctrl+j")
    await driver.sees("Hand in all answers?")
    await driver.press("1")


def body(driver: Driver) -> str:
    """The screen without its header."""
    return driver.text.partition("\n")[2]


def applications(project: Project) -> dict[str, bool]:
    """Row ids and answers, as a fresh process reads them."""
    found = Records(project.teaching_dir).by_author("application")
    return {one.row: one.applies for _, one in found if isinstance(one, Application)}


def judged_by_model(project: Project, pattern_id: str, *, applies: bool) -> None:
    discovery, teaching = project.discovery(), Teaching(project.teaching_dir, "llm-m1")
    assert discovery is not None
    tested = pattern_test_of(project, discovery, teaching, find_pattern(teaching, pattern_id))
    hand_in(teaching, tested, {case.row.id: applies for case in tested.cases}, MODEL)


@pytest.mark.parametrize("size", SIZES)
async def test_a_pattern_is_judged_blind_and_its_figures_and_counter_examples_are_shown_then(
    project: Project, size: tuple[int, int]
) -> None:
    hidden = held_back(project)
    async with opened(project.root, size=size) as driver:
        await try_out(driver)
        assert WORDING in driver.words
        assert "0 of 4 judged" in driver.words
        blind = body(driver)
        assert not any(word in blind for word in ("UU", "right", "0.95", *hidden))
        await judge_all(driver, dict.fromkeys([hidden[0], "n0"], "y"))
        assert "4 of 4 judged" in driver.words
        assert applications(project) == {}
        await hand_in_all(driver)
        await driver.sees("by ann (human): precision 1.00 (1 of 1; 0.21 to 1.00)")
        assert "recall 0.50 (1 of 2;" in driver.words
        assert "1 counter-example (!)" in driver.words
        lines = [line for line in driver.text.splitlines() if "! " in line and "Thanks so much" in line]
        assert len(lines) == 1
        assert " not " in lines[0]
        assert "UU" in lines[0]
        await driver.press("y")
        assert "nothing is left to judge" in driver.words
        await driver.press("u")
        await driver.sees("nothing to undo on this screen", "call B2 done.", "2  leave it")
        await driver.press("1")
        await driver.sees("Undone: call B2 done.")
        assert "1 counter-example (!)" in driver.words
    assert sum(applications(project).values()) == 1
    assert len(applications(project)) == 4


async def test_answers_are_kept_through_a_kill_and_can_be_changed_until_they_are_handed_in(project: Project) -> None:
    async with opened(project.root) as driver:
        await try_out(driver)
        await driver.press("y", "n")
        await driver.press("ctrl+j")
        assert "! 2 rows have no answer yet." in driver.words
        driver.app.save()
    async with opened(project.root) as driver:
        await driver.until(lambda: isinstance(driver.screen, PatternTestScreen) and driver.screen.trying is not None)
        assert "2 of 4 judged" in driver.words
        await driver.press("g", "backspace")
        assert "1 of 4 judged" in driver.words
        await judge_all(driver, {}, "y")
        await driver.press("g", "n")
        await hand_in_all(driver)
        await driver.until(lambda: applications(project))
    assert list(applications(project).values()).count(False) <= 2


async def test_handing_in_can_be_put_off(project: Project) -> None:
    async with opened(project.root) as driver:
        await try_out(driver)
        await judge_all(driver, {})
        await driver.press("ctrl+j", "escape")
        assert "4 of 4 judged" in driver.words
        await driver.press("ctrl+j", "enter")  # `not yet` is where the cursor starts
        assert applications(project) == {}


async def test_the_own_pattern_is_reworded_once_with_its_counter_examples_in_sight(project: Project) -> None:
    async with opened(project.root) as driver:
        await try_out(driver)
        await driver.press("e")
        assert "has not been tested yet" in driver.words
        await judge_all(driver, {}, "y")
        await hand_in_all(driver)
        await driver.press("e")
        await driver.sees("2 counter-examples: rows on which the pattern was wrong")
        assert "Awful:" in driver.words
        assert "Thanks so much" not in driver.words
        assert driver.screen.wording.text == WORDING
        await driver.paste(" About what went wrong.")
        await driver.press("escape")
        assert "What you typed is kept" in driver.words
        await driver.press("e")
        assert driver.screen.wording.text.endswith("About what went wrong.")
        await driver.press("ctrl+j")
        await driver.sees("P1@ann is reworded", "No figures for this wording")
        assert "the wording before, by ann (human): precision 0.50" in driver.words
        await driver.press("e")
        assert "reworded before, and that is done once" in driver.words
        await driver.press("u")
        assert "reworded:" not in driver.words
    pattern = find_pattern(Records(project.teaching_dir), "P1@ann")
    assert (pattern.text, pattern.refined) == (WORDING, False)


async def test_figures_of_another_judge_do_not_tell_what_the_rows_are(project: Project) -> None:
    judged_by_model(project, "P1@ann", applies=True)
    async with opened(project.root) as driver:
        await try_out(driver)
        assert "by m1 (llm): precision 0.50 (2 of 4" in driver.words
        assert "UU" not in body(driver)
        assert "0 of 4 judged" in driver.words
        await driver.press("e")
        await driver.sees("This shows what the rows are")
        await driver.press("1")
        await driver.sees("2 counter-examples: rows on which the pattern was wrong")
        await driver.press("escape")
        await driver.press("y")
        assert "nothing is left to judge" in driver.words


async def test_the_test_is_opened_from_what_is_written_once_the_answer_is_handed_in(project: Project) -> None:
    async with opened(project.root) as driver:
        await driver.app.go("describe", spot="B1")
        await driver.until(lambda: isinstance(driver.screen, DescribeScreen) and driver.screen.focused is not None)
        await driver.press("escape", "t")
        await driver.until(lambda: isinstance(driver.screen, PatternTestScreen))
        assert "0 of 4 judged" in driver.words
        await driver.press("q")
        await driver.until(lambda: isinstance(driver.screen, DescribeScreen))


async def test_before_that_it_says_why_not(tmp_path: Path) -> None:
    project = pattern_project(tmp_path / "other")
    write(project, "ann")
    async with opened(project.root) as driver:
        await driver.app.go("describe", spot="B1")
        await driver.until(lambda: isinstance(driver.screen, DescribeScreen) and driver.screen.focused is not None)
        await driver.press("escape", "t")
        assert "held back until you have handed in your answer" in driver.app.messages.last.text
        await driver.app.go("pattern_test", pattern="P1@ann")
        await driver.sees("its rows are held back from you")
        assert isinstance(driver.screen, DescribeScreen)


async def test_without_an_llm_or_held_back_rows_the_keys_say_why(project: Project) -> None:
    write(project, "ann", spot="B2")
    decide(project, "ann", "B2")
    async with opened(project.root, ascii=True) as driver:
        await try_out(driver)
        await driver.press("L")
        assert "No LLM is set up" in driver.words
        assert driver.text.isascii()
        await try_out(driver, "P2@ann")
        assert "none of the 4 rows of B2 is held back" in driver.words
        await driver.press("y")
        assert "! It cannot be tested: none of the 4 rows" in driver.words


async def test_the_llm_judges_in_the_background_and_its_figures_appear(project: Project) -> None:
    with LlmServer(says("Thanks so much")) as server:
        asking(project, server)
        async with opened(project.root) as driver:
            await try_out(driver)
            await driver.press("L")
            await driver.sees("by m1 (llm): precision 1.00 (2 of 2;")
            await driver.sees("judge-1 is done: m1 judged 1 pattern")
            await driver.press("L")
            assert "The LLM has judged this wording already." in driver.words
            assert "UU" not in body(driver)
