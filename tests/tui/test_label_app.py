"""Labelling by keys: one key a row, nothing in sight but the row, and nothing lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot

from engine.labelling.answers import GUESS, LIKELY, SURE
from engine.labelling.label_file import LabelFile
from engine.labelling.session import LabelSession
from engine.labelling.texts import TextRow
from tui.label_app import LabelApp
from tui.screens.label_screen import LabelScreen
from tui.widgets.line import Line
from tui.widgets.text_pane import TextPane

LABELS = [f"label {letter}" for letter in "abcdefghijklm"]
ROWS = [TextRow(str(number), f"This is row {number}.") for number in range(8)]
SIZE = (80, 24)


@pytest.fixture
def file(tmp_path: Path) -> Iterator[LabelFile]:
    with LabelFile(tmp_path / "out.csv") as made:
        yield made


def app(file: LabelFile, rows: list[TextRow] = ROWS, labels: list[str] = LABELS, **values: str) -> LabelApp:
    session = LabelSession.over_file(rows, labels, file, "ada")
    return LabelApp(LabelScreen(session, source="texts.csv", out="out.csv", **values))


def row(pilot: Pilot[None]) -> str:
    return pilot.app.screen_stack[1].query_one("#row", TextPane).text.strip()


def said(pilot: Pilot[None]) -> str:
    line = pilot.app.screen_stack[1].query_one("#said", Line).render()
    return line.plain


async def test_a_key_saves_its_label_and_shows_the_next_row(file: LabelFile) -> None:
    async with app(file).run_test(size=SIZE) as pilot:
        assert row(pilot) == "This is row 0."
        await pilot.press("1", "0", "exclamation_mark", "c", "2", "c", "c", "3", "3", "x")
        given = [(one.label, one.certainty) for one in file.labels.values()]
        assert given == [
            ("label a", SURE),
            ("label j", SURE),
            ("label a", LIKELY),
            ("label b", LIKELY),
            ("label c", GUESS),
            ("label c", SURE),
            ("", 0),
        ]
        assert row(pilot) == "This is row 7."
        await pilot.press("1")
        assert "All rows are labelled" in row(pilot)
        await pilot.press("1", "u")
        assert row(pilot) == "This is row 7."


async def test_more_labels_than_keys_are_found_by_a_part_of_their_name_the_last_ones_first(file: LabelFile) -> None:
    async with app(file).run_test(size=SIZE) as pilot:
        await pilot.press("slash", *"el k", "enter")
        assert file.labels["0"].label == "label k"
        await pilot.press("slash", "enter")  # the one given last is under the cursor
        assert file.labels["1"].label == "label k"
        await pilot.press("slash", "escape")
        assert row(pilot) == "This is row 2."


async def test_skip_undo_back_and_note(file: LabelFile) -> None:
    async with app(file).run_test(size=SIZE) as pilot:
        await pilot.press("space", "1")
        assert list(file.labels) == ["1"]
        await pilot.press("m", *"odd", "enter")
        assert "note: odd" in row(pilot)
        await pilot.press("2", "b")
        assert "You said: label b" in said(pilot)
        assert file.labels["2"].note == "odd"
        await pilot.press("3", "u", "u", "u", "u")
        assert file.labels == {}
        assert "nothing to take back" in said(pilot)


async def test_the_guideline_comes_before_the_first_row_and_with_its_key(file: LabelFile) -> None:
    async with app(file, guideline="# Guideline\n\na is for apples").run_test(size=SIZE) as pilot:
        for _ in range(2):
            await pilot.pause()
            assert "a is for apples" in pilot.app.screen.query_one(TextPane).text
            await pilot.press("1", "escape")
            assert file.labels == {}
            await pilot.press("g")


async def test_pairs_show_what_differs_and_hostile_texts_stay_texts(file: LabelFile) -> None:
    rows = [TextRow("a", "A man plays.", "A woman plays."), TextRow("b", "x\x1b[31mred\u202e")]
    async with app(file, rows).run_test(size=SIZE) as pilot:
        pane = pilot.app.screen_stack[1].query_one("#row", TextPane)
        assert "A man plays." in pane.text
        assert "A woman plays." in pane.text
        await pilot.press("1")
        assert pane.text.strip() == r"x\x1b[31mred\u202e"


async def test_what_cannot_be_saved_is_told_and_the_row_stays(file: LabelFile, tmp_path: Path) -> None:
    async with app(file).run_test(size=SIZE) as pilot:
        (tmp_path / "out.csv").mkdir()
        await pilot.press("1")
        assert "cannot be written" in said(pilot)
        assert row(pilot) == "This is row 0."
        (tmp_path / "out.csv").rmdir()
        await pilot.press("1")
        assert row(pilot) == "This is row 1."


async def test_few_labels_leave_unused_keys_alone(file: LabelFile) -> None:
    async with app(file, labels=["yes", "no"]).run_test(size=(46, 20)) as pilot:
        await pilot.press("3")
        assert "There is no label 3." in said(pilot)
        for key, word in (("escape", "esc"), ("z", "z")):
            await pilot.press(key)
            assert said(pilot) == f"{word} does nothing here: ? explains the keys."
        keys = pilot.app.screen_stack[1].query_one("#keys", Line).render()
        assert keys.plain == "1-2 label  space skip  ? keys  q leave"  # those that have room
        assert file.labels == {}


async def test_a_note_without_a_label_is_told_of_before_it_goes(file: LabelFile) -> None:
    async with app(file).run_test(size=SIZE) as pilot:
        await pilot.press("m", *"odd", "enter", "q")
        assert "A note is on a row without a label" in said(pilot)
        assert pilot.app.is_running
        await pilot.press("q")
    assert pilot.app.return_code == 0
