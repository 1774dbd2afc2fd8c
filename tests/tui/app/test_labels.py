"""Choosing a label where there are many: by a part of it, by moving, and with a sign of how many more there are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.files import write_json
from engine.project import Project
from engine.settings import read_settings, write_settings
from engine.teaching.records import Teaching
from tests.tui.app.opening import Driver, opened
from tests.tui.app.projects import write_project
from tui.dialogs.choice_dialog import ChoiceDialog, matching

OTHERS = tuple(f"topic {number:02}" for number in range(17))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with twenty labels."""
    root = write_project(tmp_path / "work")
    settings = read_settings(root / "blindspot.toml")
    labels = (*settings.task.labels, *OTHERS)
    write_settings(root / "blindspot.toml", replace(settings, task=replace(settings.task, labels=labels)))
    found = Project.open(root).discovered()
    predictions = {
        name: replace(row, probabilities=(*row.probabilities, *(0.0 for _ in OTHERS)))
        for name, row in found.predictions.items()
    }
    write_json(
        root / "rounds" / "001" / "discovery.json", replace(found, labels=labels, predictions=predictions).as_json()
    )
    return root


async def asked(driver: Driver) -> None:
    await driver.until(lambda: isinstance(driver.screen, ChoiceDialog))
    await driver.until(lambda: driver.app.focused is not None)


async def test_of_many_labels_one_types_a_part(root: Path) -> None:
    async with opened(root) as driver:
        await driver.press("enter")
        await driver.until(lambda: driver.screen.NAME == "evidence")
        await driver.press("w")
        await asked(driver)
        await driver.sees("more below", "enter  choose", "esc  leave")
        await driver.type("tpic 11")
        await driver.sees("▌ topic 11")
        await driver.press("enter")
        await driver.sees("label wrong, right is topic 11")
    assert Teaching(Project.open(root).teaching_dir, "ann").marks()["pool-10"].mark.label == "topic 11"


async def test_a_sample_gets_its_label_from_the_same_dialog(root: Path) -> None:
    async with opened(root) as driver:
        await driver.app.go("describe", spot="B1")
        await driver.until(lambda: driver.app.focused is not None and driver.app.focused.id == "text")
        await driver.press("ctrl+t", "ctrl+l")
        await asked(driver)
        await driver.press("down", "down", "enter")
        await driver.sees("label positive")
        await driver.press("ctrl+l")
        await asked(driver)
        await driver.type("16")
        await driver.press("enter")
        await driver.sees("label topic 16")
        await driver.press("ctrl+l")
        await asked(driver)
        await driver.press("escape")
        await driver.sees("label topic 16")


async def test_what_no_label_is_like_is_said_and_not_taken(root: Path) -> None:
    async with opened(root) as driver:
        await driver.press("enter")
        await driver.until(lambda: driver.screen.NAME == "evidence")
        await driver.press("w")
        await asked(driver)
        await driver.paste("qqqqqq")
        await driver.sees("None of them is like that.")
        await driver.press("enter")
        assert isinstance(driver.screen, ChoiceDialog)


@pytest.mark.parametrize(
    ("typed", "found"),
    [("pin", [2, 0]), ("fee card", [1]), ("spining", [0]), ("", [0, 1, 2]), ("zzzz", [])],
)
def test_parts_and_typing_errors_find_a_choice(typed: str, found: list[int]) -> None:
    assert matching(["spinning", "card fee", "pin blocked"], typed) == found
