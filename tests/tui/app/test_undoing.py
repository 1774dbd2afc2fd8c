"""`u` takes back the last thing done on the screen in front, and asks before it takes back what was done elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Static

from engine.project import Project
from engine.schema import Sample, Teacher
from engine.teaching.records import Records, Teaching
from engine.teaching.writer import Annotator
from tests.engine.teaching.tested_patterns import decide, pattern_project, write
from tests.tui.app.opening import Driver, opened
from tests.tui.app.projects import write_project
from tests.tui.app.reviews import reviewed
from tests.tui.app.test_describe import describe, write_pattern, write_sample
from tests.tui.app.test_pattern_test import try_out
from tests.tui.app.test_review import answer_all, hand_in, to_kind, to_review
from tui.dialogs.choice_dialog import ChoiceDialog
from tui.screens.evidence_screen import EvidenceScreen
from tui.screens.map_screen import MapScreen
from tui.screens.retrain_screen import RetrainScreen


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_project(tmp_path / "work")


async def evidence(driver: Driver, spot: str) -> None:
    await driver.app.go("evidence", spot=spot)
    await driver.until(lambda: isinstance(driver.screen, EvidenceScreen) and driver.screen.row is not None)


async def asks(driver: Driver, what: str, *, way: str = "undo", here: str = "") -> None:
    """Wait for the question about what was done elsewhere."""
    await driver.until(lambda: isinstance(driver.screen, ChoiceDialog))
    asked = " ".join(str(driver.screen.query_one("#title", Static).content).split())
    assert asked == f"{here or f'There is nothing to {way} on this screen'}. Elsewhere the last was: {what}."
    await driver.sees("take that back" if way == "undo" else "do that again", "leave it")


def marks(root: Path) -> dict[str, str]:
    return {row: found.mark.verdict for row, found in Records(root / "teaching").marks().items()}


def an_old_deletion(root: Path, author: str) -> None:
    """The author has deleted a sample on B2, some time ago."""
    project = Project.open(root)
    discovery = project.discovery()
    assert discovery is not None
    by = Annotator(project, discovery, Teaching(project.teaching_dir, author), Teacher(author, "human"))
    spot = discovery.spot("B2")
    assert spot is not None
    made = by.write_sample("B2", text="A kettle hums.", label=spot.gold, role="target")
    by.delete(made.id)


def samples(root: Path) -> list[str]:
    return [one.text for _, one in Records(root / "teaching").by_author("sample") if isinstance(one, Sample)]


async def test_in_the_review_it_is_the_answer_just_given_also_on_another_item(tmp_path: Path) -> None:
    root = reviewed(tmp_path / "work")
    an_old_deletion(root, "rev")
    before = samples(root)
    async with opened(root, annotator="rev") as driver:
        await to_review(driver)
        await to_kind(driver, "abstraction")
        abstraction = driver.screen.entry.id
        await driver.press("plus", "y", "n")
        await to_kind(driver, "anchors")
        await driver.press("a", "less_than_sign")
        draft = driver.screen.draft
        assert (draft.answer("left", 0, "verdict"), draft.preference) == ("accept", "left")
        await driver.press("u")
        await driver.sees("Undone: which side is better.")
        await driver.press("u")
        await driver.sees("Undone: accept the sample.")
        assert driver.screen.draft.given == {}
        await driver.press("u")
        await driver.sees("Undone: precise: no.")
        assert driver.screen.entry.id == abstraction
        assert driver.screen.draft.given == {"left.0.fits": "yes"}
        await driver.press("ctrl+r")
        await driver.sees("Done again: precise: no.")
        await driver.press("u", "u")
        assert driver.screen.draft.given == {}
        assert samples(root) == before, "the old annotation is as it was"
        await driver.press("u")
        await asks(driver, "delete sample S1@rev (B2)")
        await driver.press("enter")
        assert samples(root) == before
        await driver.press("u", "1")
        await driver.sees("Undone: delete sample S1@rev.")
    assert sorted(samples(root)) == sorted([*before, "A kettle hums."])


async def test_a_correction_is_taken_back_with_what_was_typed_and_a_judgement_never(tmp_path: Path) -> None:
    root = reviewed(tmp_path / "work")
    async with opened(root, annotator="rev") as driver:
        await to_review(driver)
        await to_kind(driver, "anchors")
        await driver.press("e")
        await driver.paste(" Indeed.")
        await driver.press("ctrl+j")
        assert driver.screen.draft.answer("left", 0, "verdict") == "fix"
        await driver.press("u")
        await driver.sees("Undone: fix the sample.")
        assert driver.screen.draft.answer("left", 0, "verdict") == ""
        assert driver.screen.draft.typed("left", 0)["text"].endswith(" Indeed."), "nothing typed is lost"
        await answer_all(driver, "E")
        await hand_in(driver)
        await driver.press("u")
        await driver.sees("There is nothing to undo.")
        assert driver.screen.draft.is_final


async def test_in_the_evidence_it_is_the_last_mark_on_this_blind_spot_whatever_came_after_it(root: Path) -> None:
    async with opened(root) as driver:
        await evidence(driver, "B1")
        row = driver.screen.row.prediction.id
        await driver.press("f", "a")
        await evidence(driver, "B2")
        other = driver.screen.row.prediction.id
        await driver.press("f")
        await describe(driver)
        await write_pattern(driver, "faint praise")
        await evidence(driver, "B1")
        await driver.press("u")
        await driver.sees(f"Undone: mark row {row} as ambiguous.")
        assert marks(root) == {row: "fine", other: "fine"}
        await driver.press("u")
        assert marks(root) == {other: "fine"}
        await driver.press("u")
        await asks(driver, "describe abstraction of B1")
        await driver.press("escape")
        await driver.press("ctrl+r")
        await driver.sees(f"Done again: mark row {row} as fine.")
        await evidence(driver, "B3")
        await driver.press("ctrl+r")
        await asks(driver, f"mark row {row} as ambiguous", way="redo")
    assert [pattern.text for pattern in Records(root / "teaching").patterns()] == ["faint praise"]


async def test_in_the_form_it_is_the_last_record_of_this_blind_spot(root: Path) -> None:
    async with opened(root, size=(120, 36)) as driver:
        await describe(driver, "B1")
        await write_pattern(driver, "faint praise")
        await write_sample(driver, "There was a lamp.", choose_label=1)
        await describe(driver, "B2")
        await write_pattern(driver, "loud complaint")
        await driver.press("q")
        await describe(driver, "B1")
        await driver.press("escape", "u")
        await driver.sees("Undone: write target sample of B1.")
        await driver.press("u")
        await driver.sees("Undone: describe abstraction of B1.")
        await driver.press("u")
        await asks(driver, "describe abstraction of B2")
        await driver.press("2")
    assert [pattern.text for pattern in Records(root / "teaching").patterns()] == ["loud complaint"]


async def test_where_the_last_record_is_frozen_it_says_so_and_asks_about_what_is_not(root: Path) -> None:
    async with opened(root, size=(120, 36)) as driver:
        await evidence(driver, "B1")
        row = driver.screen.row.prediction.id
        await driver.press("f")
        await describe(driver, "B1")
        await write_pattern(driver, "faint praise")
        await driver.press("escape", "C", "2")
        await driver.sees("B1 is committed.")
        await driver.press("u")
        await asks(driver, f"mark row {row} as fine", here="B1 is committed: what was handed in stays")
        await driver.press("1")
        await driver.sees(f"Undone: mark row {row} as fine.")
    assert marks(root) == {}
    assert [pattern.text for pattern in Records(root / "teaching").patterns()] == ["faint praise"]


async def test_on_screens_where_nothing_is_written_it_always_asks(root: Path) -> None:
    async with opened(root) as driver:
        await evidence(driver, "B1")
        row = driver.screen.row.prediction.id
        await driver.press("f", "q")
        bottom = driver.screen
        for key in ("m", "H", "p", "dollar_sign", "equals_sign"):
            await driver.press(key)
            await driver.until(lambda: driver.screen is not bottom and driver.screen.built)
            await driver.press("u")
            await asks(driver, f"mark row {row} as fine")
            await driver.press("2")
            assert marks(root) == {row: "fine"}
            await driver.press("q")
            await driver.until(lambda: driver.screen is bottom)


async def test_on_the_list_it_is_done_and_skipped_and_asks_for_the_rest(root: Path) -> None:
    async with opened(root) as driver:
        await driver.press("c")
        await evidence(driver, "B1")
        row = driver.screen.row.prediction.id
        await driver.press("f", "q")
        await driver.press("u")
        await driver.sees("Undone: call B1 done.")
        await driver.press("u")
        await asks(driver, f"mark row {row} as fine")
        await driver.press("1")
        await driver.sees("Undone: mark row")
    assert marks(root) == {}


async def test_in_a_pattern_test_it_is_the_answer_just_given(tmp_path: Path) -> None:
    project = pattern_project(tmp_path / "work")
    write(project, "ann")
    decide(project, "ann")
    async with opened(project.root) as driver:
        await try_out(driver)
        await driver.press("y", "n")
        assert "2 of 4 judged" in driver.words
        await driver.press("u")
        await driver.sees("Undone: row 2: does not apply.", "1 of 4 judged")
        assert driver.screen.rows.cursor == 1
        await driver.press("u")
        await driver.sees("0 of 4 judged")
        await driver.press("ctrl+r")
        await driver.sees("Done again: row 1: applies.", "1 of 4 judged")


async def test_in_retrain_it_is_the_last_tick(root: Path) -> None:
    async with opened(root) as driver:
        await evidence(driver, "B1")
        await driver.press("f", "q", "r")
        await driver.until(lambda: isinstance(driver.screen, RetrainScreen) and driver.screen.focused is not None)

        def ticks() -> list[bool]:
            return ["[x]" in line for line in driver.text.splitlines() if "[x]" in line or "[ ]" in line]

        before = ticks()
        await driver.press("space", "j", "space")
        ticked = ticks()
        assert ticked != before
        await driver.press("u", "u")
        await driver.until(lambda: ticks() == before)
        assert len(marks(root)) == 1
        await driver.press("ctrl+r", "ctrl+r")
        await driver.until(lambda: ticks() == ticked)


async def test_the_map_says_what_is_to_be_undone_and_where_it_belongs(root: Path) -> None:
    an_old_deletion(root, "ann")
    async with opened(root) as driver:
        await driver.press("m")
        await driver.until(lambda: isinstance(driver.screen, MapScreen))
        await driver.press("u")
        await asks(driver, "delete sample S1@ann (B2)")
