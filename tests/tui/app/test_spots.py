"""The list of blind spots: what it says, how it is narrowed and ordered, and what can be decided in it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from threading import Event

import pytest
from textual.events import Key

from engine import jobs
from engine.jobs import launch
from engine.project import Project
from engine.schema import Teacher
from engine.teaching.records import Teaching
from engine.teaching.sealing import decision
from engine.teaching.writer import Annotator
from tests.tui.app.opening import Driver, opened
from tests.tui.app.planted_worker import WORKER
from tests.tui.app.projects import write_project
from tui.app import BlindspotApp
from tui.view_models.workbench import Workbench

SIZES = [(80, 24), (120, 40)]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_project(tmp_path / "work")


def lines(driver: Driver, *starts: str) -> list[str]:
    """The lines of the list that begin with these ids, cursor sign aside."""
    found = [line.lstrip("▌> ") for line in driver.text.splitlines()]
    return [line for line in found if line.startswith(tuple(f"{start} " for start in starts))]


def order(driver: Driver) -> list[str]:
    """Ids in the order of the list."""
    return [line.split()[0] for line in lines(driver, "B1", "B2", "B3") if "→" in line]  # not the preview's heading


@pytest.mark.parametrize("size", SIZES)
async def test_every_blind_spot_has_size_direction_words_counts_and_state(root: Path, size: tuple[int, int]) -> None:
    async with opened(root, size=size) as driver:
        first = lines(driver, "B1")[0].split()
        assert first[:5] == ["B1", "6", "negative", "→", "positive"]
        assert "quiet," in first
        assert "0 / 0  untouched" in lines(driver, "B1")[0]
        assert "1  in no blind spot" in driver.text
        assert "work   round 1   τ 0.9   15 UUs   0/3 done   baseline-13" in driver.text
        assert "Well, that was certainly an experience" in driver.words  # the preview


async def test_the_footer_has_at_most_seven_keys(root: Path) -> None:
    async with opened(root) as driver:
        footer = driver.text.splitlines()[-1]
        assert " ".join(footer.split()) == "enter read d describe c done s skip / filter m map ? keys"


async def test_done_is_counted_at_once_and_taken_back_by_the_same_key_or_by_undo(root: Path) -> None:
    async with opened(root) as driver:
        await driver.press("c")
        await driver.sees("✓ done", "1/3 done", "B1 is done.")
        await driver.press("c")
        await driver.sees("0/3 done", "B1 is open again.")
        await driver.press("u", "u")
        await driver.sees("0/3 done", "Undone: call B1 done.")
        await driver.press("ctrl+r")
        await driver.sees("1/3 done", "Done again: call B1 done.")


async def test_skipping_asks_for_a_reason_and_takes_no_empty_one(root: Path) -> None:
    async with opened(root) as driver:
        await driver.press("j", "s")
        await driver.sees("Skip B2", "Why is it set aside?")
        await driver.press("enter")
        await driver.sees("A word at least")
        await driver.paste("mixed bag")
        await driver.press("enter")
        await driver.sees("skipped: mixed", "B2 is skipped: mixed bag.")
        state = Teaching(Project.open(root).teaching_dir, "ann").states()["B2"]
        assert (state.status, state.reason) == ("skipped", "mixed bag")
        await driver.press("s")
        await driver.sees("B2 is open again.")


async def test_the_filter_takes_words_labels_and_states_and_esc_shows_all_again(root: Path) -> None:
    async with opened(root) as driver:
        await driver.press("c", "slash")
        await driver.type("positive")
        assert order(driver) == ["B1", "B2", "B3"]
        await driver.type(" done")
        await driver.until(lambda: order(driver) == ["B1"])
        assert "Blind spots 1 of 3" in driver.text
        await driver.press("enter")
        assert driver.app.focused is driver.screen.rows
        await driver.press("escape")
        await driver.until(lambda: order(driver) == ["B1", "B2", "B3"])


async def test_letters_right_behind_the_key_of_the_filter_belong_into_it(root: Path) -> None:
    async with opened(root) as driver:
        for key, character in (("slash", "/"), ("d", "d"), ("é", "é")):  # d would describe
            driver.app.post_message(Key(key, character))
        await driver.until(lambda: driver.screen.filter.text == "dé")


async def test_a_filter_that_matches_nothing_says_so_when_a_key_needs_a_blind_spot(root: Path) -> None:
    async with opened(root) as driver:
        await driver.press("slash")
        await driver.paste("zebra")
        await driver.sees("esc show all", "Nothing matches the filter: esc clears it.")
        assert "/ filter" not in driver.text  # it would be typed
        for key in ("enter", "d"):
            await driver.press("enter", key)
            await driver.sees("! Nothing matches the filter")


async def test_sorting_keeps_the_cursor_on_its_blind_spot(root: Path) -> None:
    async with opened(root) as driver:
        await driver.press("c", "j")
        assert driver.screen.spot.id == "B2"
        for _ in range(3):  # confidence, coherence, status
            await driver.press("o")
        await driver.sees("Sorted by status.")
        assert order(driver) == ["B2", "B3", "B1"]
        assert driver.screen.spot.id == "B2"


async def test_next_passes_over_what_is_done(root: Path) -> None:
    async with opened(root) as driver:
        await driver.press("j", "c", "k", "n")
        assert driver.screen.spot.id == "B3"
        await driver.press("c", "k", "k", "c", "n")
        await driver.sees("Every blind spot is done or skipped.")


async def test_rows_in_no_blind_spot_can_be_read_but_not_described(root: Path) -> None:
    async with opened(root) as driver:
        await driver.press("G", "d")
        await driver.sees("These rows belong to no blind spot.")
        await driver.press("enter")
        await driver.sees("A lone row that belongs nowhere.", "In no blind spot   1 row")


async def test_before_discovery_the_screen_says_what_to_do_and_other_keys_say_why_not(tmp_path: Path) -> None:
    async with opened(write_project(tmp_path / "work", discovered=False)) as driver:
        await driver.sees("No blind spots yet", "D finds the rows", "D discover")
        await driver.press("m")
        await driver.sees("There are no blind spots yet: D finds them.")
        await driver.press("X")
        await driver.sees("No job is running.")
        await driver.press("u")
        await driver.sees("There is nothing to undo.")


async def test_a_key_pressed_while_a_project_is_opened_says_nothing_of_its_blind_spots(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opening, read = Workbench.open, Event()
    monkeypatch.setattr(Workbench, "open", lambda *args: read.wait(60) and opening(*args))
    app = BlindspotApp(root, "ann", ascii=False)
    async with app.run_test(size=(80, 24)) as pilot:
        driver = Driver(app, pilot)
        await driver.sees("Opening work")
        await driver.press("d")
        await driver.sees("The project is still being opened.")
        read.set()
        await driver.sees("B1")


def ticks() -> bool:
    """Whether a timer of the app reads the files of jobs."""
    return "watch jobs" in {task.get_name() for task in asyncio.all_tasks()}


@pytest.mark.usefixtures("forked_processes")
async def test_discovery_runs_in_the_background_and_its_blind_spots_appear_by_themselves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch, "WORKER", WORKER)
    root = write_project(tmp_path / "work", discovered=False)
    async with opened(root) as driver:
        await driver.press("D")
        await driver.sees("Looking for blind spots", "score 25 of 100", "25 %", "X stop job")
        await driver.press("D")
        await driver.sees("discover-1 is running: X stops it.")
        assert ticks()
        (root / "go").touch()
        await driver.sees("B1", "negative → positive", "discover-1 is done: 3 blind spots.")
        await driver.until(lambda: not ticks())


@pytest.mark.usefixtures("forked_processes")
async def test_a_stopped_job_can_be_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "WORKER", WORKER)
    root = write_project(tmp_path / "work", discovered=False)
    async with opened(root) as driver:
        await driver.press("D")
        await driver.sees("score 25 of 100")
        await driver.press("X")
        await driver.sees("discover-1 was stopped", "D goes on with it")
        (root / "go").touch()
        await driver.press("D")
        await driver.sees("negative → positive")
    assert [job.id for job in jobs.jobs(root)] == ["discover-1"]


@pytest.mark.usefixtures("forked_processes")
async def test_a_job_that_was_left_running_is_shown_when_the_app_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch, "WORKER", WORKER)
    root = write_project(tmp_path / "work", discovered=False)
    async with opened(root) as driver:
        await driver.press("D")
        await driver.sees("score 25 of 100")
    async with opened(root) as driver:
        await driver.sees("score 25 of 100", "discover score 25 %")
        (root / "go").touch()
        await driver.sees("negative → positive")


@pytest.mark.usefixtures("forked_processes")
async def test_a_discovery_that_cannot_be_read_is_told_and_the_app_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch, "WORKER", WORKER)
    root = write_project(tmp_path / "work", discovered=False)
    (root / "go").write_text("damaged")
    async with opened(root) as driver:
        await driver.press("D")
        await driver.sees("M: more")
        await driver.press("M")
        await driver.sees("! ", "discover-1 is done")
        assert "thisisnotvalidJSON" in driver.pane


async def test_what_another_annotator_writes_is_taken_in_when_a_screen_is_opened_and_stays_sealed(root: Path) -> None:
    async with opened(root) as driver:
        workbench = driver.app.workbench
        assert workbench is not None
        assert workbench.board is not None
        spot = workbench.board.spots()[0]
        assert not spot.sealed
        teaching = Teaching(workbench.project.teaching_dir, "bob")
        bob = Annotator(workbench.project, workbench.board.discovery, teaching, Teacher("bob", "human"))
        bob.describe(spot.id, "abstraction", "Praise told by what did not happen.")
        await driver.press("m")
        await driver.until(lambda: workbench.board is not None and workbench.board.spots()[0].sealed)
        await driver.press("q")
        await driver.until(lambda: "others' answers are sealed (C)" in driver.words)
        assert "0 / 0  untouched" in lines(driver, "B1")[0]
        assert "Praise told" not in driver.text


async def test_a_decision_is_asked_for_says_that_it_is_final_and_cannot_be_undone(root: Path) -> None:
    async with opened(root) as driver:
        await driver.press("C", "enter")
        assert lines(driver, "B1")[0].split()[-1] == "untouched", "the first choice decides nothing"
        await driver.press("C")
        await driver.sees("Hand in your answer to B1?", "That is final", "Without a pattern of yours", "2  Decline")
        await driver.press("2", "enter")
        await driver.sees("A word at least")
        await driver.paste("mixed bag")
        await driver.press("enter")
        await driver.sees("skipped: mixed", "B1 is declined. Nobody else has answered yet.")
        await driver.press("C")
        await driver.sees("You have declined for B1: that is final.")
        await driver.press("s")
        await driver.sees("You have declined for B1: that is final.")
        await driver.press("u")
        await driver.sees("There is nothing to undo.")
        await driver.press("G", "C")
        await driver.sees("These rows belong to no blind spot.")
    found = decision(Teaching(Project.open(root).teaching_dir, "ann"), "B1")
    assert found is not None
    assert (found.decision, found.reason) == ("declined", "mixed bag")


async def test_who_only_reviews_declines_all_at_once_but_what_they_write_on(root: Path) -> None:
    async with opened(root) as driver:
        workbench = driver.app.workbench
        assert workbench is not None
        assert workbench.annotator is not None
        workbench.annotator.describe("B2", "abstraction", "Mine.")
        await driver.press("j", "C")
        await driver.sees("Hand in your answer to B2?", "Commit: 1 pattern")
        assert "I only review" not in driver.text, "B2 is being written on"
        await driver.press("escape", "k", "C")
        await driver.sees("Decline all 2 untouched ones: I only review")
        await driver.press("3")
        await driver.sees("Decline all 2, for good")
        await driver.paste("no time")
        await driver.press("enter")
        await driver.sees("2 blind spots are declined.", "skipped: no time")
    teaching = Teaching(Project.open(root).teaching_dir, "ann")
    assert [getattr(decision(teaching, spot), "reason", None) for spot in ("B1", "B2", "B3")] == [
        "no time",
        None,
        "no time",
    ]


async def test_a_sealed_answer_titles_its_blind_spot_only_after_the_decision(root: Path) -> None:
    project = Project.open(root)
    llm = Teaching.of(project, "llm-m1")
    Annotator(project, project.discovered(), llm, Teacher("m1", "llm")).describe(
        "B1", "abstraction", "Bitter praise. Nothing good is meant."
    )
    async with opened(root, size=(80, 24)) as driver:
        await driver.sees("B1  negative taken for positive", "quiet, room, experience")
        assert "Bitter" not in driver.text
        me = driver.app.workbench.annotator
        me.decline("B1", "no idea")
        driver.app.changed()
        await driver.sees("Bitter praise.")
        assert "Bitter" in lines(driver, "B1")[0]
        assert "quiet, room" not in lines(driver, "B1")[0]
