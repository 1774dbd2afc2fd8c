"""The live verdict and minimal edits, with a real scorer process and a tiny model."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.files import write_json
from engine.project import Project
from engine.schema import Sample
from engine.teaching.records import Teaching
from tests.engine.model.conftest import classifier
from tests.tui.app.opening import Driver, opened
from tests.tui.app.projects import PAIRS, SPOTS, write_project
from tests.tui.app.test_describe import HAND_IN, describe, write_pattern

ROWS = SPOTS["negative", "positive"]
SHOWN = "model: "


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project whose current model is a tiny classifier that is always sure of one label or another."""
    return with_model(write_project(tmp_path / "work", live_verdict=True), ("negative", "neutral", "positive"))


def with_model(root: Path, labels: tuple[str, ...]) -> Path:
    classifier(root / "models" / "tiny", labels)
    write_json(root / "rounds" / "001" / "model.json", {"name": "tiny", "path": "models/tiny", "key": "m1"})
    return root


async def verdict(driver: Driver) -> str:
    """What the line says once the model has spoken of the text that is there."""

    def said() -> str | None:
        lines = [line.strip() for line in driver.text.splitlines() if line.strip().startswith(SHOWN)]
        return lines[0] if lines and "..." not in lines[0] and "loaded" not in lines[0] else None

    await driver.until(said)
    return said() or ""


async def new_sample(driver: Driver) -> None:
    await describe(driver)
    await write_pattern(driver, "faint praise")


async def test_the_verdict_on_a_sample_appears_while_it_is_written(root: Path) -> None:
    async with opened(root) as driver:
        await describe(driver)
        assert SHOWN not in driver.text  # a pattern is no text for the model
        await write_pattern(driver, "faint praise")
        assert await verdict(driver) == "model: nothing to judge yet"
        await driver.type("the soup was late")
        first = await verdict(driver)
        label = next(label for label in ("negative", "neutral", "positive") if label in first)
        await driver.press("ctrl+l")
        chosen = driver.screen.drafting.label
        assert (await verdict(driver)).endswith("as its label says" if chosen == label else f"its label says {chosen}")
        await driver.type(" and cold")
        assert "..." in driver.text or await verdict(driver) != first  # never the verdict on an older text


async def test_it_can_be_done_without_and_stays_off(root: Path) -> None:
    async with opened(root) as driver:
        await new_sample(driver)
        await driver.type("warm soup")
        await verdict(driver)
        await driver.press("f12")
        assert "model: off, f12 shows it" in driver.words
        assert driver.app.verdicts._scorer is None
        driver.app.save()
    async with opened(root) as driver:
        await driver.sees("model: off, f12 shows it")
        await driver.press("f12")
        assert "0." in await verdict(driver)


async def test_a_project_may_turn_it_off_for_everybody(tmp_path: Path) -> None:
    async with opened(write_project(tmp_path / "work")) as driver:
        await new_sample(driver)
        await driver.type("warm soup")
        assert "model: off in this project" in driver.words
        await driver.press("f12")
        assert "`teaching.live_verdict` is false in this project" in driver.words


async def test_a_model_that_is_not_there_is_said_in_place(tmp_path: Path) -> None:
    root = write_project(tmp_path / "work", live_verdict=True)
    write_json(root / "rounds" / "001" / "model.json", {"name": "gone", "path": "models/gone", "key": "m1"})
    async with opened(root, size=(120, 36)) as driver:
        await new_sample(driver)
        await driver.type("warm soup")
        await driver.sees("the promoted model is gone")


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_a_minimal_edit_shows_both_verdicts_and_what_was_changed(root: Path, size: tuple[int, int]) -> None:
    async with opened(root, size=size) as driver:
        await new_sample(driver)
        await driver.press("ctrl+p")
        assert driver.screen.form.text.text == ROWS[0]
        assert "counter ctrl+o label none" in driver.words
        await driver.sees("0 words changed")
        assert (await verdict(driver)).startswith("model: row positive 0.99 → ")
        for _ in range(len("repeat.")):
            await driver.press("backspace")
        await driver.type("forget.")
        assert "1 word changed: repeat → forget" in driver.words
        said = await verdict(driver)
        assert ("flipped" in said) and ("not flipped yet" in said) == ("→ positive" in said)
        await driver.press("ctrl+l", HAND_IN)
        assert "is written: counter, negative" in driver.words
        assert "changed" not in driver.words
    (sample,) = Teaching(Project.open(root).teaching_dir, "ann").samples()
    assert isinstance(sample, Sample)
    assert (sample.role, sample.text) == ("counter", ROWS[0].replace("repeat", "forget"))


async def test_an_edit_and_its_row_are_there_again_after_a_kill(root: Path) -> None:
    async with opened(root) as driver:
        await new_sample(driver)
        await driver.press("pagedown", "ctrl+p")
        await driver.type(" Again")
        driver.app.save()
    async with opened(root) as driver:
        await driver.sees("1 word changed: nothing → Again")


async def test_an_edit_never_takes_the_place_of_what_is_being_written(root: Path) -> None:
    async with opened(root) as driver:
        await new_sample(driver)
        await driver.type("half a sample")
        await driver.press("ctrl+p")
        assert "a sample is being written; hand it in or empty its field" in driver.words
        assert driver.screen.form.text.text == "half a sample"


async def test_both_texts_of_a_pair_are_edited(tmp_path: Path) -> None:
    root = with_model(write_project(tmp_path / "work", pairs=True, live_verdict=True), ("same", "different"))
    async with opened(root) as driver:
        await new_sample(driver)
        await driver.press("ctrl+p")
        assert (driver.screen.form.text.text, driver.screen.form.pair.text) == PAIRS["different", "same"][0]
        driver.screen.form.pair.focus()
        await driver.type(" Now")
        assert "1 word changed: nothing → Now" in driver.words
        assert "0." in await verdict(driver)
