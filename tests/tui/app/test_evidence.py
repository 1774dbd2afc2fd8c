"""Evidence: rows in full and safe to print, pairs with their difference, marks that count at once and can be undone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.project import Project
from engine.schema import Perturbation
from engine.teaching.records import Teaching
from tests.tui.app.opening import Driver, opened
from tests.tui.app.projects import write_discovery, write_project
from tui.screens.evidence_screen import EvidenceScreen

SIZES = [(80, 24), (120, 40)]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_project(tmp_path / "work")


async def read(driver: Driver, *keys: str) -> None:
    """Go to a blind spot by keys and open it."""
    await driver.press(*keys, "enter")
    await driver.until(lambda: isinstance(driver.screen, EvidenceScreen))


async def decline(driver: Driver) -> None:
    """See what is held back."""
    await driver.press("C", "2")
    await driver.paste("no idea")
    await driver.press("enter")
    await driver.sees("B1 is declined.")


def listed(driver: Driver) -> str:
    """What the list shows, as one line."""
    rows = driver.screen.rows
    return " ".join(" ".join(rows.render_line(y).text for y in range(rows.size.height)).split())


def mark_of(root: Path, row: str) -> tuple[str, str | None] | None:
    """The mark as a fresh process reads it from the disk."""
    found = Teaching(Project.open(root).teaching_dir, "ann").marks().get(row)
    return (found.mark.verdict, found.mark.label) if found else None


@pytest.mark.parametrize("size", SIZES)
async def test_every_row_is_shown_in_full_and_nothing_in_it_steers_the_terminal(
    root: Path, size: tuple[int, int]
) -> None:
    async with opened(root, size=size) as driver:
        await read(driver)
        await decline(driver)
        seen = listed(driver)
        for _ in range(20):
            await driver.press("j")
            seen += listed(driver)
        assert r"Tab\there, bell\x07 and \x1b[31mred\x1b[0m [bold]not markup[/bold]" in seen
        assert r"\u202eabc" in seen
        assert "to be paid." in seen  # the end of a row taller than its window
        assert "\x1b" not in seen


async def test_cjk_and_emoji_stay_inside_their_column(root: Path) -> None:
    async with opened(root) as driver:
        await read(driver)
        rows = driver.screen.rows
        widths = {rows.render_line(y).cell_length for y in range(rows.size.height)}
        assert widths == {rows.size.width}


@pytest.mark.parametrize("size", SIZES)
async def test_the_details_show_what_the_model_says_and_what_it_gets_right(root: Path, size: tuple[int, int]) -> None:
    async with opened(root, size=size) as driver:
        await read(driver)
        await driver.sees("0.99  model says", "gold", "row pool-10", "Nearest rows that the model gets right")
        assert "Plainly negative: number 0." in driver.words
        assert "below" not in driver.words
        await driver.press("j")
        await driver.sees("row pool-11", "0.98  model says")
        if size[0] >= 100:
            await driver.pilot.resize_terminal(size[0], 9)
            await driver.sees("2 more below")


async def test_a_wrong_label_asks_for_the_right_one_and_leaves_the_counts(root: Path) -> None:
    async with opened(root) as driver:
        await read(driver)
        assert "15 UUs" in driver.text
        await driver.press("w")
        await driver.sees("Gold says negative. Which label is right?", "1  neutral", "2  positive")
        await driver.press("1")
        await driver.sees("14 UUs", "5 rows, 5 of 6 UUs left, 1 held back", "right is neutral")
        assert mark_of(root, "pool-10") == ("label wrong", "neutral")
        await driver.press("q")
        await driver.sees("B1    5/6")


async def test_ambiguous_rows_leave_the_count_and_fine_rows_stay(root: Path) -> None:
    async with opened(root) as driver:
        await read(driver)
        await driver.press("a", "j", "f")
        await driver.sees("14 UUs", "marked fine, by ann", "Row pool-11: fine.")
        await driver.press("k", "backspace")
        await driver.sees("15 UUs", "Row pool-10 has no mark of yours any more.")
        await driver.press("backspace")
        await driver.sees("This row has no mark.")


async def test_undo_says_what_it_took_back_and_goes_back_beyond_a_restart(root: Path) -> None:
    async with opened(root) as driver:
        await read(driver)
        await driver.press("a", "j", "a")
        await driver.sees("13 UUs")
    async with opened(root) as driver:
        await driver.sees("q back")
        await driver.press("u")
        await driver.sees("14 UUs", "Undone: mark row pool-11 as ambiguous.")
        await driver.press("u")
        await driver.sees("15 UUs", "Undone: mark row pool-10 as ambiguous.")
        await driver.press("u")
        await driver.sees("There is nothing to undo.")
        await driver.press("ctrl+r")
        await driver.sees("14 UUs", "Done again: mark row pool-10 as ambiguous.")


async def test_next_goes_to_rows_without_a_mark(root: Path) -> None:
    async with opened(root) as driver:
        await read(driver, "j")
        await driver.press("j", "f", "k", "n")
        assert driver.screen.row.prediction.id == "pool-22"
        for _ in range(3):
            await driver.press("f", "n")
        await driver.sees("Every row has a mark")


async def test_the_filter_takes_words_and_marks(root: Path) -> None:
    async with opened(root) as driver:
        await read(driver)
        await driver.press("a", "slash")
        await driver.paste("ambiguous")
        await driver.sees("1 of 5 rows")
        await driver.press("enter", "escape")
        await driver.sees("5 rows, 5 of 6 UUs left, 1 held back")
        await driver.press("slash")
        await driver.type("PARKING")
        await driver.sees("1 of 5 rows", "I have nothing bad to say about the parking.")
        assert driver.screen.row.prediction.id == "pool-14"


async def test_brackets_go_through_the_blind_spots_in_the_order_of_the_list(root: Path) -> None:
    async with opened(root) as driver:
        await read(driver)
        await driver.press("right_square_bracket")
        await driver.sees("B2  positive → negative")
        await driver.press("left_square_bracket")
        await driver.sees("B1  negative → positive")
        await driver.press("left_square_bracket")
        await driver.sees("This is the first one in the list.")
        await driver.press("q")
        assert driver.screen.spot.id == "B1"


async def test_another_annotators_mark_is_shown_and_only_theirs_to_take_off(root: Path) -> None:
    async with opened(root, annotator="bob") as driver:
        await read(driver)
        await driver.press("a")
        await driver.sees("marked ambiguous, by bob")
    async with opened(root) as driver:
        await read(driver)
        await driver.sees("marked ambiguous, by bob")
        await driver.press("backspace")
        await driver.sees("The mark is bob's; a mark of your own wins over it.")
        await driver.press("f")
        await driver.sees("marked fine, by ann", "15 UUs")


async def test_pairs_are_shown_as_pairs_with_their_difference_marked(tmp_path: Path) -> None:
    async with opened(write_project(tmp_path / "pairs", pairs=True)) as driver:
        await read(driver)
        await driver.sees("A A man is eating a red apple.", "B A man is eating a green apple.")
        rows = driver.screen.rows
        changed = [
            s.text for y in (0, 1) for s in rows.render_line(y) if s.style and s.style.underline and s.style.bold
        ]
        assert changed == ["red", "green"]
        await driver.press("w")  # with two labels there is nothing to ask
        await driver.sees("label wrong, right is same")


async def test_without_colours_the_difference_stands_in_brackets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with opened(write_project(tmp_path / "pairs", pairs=True)) as driver:
        await read(driver)
        await driver.sees("A man is eating a [red] apple.", "A man is eating a [green] apple.")


async def test_evidence_of_a_blind_spot_that_is_gone_says_so(root: Path) -> None:
    async with opened(root) as driver:
        await read(driver)
        driver.app.workbench.begin_round()
        driver.app.changed()
        await driver.sees("B1 is not there any more")


async def test_a_row_that_is_held_back_is_counted_and_appears_with_the_decision(root: Path) -> None:
    async with opened(root) as driver:
        await read(driver)
        await driver.sees("5 rows, 1 held back to test patterns")
        assert "The staff did their best" not in "".join(row.prediction.text for row in driver.screen.rows.rows.rows)
        await decline(driver)
        await driver.press("G", "k", "j")
        await driver.sees("6 rows", "0.94 held back", "was held back until your decision")
        await driver.press("C")
        await driver.sees("You have declined for B1: that is final.")


@pytest.mark.parametrize("pairs", [False, True])
@pytest.mark.parametrize("screen", ["evidence", "describe"])
async def test_an_edit_that_the_model_gets_right_stands_beneath_its_row(
    tmp_path: Path, pairs: bool, screen: str
) -> None:
    root = write_project(tmp_path / "work", pairs=pairs)
    texts = (
        ("A man is eating a red pear.", "A man is eating a green\x1b[2J apple.")
        if pairs
        else ("I shall repeat it.", None)
    )
    store = Teaching(root / "teaching", "bob").store
    with store.edit("perturb row pool-10") as edit:
        edit.put("perturbation", "E1@bob", Perturbation("E1@bob", "pool-10", texts[0], "same", 0.93, "m1", texts[1]))
    async with opened(root) as driver:
        await driver.app.go(screen, spot="B1")
        if pairs:
            await driver.sees("same: A A man is eating a red pear.", r"B A man is eating a green\x1b[2J apple.")
        else:
            await driver.sees("same: I shall repeat it.")
        assert "edit" in driver.text


async def test_a_suspect_label_is_flagged_until_somebody_marks_the_row(root: Path) -> None:
    found = Project.open(root).discovered()
    suspect = found.blind_spots[0].rows[1]
    write_discovery(root, replace(found, suspects=(suspect,)))
    async with opened(root) as driver:
        await read(driver)
        assert listed(driver).count("label?") == 1
        await driver.press("slash")
        await driver.paste("label?")
        await driver.press("enter")
        assert len(driver.screen.rows.rows) == 1
        assert "suggest another label" in driver.words
        await driver.press("f")
        await driver.press("escape")
        assert "label?" not in listed(driver)
    assert mark_of(root, suspect) == ("fine", None)


async def test_rows_of_a_megabyte_and_of_20_000_marks_are_bounded_on_every_screen_and_say_so(root: Path) -> None:
    found = Project.open(root).discovery()
    assert found is not None
    known, rows = dict(found.predictions), found.blind_spots[0].rows
    texts = ("x" * 1_000_000, "word and " * 110_000, "a" + "\u0301" * 20_000, "日本" * 400_000)
    for row, text in zip(rows, texts, strict=False):
        known[row] = replace(known[row], text=text)
    write_discovery(root, replace(found, predictions=known))
    async with opened(root) as driver:
        await driver.press("enter")
        await driver.until(lambda: isinstance(driver.screen, EvidenceScreen) and driver.screen.row is not None)
        heights = [driver.screen.rows.rows.height(place, 60) for place in range(4)]
        assert all(height < 300 for height in heights), heights
        painted = [line.plain for place in range(4) for line in driver.screen.rows.rows.lines(place, 60)]
        assert sum("characters more)" in line for line in painted) == 4
        assert max(map(len, painted)) < 600
        await driver.press("f", "j", "f", "d")
        await driver.until(lambda: driver.screen.NAME == "describe")
        await driver.press("escape", "q", "q", "m")
        await driver.until(lambda: driver.screen.NAME == "map")
