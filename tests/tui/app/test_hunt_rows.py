"""Labelling a hunt from the workbench: further rows come by themselves, and what keeps them away is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.hunt.hunt_files import array_path, find_hunt
from engine.teaching.labels import Labels
from engine.teaching.records import Records
from tests.builders.hunt import hunted_project
from tests.tui.app.opening import opened

pytestmark = pytest.mark.usefixtures("forked_processes")


async def test_further_rows_come_while_one_labels(tmp_path: Path) -> None:
    project = hunted_project(tmp_path)
    async with opened(project.root, annotator="ann") as driver:
        await driver.press("number_sign")
        await driver.press("home", "enter")
        await driver.sees("work: hunt-1 -> labels of ann", "0 of 60 labelled")
        await driver.press(*"1" * 20)
        await driver.sees("20 of 60 labelled")
        await driver.sees(" was ")  # the next row, without a key
        assert "suspected" not in driver.text
        await driver.press("2")
        await driver.sees("21 of 60 labelled")
        await driver.press("q")
    assert len(Labels(Records(project.teaching_dir)).settled()) == 21
    assert len(find_hunt(project).file.choices) >= 30


async def test_what_keeps_further_rows_away_is_told_and_the_chosen_ones_stay(tmp_path: Path) -> None:
    project = hunted_project(tmp_path)
    array_path(project.root, find_hunt(project).rows.key).write_bytes(b"no array")
    async with opened(project.root, annotator="ann") as driver:
        await driver.press("number_sign")
        await driver.press("home", "enter")
        await driver.sees("No further rows are chosen")
        await driver.press(*"1" * 20)
        await driver.sees("20 of 60 labelled", "All chosen rows are labelled, or in front of others")
        await driver.press("q")
