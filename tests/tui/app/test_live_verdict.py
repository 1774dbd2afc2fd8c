"""What the model says while one types: of this very text, or marked as older; and edits of rows until it flips."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from engine.child import command
from engine.model.predictions_by_text import keep_predictions
from engine.project import Project
from engine.schema import Sample
from engine.scorer import scorer_client as client
from engine.teaching.records import Teaching
from tests.builders.drafts import read_drafts
from tests.engine.scorer.test_process import is_alive
from tests.terminals import Terminal
from tests.tui.app.opening import Driver, opened
from tests.tui.app.planted_scorer import WORKER
from tests.tui.app.projects import SPOTS, write_project
from tests.waiting import until
from tui.screens.describe_screen import DescribeScreen

ROWS = SPOTS["negative", "positive"]
HAND_IN = "ctrl+j"


pytestmark = pytest.mark.usefixtures("forked_processes")


@pytest.fixture(autouse=True)
def planted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "WORKER", WORKER)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_project(tmp_path / "work", live_verdict=True)


@asynccontextmanager
async def describing(root: Path, *, spot: str = "B1", ascii: bool = False) -> AsyncIterator[Driver]:
    """The form for samples of a blind spot, with a pattern written."""
    async with opened(root, ascii=ascii) as driver:
        await driver.app.go("describe", spot=spot)
        await driver.until(lambda: isinstance(driver.screen, DescribeScreen) and driver.screen.focused is not None)
        if not driver.screen.drafting.patterns:
            await driver.paste("faint praise")
            await driver.press(HAND_IN)
        yield driver


async def shows(driver: Driver, *texts: str) -> None:
    """Wait until all these are on the screen, which is read as one line."""
    await driver.until(lambda: all(text in driver.words for text in texts), seconds=20)


def asked(root: Path) -> str:
    path = root / "asked"
    return path.read_text() if path.exists() else ""


def samples(root: Path) -> list[Sample]:
    return list(Teaching(Project.open(root).teaching_dir, "ann").samples())


async def test_the_verdict_follows_the_text_and_says_whether_it_is_the_label(root: Path) -> None:
    async with describing(root) as driver:
        await shows(driver, "model its verdict shows here as you type; f12 turns that off")
        await driver.type("a lamp")
        await shows(driver, "model positive 0.85 targets")
        await driver.press("ctrl+l")
        assert "model positive 0.85 ✗ not the label targets" in driver.words
        await driver.type(" badly lit")
        await shows(driver, "model negative 0.95 ✓ the label")
        await driver.press("ctrl+l", "ctrl+l")
        assert "model negative 0.95 ✗ not the label, a UU targets" in driver.words
        await driver.press("ctrl+l", HAND_IN)
        await shows(driver, "S1 is written", "model its verdict shows here")


async def test_an_older_verdict_is_marked_and_a_text_that_was_overtaken_is_not_waited_for(root: Path) -> None:
    async with describing(root) as driver:
        await driver.type("bad")
        await shows(driver, "model negative 0.95 targets")
        await driver.press("ctrl+l")
        await driver.paste(" wait")
        assert "model… negative 0.95… targets" in driver.words
        await driver.paste(", long")
        await driver.paste(" and longer")
        (root / "go").touch()
        await shows(driver, "model negative 0.95 ✓ the label")
        assert "typed: bad wait, long and longer | None\n" in asked(root)
        await driver.press(*["backspace"] * 11)
        await shows(driver, "model negative 0.95 ✓ the label")


async def test_patterns_get_no_verdict_and_start_asks_for_no_key(root: Path) -> None:
    async with opened(root) as driver:
        assert driver.app.live_verdict.pid is None
        await driver.app.go("describe", spot="B1")
        await driver.until(lambda: driver.app.live_verdict.is_ready)
        await driver.paste("a bad pattern")
        assert "model" not in driver.screen.form.text.text
        assert "negative 0.95" not in driver.words
        assert asked(root) == ""


async def test_a_pair_is_judged_when_both_texts_are_there(tmp_path: Path) -> None:
    root = write_project(tmp_path / "work", pairs=True, live_verdict=True)
    async with describing(root) as driver:
        await driver.paste("She gave.")
        await driver.press("tab")
        await driver.paste("A bad gift.")
        await shows(driver, "model negative 0.95")
        assert asked(root) == "typed: She gave. | A bad gift.\n"


async def test_a_scorer_that_dies_says_so_and_comes_back_with_the_next_text(root: Path) -> None:
    async with describing(root) as driver:
        await driver.paste("die")
        await shows(driver, "! The scorer was ended by SIGKILL; the next text starts it again.")
        await driver.press("backspace")
        await shows(driver, "model positive 0.85")


async def test_a_text_that_ends_the_scorer_is_not_asked_again_though_it_was_asked_before_the_model_was_there(
    root: Path,
) -> None:
    (root / "hold").touch()
    async with describing(root) as driver:
        await driver.paste("die")
        (root / "hold").unlink()
        await shows(driver, "! The scorer was ended by SIGKILL; the next text starts it again.")
        await driver.press("backspace")
        await shows(driver, "model positive 0.85")
        assert asked(root) == "typed: die | None\ntyped: di | None\n"


async def test_verdicts_are_hidden_by_a_key_for_good_until_it_is_pressed_again(root: Path) -> None:
    async with describing(root) as driver:
        await driver.type("bad")
        await shows(driver, "negative 0.95")
        pid = driver.app.live_verdict.pid
        assert pid is not None
        await driver.press("f12")
        await shows(driver, "The model's verdict is hidden from you.")
        assert "negative 0.95" not in driver.words
        await driver.until(lambda: not is_alive(pid))
        await driver.until(lambda: read_drafts(root / "teaching", "ann").place.get("live_verdict") is False)
    async with describing(root) as driver:
        await driver.type("ly")
        assert driver.app.live_verdict.pid is None
        await driver.press("escape", "V")
        await shows(driver, "The model's verdict shows as you type.", "negative 0.95")


async def test_a_project_can_turn_verdicts_off_for_everybody(tmp_path: Path) -> None:
    root = write_project(tmp_path / "work")
    async with describing(root) as driver:
        await driver.type("bad")
        assert "model" not in driver.words.replace(" m1 ", "")
        await driver.press("f12")
        await shows(driver, "! The model's verdict on what is typed is off for everybody: `", "f6: more")
        assert driver.app.messages.last.text.endswith("`live_verdict` in blindspot.toml is false.")
        assert driver.app.live_verdict.pid is None


@pytest.mark.parametrize("ascii", [False, True])
async def test_a_row_is_edited_until_the_verdict_flips_and_handed_in_as_a_counter(root: Path, ascii: bool) -> None:
    arrow, cross, check = ("->", "x", "+") if ascii else ("→", "✗", "✓")
    async with describing(root, ascii=ascii) as driver:
        await driver.press("pagedown", "pagedown", "pagedown", "pagedown", "ctrl+f")
        await shows(driver, f"Edit of row 5 (negative) counter label neutral (ctrl+l) for P1 (ctrl+n) {ROWS[4]}")
        await shows(driver, f"row 5 negative 0.95 {arrow} negative 0.95 not flipped {cross} not the label, a UU")
        assert "No word is changed yet." in driver.words
        await driver.press("ctrl+l")
        assert "label positive" in driver.words, "never the label of the row"
        await driver.press("home", *["ctrl+right"] * 2, *["delete"] * 12)
        await shows(driver, f"row 5 negative 0.95 {arrow} positive 0.85 flipped {check} the label")
        assert "2 words changed: - nothing bad" in driver.words
        await driver.press("ctrl+l")
        assert f"flipped {cross} not the label targets" not in driver.words
        await driver.press(HAND_IN)
        await shows(driver, "S1 is written: counter,")
        assert "New sample" in driver.words
    (sample,) = samples(root)
    assert (sample.role, sample.pattern) == ("counter", "P1@ann")
    assert sample.label != "negative"
    assert "bad" not in sample.text


async def test_a_sample_is_edited_too_and_each_edit_is_kept_for_itself(root: Path) -> None:
    folder = root / "teaching"
    async with describing(root) as driver:
        await driver.paste("The lamp was bad.")
        await driver.press("ctrl+l", HAND_IN)
        await driver.paste("half a sample")
        await driver.press("ctrl+f")
        await driver.paste(" First.")
        await driver.press("escape", "j", "ctrl+f")
        assert "Edit of S1 (negative) counter label neutral" in driver.words
        await driver.paste(" Second.")
        await shows(driver, "S1 negative 0.95 → negative 0.95 not flipped", "1 word changed: + Second.")
        assert "(edit not handed in) Well, that was" in driver.words
        await driver.press("ctrl+t")
        assert driver.screen.form.text.text == "half a sample"
        await driver.press("ctrl+f")
        assert driver.screen.form.text.text == f"{ROWS[0]} First."
        await driver.until(lambda: f"{ROWS[0]} First." in read_drafts(folder, "ann").fields.values())

        def where() -> tuple[str, str]:
            place = read_drafts(folder, "ann").place["screens"][-1]["place"]
            return place["slot"], place["focus"]

        await driver.until(lambda: where() == ("edit:pool-10", "text"))
    async with opened(root) as driver:
        await driver.until(lambda: isinstance(driver.screen, DescribeScreen))
        await shows(driver, "Edit of row 1 (negative)", "1 word changed: + First")
        assert driver.screen.form.text.text == f"{ROWS[0]} First."
        await driver.until(lambda: driver.screen.focused is driver.screen.form.text)
        await driver.press("escape", "g", "j", "ctrl+f")
        assert driver.screen.form.text.text == "The lamp was bad. Second."
        await driver.press("escape", "escape")
        await shows(driver, "Blind spots 3")


async def test_keys_that_do_nothing_to_an_edit_say_why(root: Path) -> None:
    async with describing(root) as driver:
        await driver.press("escape", "ctrl+f")
        await shows(driver, "! That is for rows and samples")
        await driver.press("i", "ctrl+f", "ctrl+o")
        await shows(driver, "! An edit is a counter-sample with a text of its own: ctrl+t leaves it.")
        await driver.press(HAND_IN)
        await shows(driver, "! the text equals row")


async def test_both_texts_of_a_pair_are_edited(tmp_path: Path) -> None:
    root = write_project(tmp_path / "work", pairs=True, live_verdict=True)
    async with describing(root) as driver:
        await driver.press("ctrl+f", "end")
        await driver.paste(" Well.")
        await driver.press("tab", "end")
        await driver.paste(" Too bad.")
        await shows(driver, "row 1 positive 0.85 → negative 0.95 flipped", "3 words changed: + Well., + Too bad.")
        assert "targets 0/6" in driver.text
        assert "P1 abstraction" in driver.words, "what is written stays in sight at 80 x 24"


def test_a_real_terminal_is_silent_when_nobody_types_and_the_scorer_ends_with_the_app(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "WORKER", command("engine.scorer.scorer_process"))
    terminal = Terminal(root, env={"HF_HUB_OFFLINE": "1"})
    try:
        terminal.sees("15 UUs")
        terminal.send(b"d")
        terminal.sees("New pattern")
        terminal.send(b"faint praise\n")
        terminal.sees("has not been trained yet")
        (scorer,) = children(terminal.process.pid)
        terminal.quiet(0.5)
        assert terminal.quiet(1) == 0
        terminal.process.kill()
        until(lambda: not is_alive(scorer))
    finally:
        terminal.close()


def children(pid: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == pid:
            found.append(int(path.parent.name))
    return found


async def test_an_anchor_that_the_model_gets_wrong_is_told_also_when_its_verdict_comes_later(root: Path) -> None:
    async with describing(root) as driver:
        await shows(driver, "model its verdict shows here")
        await driver.press("ctrl+o", "ctrl+o")
        assert "anchor" in driver.words
        await driver.paste("The room was bad.")
        await shows(driver, "negative 0.95")
        driver.screen.drafting.set("label.anchor", "positive")
        await driver.press(HAND_IN)
        await shows(driver, "! S1 is an anchor, but the model says negative (0.95), not positive.")
        assert driver.screen.drafting.label == "", "the next anchor may have any label"
        driver.screen.drafting.set("label.anchor", "negative")
        await driver.paste("A fine lamp, wait for it.")
        await driver.press(HAND_IN)
        assert "S2 is written: anchor, negative." in driver.words
        (root / "go").touch()
        await shows(driver, "! S2 is an anchor, but the model says positive (0.85), not negative.")
        driver.screen.drafting.set("label.anchor", "positive")
        await driver.paste("A good bed and a table.")
        await driver.press(HAND_IN)
        await shows(driver, "S3 is written: anchor, positive.")
        await shows(driver, "model its verdict shows here")
        assert "but the model says" not in driver.words


async def test_where_the_model_is_known_by_its_predictions_alone_the_line_says_so_and_nothing_is_started(
    root: Path,
) -> None:
    labels = Project.open(root).labels
    keep_predictions(
        root,
        labels,
        np.array([1], np.uint64),
        np.zeros((1, 3), np.float32).__getitem__,
        batch="pool",
        sources=["preds.csv"],
    )
    async with describing(root) as driver:
        await driver.paste("Great.")
        await shows(driver, "model known only by its predictions: it cannot judge new texts")
        await driver.press("f12")
        await shows(driver, "! This project knows the classifier by its predictions alone; for ve")
        assert driver.app.live_verdict.pid is None
        await driver.app.go("retrain")
        await shows(driver, "This project knows the classifier by its predictions alone; for `retrain`")
