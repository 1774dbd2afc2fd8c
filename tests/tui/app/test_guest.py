"""The workbench of a guest in a browser: all that people say of rows, and nothing for the owner of the machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import jobs
from engine.guest import VARIABLE
from engine.teaching.records import Records
from tests.tui.app.opening import opened
from tests.tui.app.projects import write_project


async def test_a_guest_marks_rows_and_is_told_what_is_not_for_guests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "1")
    root = write_project(tmp_path / "work")
    async with opened(root) as driver:
        for key, what in (("D", "Starting a job"), ("L", "Asking an LLM"), ("X", "Stopping a job")):
            await driver.press(key)
            await driver.sees(f"{what} is not for guests; ask whoever gave you the link.")
        await driver.press("question_mark")
        await driver.sees("j k  scroll")
        await driver.press("G")
        await driver.sees("Project: work")
        await driver.press("escape", "r", "S")
        await driver.sees("Starting a job is not for guests")
        await driver.press("p", "P")
        await driver.sees("Promoting a model is not for guests")
        await driver.press("q", "q", "enter")
        await driver.sees("Well, that was certainly an experience")
        await driver.press("a")
        await driver.sees("ambiguous")
    assert len([*Records(root / "teaching").by_author("mark")]) == 1
    assert jobs.jobs(root) == []


async def test_a_guest_is_not_sent_to_keys_that_are_not_for_guests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "1")
    async with opened(write_project(tmp_path / "work", discovered=False)) as driver:
        await driver.sees("No blind spots yet", "Whoever gave you the link has blind spots looked for")
        assert "D discover" not in driver.text
