"""The screen of labels by keys: the overview, and the rows on which people and an LLM differ, one by one."""

from __future__ import annotations

from pathlib import Path

from engine.project import Project
from tests.builders.labels import ANN, GPT, by_llm, by_person, write_labels
from tests.builders.stream import stream_project
from tests.tui.app.opening import opened
from tests.tui.app.projects import write_project


async def test_overview_then_disagreements_one_by_one_and_back(tmp_path: Path) -> None:
    project = Project.open(write_project(tmp_path / "work"))
    rows = [row.id for row in project.examples("pool")][:6]
    one, other = project.labels[:2]
    write_labels(project, GPT, [by_llm(row, one) for row in rows])
    write_labels(project, ANN, [by_person(row, other if row in rows[:2] else one) for row in rows[:4]])
    async with opened(project.root) as driver:
        await driver.press("%")
        await driver.sees("pool rows have a label from people", "Who has labelled rows of the pool", "llm-gpt")
        assert all(len(line) <= 80 for line in driver.text.splitlines())
        await driver.press("n")
        await driver.sees("1 of 2 rows on which people and gpt differ", f"people: {other}   LLM: {one}, sure")
        await driver.press("n")
        await driver.sees("2 of 2 rows on which")
        await driver.press("n")
        await driver.sees("That was the last row on which they differ")
        await driver.press("[", "[")
        await driver.sees("pool rows have a label from people")
        await driver.press("[")
        await driver.sees("This is the overview; n reads the first row")
        await driver.press("q")
        await driver.until(lambda: driver.screen.NAME == "spots")


async def test_without_labels_it_says_how_to_begin(tmp_path: Path) -> None:
    async with opened(write_project(tmp_path / "work")) as driver:
        await driver.press("%")
        await driver.sees("No labels yet", "Every pool row came with a label")
    async with opened(stream_project(tmp_path / "stream").root) as driver:
        await driver.press("%")
        await driver.sees("No labels yet", "# goes to labelling")
