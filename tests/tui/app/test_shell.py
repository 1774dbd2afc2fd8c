"""What all screens share: help, commands, colours, the way back, the place after a restart, a light start."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from textual.events import Key, Resize
from textual.geometry import Size

from engine.schema import Drafts
from tests.builders.drafts import read_drafts, write_drafts
from tests.tui.app.opening import Driver, opened
from tests.tui.app.projects import SPOTS, write_project
from tui.app import BlindspotApp
from tui.screens.evidence_screen import EvidenceScreen
from tui.screens.spots_screen import SpotsScreen
from tui.terminal.glyphs import UNICODE
from tui.themes import DARK, INKS, LIGHT, PLAIN
from tui.view_models.header_status import HeaderStatus
from tui.widgets.status_line import status_text


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_project(tmp_path / "work")


async def test_help_lists_the_keys_of_the_focus_with_a_sentence_each_and_why_one_cannot_be_used(root: Path) -> None:
    async with opened(root, size=(80, 90)) as driver:
        await driver.press("question_mark")
        await driver.sees("Keys", "On this screen", "In the list", "All screens", "Everywhere")
        assert "Read the evidence of this blind spot." in driver.words
        assert "Not now: There is nothing to undo." in driver.words
        await driver.press("question_mark", "M")  # the key of a page leaves it, and so does q
        await driver.sees("Nothing has been said yet.")
        await driver.press("M", "enter")
        await driver.until(lambda: isinstance(driver.screen, EvidenceScreen))
        await driver.press("tab", "question_mark")
        await driver.sees("In the text", "Scroll down a line.")
        assert "In the list" not in driver.text
        await driver.press("q")
        await driver.until(lambda: isinstance(driver.screen, EvidenceScreen))


async def test_commands_are_found_by_name_and_only_those_that_can_be_used(root: Path) -> None:
    async with opened(root) as driver:
        await driver.press("colon")
        await driver.sees("Commands", "read")
        assert "undo" not in driver.text
        await driver.paste("ski")
        await driver.press("enter")
        await driver.sees("Skip B1")
        await driver.press("escape", "c", "colon")
        await driver.paste("undo")
        await driver.press("enter")
        await driver.sees("Undone: call B1 done.")


async def test_a_command_that_needs_its_screen_runs_on_it(root: Path) -> None:
    async with opened(root) as driver:
        await driver.press("enter")
        await driver.until(lambda: isinstance(driver.screen, EvidenceScreen))
        await driver.press("ctrl+p")
        await driver.paste("ambig")
        await driver.press("enter")
        await driver.sees("Row pool-10: ambiguous. 14 UUs left.")


async def test_colours_change_by_key_and_are_there_again_after_a_restart(root: Path) -> None:
    async with opened(root) as driver:
        assert driver.app.theme == DARK
        await driver.press("T")
        await driver.sees("Colours: light.")
        strips = driver.screen.rows.render_lines(driver.screen.rows.size.region)
        shown = {style.color for strip in strips for _, style, _ in strip if style}
        assert INKS[LIGHT].muted.color in shown
        assert INKS[DARK].muted.color not in shown
        await driver.press("T")
        await driver.sees("Colours: plain.", "▌")
        assert driver.app.theme == PLAIN
        driver.app.save()
    async with opened(root) as driver:
        await driver.until(lambda: driver.app.theme == PLAIN)
        await driver.press("T", "T")
        await driver.until(lambda: driver.app.theme == LIGHT)


async def test_no_color_paints_without_colours_and_cannot_be_switched(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with opened(root) as driver:
        await driver.press("T")
        await driver.sees("Colours are off because NO_COLOR is set.")
        strips = driver.screen.rows.render_lines(driver.screen.rows.size.region)
        cursor = [segment.style for segment in strips[0] if segment.style]
        assert all(style.reverse for style in cursor)  # the cursor row is told by an attribute, and by its sign
        assert not any(style.color and style.color.triplet for strip in strips for _, style, _ in strip if style)


async def test_the_app_comes_back_to_the_same_screen_row_filter_and_order(root: Path) -> None:
    async with opened(root) as driver:
        await driver.press("o", "j", "enter")
        await driver.until(lambda: isinstance(driver.screen, EvidenceScreen))
        await driver.press("j", "j")
        driver.app.save()
    async with opened(root) as driver:
        await driver.until(lambda: isinstance(driver.screen, EvidenceScreen))
        await driver.until(lambda: driver.screen.row.prediction.id == "pool-22")
        await driver.press("q")
        assert driver.screen.spot.id == "B2"
        assert driver.screen.place().sort == "confidence"


async def test_a_place_that_is_gone_is_left_out_with_a_word(root: Path) -> None:
    async with opened(root) as driver:
        await driver.press("enter")
        await driver.until(lambda: isinstance(driver.screen, EvidenceScreen))
        driver.screen.spot = "B77"
        driver.app.save()
    async with opened(root) as driver:
        await driver.sees("B77 is not there any more")
        assert isinstance(driver.screen, SpotsScreen)


@pytest.mark.parametrize(
    "place",
    [
        {"theme": 7, "live_verdict": "x", "screens": "spots"},
        {"screens": [{"name": "spots"}, {"name": "flips", "arguments": {"spot": "B1"}}]},
        {"screens": [{"name": "spots", "place": {"sort": 7, "spot": []}}, {"name": "map", "place": {"spot": 1}}]},
        {"screens": [{"name": "spots"}, {"name": "retrain", "place": {"choice": "x", "job": 3}}]},
        {"choices": {"retrain": {"seeds": ["x"]}}, "screens": [{"name": "spots"}, {"name": "retrain"}]},
    ],
)
async def test_a_place_of_another_shape_is_passed_over(root: Path, place: dict[str, Any]) -> None:
    write_drafts(root / "teaching", "ann", Drafts({}, place))
    async with opened(root) as driver:
        await driver.until(lambda: driver.screen.built)
        driver.app.save()


async def test_the_place_is_saved_without_being_asked(root: Path) -> None:
    async with opened(root) as driver:
        await driver.press("j")
        await driver.until(lambda: saved_spot(root) == "B2")


def saved_spot(root: Path) -> object:
    """The blind spot under the cursor as the disk has it."""
    screens = read_drafts(root / "teaching", "ann").place.get("screens", [])
    return screens[0]["place"]["spot"] if screens else None


async def test_in_ascii_nothing_beyond_ascii_is_drawn(root: Path) -> None:
    async with opened(root, ascii=True) as driver:
        assert drawn(driver).isascii()
        await driver.press("enter")
        await driver.until(lambda: isinstance(driver.screen, EvidenceScreen))
        await driver.press("G")
        assert drawn(driver).isascii()
        await driver.press("question_mark")
        assert drawn(driver).isascii()


def drawn(driver: Driver) -> str:
    """The screen without the characters of the data, which are shown as they are."""
    data = {character for texts in SPOTS.values() for text in texts for character in text if not character.isascii()}
    return "".join(character for character in driver.text if character not in data)


@pytest.mark.parametrize("size", [(60, 16), (40, 12), (200, 60)])
async def test_other_sizes_work_too(root: Path, size: tuple[int, int]) -> None:
    async with opened(root, size=size) as driver:
        await driver.press("enter")
        await driver.until(lambda: isinstance(driver.screen, EvidenceScreen))
        await driver.press("a", "q", "m", "question_mark", "escape", "q")
        assert max(cell_len(line) for line in driver.text.splitlines()) <= size[0]
        assert "B1" in driver.text


async def test_what_was_said_on_a_screen_is_gone_when_one_comes_back(root: Path) -> None:
    async with opened(root) as driver:
        await driver.press("c")
        await driver.sees("B1 is done.")
        await driver.press("enter")
        await driver.until(lambda: isinstance(driver.screen, EvidenceScreen))
        await driver.press("q")
        assert "B1 is done." not in driver.text


@pytest.mark.parametrize("width", [60, 78, 100, 160])
def test_the_header_keeps_counts_and_job_when_there_is_little_room(width: int) -> None:
    job = "discover embed 45 %, 32 s left"
    status = HeaderStatus("a project with a very long name", 12, "a-model-with-a-long-name", 0.95, 1234, 10, 120, job)
    text = status_text(status, width, INKS[DARK], UNICODE)
    assert text.cell_len <= width
    assert all(part in text.plain for part in ("a proj", "1234 UUs", "10/120 done", "discover embed"))
    assert (job in text.plain) == (width > 60)
    assert ("a-model" in text.plain) == (width == 160)


def test_hardly_anything_of_the_engine_is_imported_before_the_first_paint() -> None:
    code = (
        "import sys, tui.app; print(*sorted(m for m in sys.modules if m.split('.')[0] not in sys.stdlib_module_names))"
    )
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    # The first paint shows the folder's name, which is data and made visible like all else, and keys, of which guests
    # have others. The eight lines that count things come with the sentences of the list.
    light = ["engine.counted", "engine.errors", "engine.guest", "engine.text"]
    assert [name for name in modules if name.startswith("engine.")] == light
    heavy = ("torch", "transformers", "sentence_transformers", "sklearn", "numpy", "tinydb", "tomlkit", "rapidfuzz")
    assert not set(heavy) & {name.partition(".")[0] for name in modules}


def test_an_app_can_be_made_before_there_is_a_terminal(root: Path) -> None:
    app = BlindspotApp(root, "ann")
    assert app.workbench is None
    assert app.status == HeaderStatus("work")


async def test_no_color_changes_nothing_in_the_colours_that_were_chosen(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(root) as driver:
        await driver.press("T")
        await driver.until(lambda: driver.app.theme == LIGHT)
        driver.app.save()
    with monkeypatch.context() as colourless:
        colourless.setenv("NO_COLOR", "1")
        async with opened(root) as driver:
            assert driver.app.theme == PLAIN
            await driver.press("j")
            driver.app.save()
    async with opened(root) as driver:
        await driver.until(lambda: driver.app.theme == LIGHT)


async def test_a_command_is_found_by_other_words_for_it_and_the_palette_says_why_it_cannot_be_used(root: Path) -> None:
    async with opened(root) as driver:
        await driver.press("colon")
        for asked, found in (
            ("theme", "colours"),
            ("report", "proof"),
            ("cost", "costs"),
            ("dark", "colours"),
            ("exit", "leave"),
            ("sort", "order"),
        ):
            await driver.paste(asked)
            await driver.sees(f"▌ {found}")
            await driver.press("ctrl+u")
        await driver.type("redo")
        await driver.sees("not now: There is nothing to redo")
        await driver.type("zzz")
        await driver.sees("No command here is called that.")


async def test_a_message_that_is_cut_names_the_key_that_shows_it_in_full(root: Path) -> None:
    long = "The quick brown fox jumps over the lazy dog, " * 4 + "and that is the end of it."
    async with opened(root) as driver:
        driver.app.say("Short.")
        driver.app.say(long, warning=True)
        await driver.sees("… M: more")
        assert "the end of it" not in driver.text
        await driver.press("M")
        await driver.sees("Messages", "Short.")
        assert f"! {long[:40]}" in driver.words
        assert "and that is the end of it." in driver.words.replace("│ │ ", "")


async def test_what_is_said_is_shown_and_never_obeyed(root: Path) -> None:
    async with opened(root) as driver:
        driver.app.say("row \x1b[31mred\x07 [bold]x[/bold]")
        await driver.sees(r"row \x1b[31mred\x07 [bold]x[/bold]")


async def test_project_and_model_can_be_read_in_full(root: Path) -> None:
    name = "a-model-with-quite-a-long-name-that-no-header-of-80-cells-has-room-for"
    path = root / "rounds" / "001" / "discovery.json"
    path.write_text(path.read_text().replace("baseline-13", name))
    async with opened(root, size=(80, 40)) as driver:
        assert name not in driver.text
        await driver.press("question_mark", "G")
        await driver.sees(name[:60])
        assert name in driver.screen.query_one("TextPane").text.replace("\n", "")
    async with opened(root, size=(160, 30)) as driver:
        assert name in driver.text.splitlines()[0]


async def test_keys_after_the_app_was_told_to_end_do_nothing(root: Path) -> None:
    async with opened(root) as driver:
        app = driver.app
        before = app.workbench.teaching.states()
        for key in ("Q", "d", "c", "enter", "m", "colon", "question_mark", "slash", "x"):
            app.post_message(Key(key, None))
        app.post_message(Resize(Size(60, 20), Size(60, 20)))
        await driver.until(lambda: app.return_code == 0)
        assert app.workbench.teaching.states() == before
        assert [type(screen) for screen in app.screen_stack] in ([SpotsScreen], [])


async def test_a_warning_is_about_one_key_and_goes_with_the_next(root: Path) -> None:
    async with opened(root) as driver:
        await driver.press("u")
        await driver.sees("! There is nothing to undo.")
        await driver.press("j")
        await driver.until(lambda: "nothing to undo" not in driver.text)


async def test_what_a_dialog_refused_goes_with_the_next_letter(root: Path) -> None:
    async with opened(root) as driver:
        await driver.press("s")
        await driver.sees("Skip B1")
        await driver.press("enter")
        await driver.sees("A word at least")
        await driver.press("a")
        await driver.until(lambda: "A word at least" not in driver.text)
