"""Rows that a pattern finds, by keys: the search, what the LLM says, the queue, and labelling them blind."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.label_queue.queue_files import queues
from engine.progress import Silent
from engine.project import Project
from engine.schema import Pattern
from engine.teaching.found_rows import keep_found
from engine.teaching.labels import Labels
from engine.teaching.records import Records, Teaching
from engine.teaching.row_search import find_rows
from tests.engine.llm.judges import asking, says
from tests.engine.llm.server import LlmServer
from tests.engine.teaching.found import BITTER, PLAIN, search_project, write_sample
from tests.engine.teaching.tested_patterns import MODEL, WORDING, decide, write
from tests.tui.app.opening import opened
from tui.screens.found_rows_screen import FoundRowsScreen


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return search_project(tmp_path / "work")


def search(project: Project, pattern: Pattern, *, applies: tuple[str, ...] = ()) -> None:
    """What the job leaves behind."""
    records = Records(project.teaching_dir)
    found = find_rows(project, project.discovered(), records, author="ann", pattern=pattern, count=50, monitor=Silent())
    rows = tuple(replace(row, applies=row.id in applies) for row in found.rows) if applies else found.rows
    keep_found(project, replace(found, rows=rows, judge=MODEL if applies else None))


@pytest.mark.usefixtures("in_process_jobs")
async def test_a_key_searches_asks_and_leads_to_labelling_what_applies(project: Project) -> None:
    pattern = write(project, "ann")
    write_sample(project, "ann", BITTER["w2"], pattern=pattern.id)
    with LlmServer(says("Thanks")) as server:
        asking(project, server)
        async with opened(project.root, size=(80, 24)) as driver:
            await driver.app.go("describe", spot="B1")
            await driver.until(lambda: driver.screen.NAME == "describe" and driver.screen.built)
            await driver.press("escape", "g", "asterisk")
            await driver.until(lambda: isinstance(driver.screen, FoundRowsScreen))
            await driver.sees("P1@ann", "abstraction of B1", WORDING, "7 of 7 rows without a label", "near pattern")
            assert not any(word in driver.text for word in ("negative", "positive", "0.95"))
            await driver.press("L")
            await driver.sees("it applies to 2 of 7", "applies", "not", "asked: m1")
            await driver.press("number_sign")
            await driver.sees("work: pattern-1 -> labels of ann", "0 of 2 labelled", "1 negative", "Thanks")
            assert "found by" not in driver.text
            await driver.press("1", "1", "q")
            await driver.sees("2 rows of pattern-1 have your label.", "2 labelled since")
            await driver.press("number_sign")
            await driver.sees("each of these rows has a label")
            await driver.press("q")
            await driver.until(lambda: driver.screen.NAME == "describe")
    (queue,) = queues(project)
    assert {one.row for one in queue.choices} == {"w0", "w1"}
    assert Labels(Records(project.teaching_dir)).settled() == {"w0": "negative", "w1": "negative"}


async def test_what_was_found_is_shown_again_and_is_out_of_date_once_reworded(project: Project) -> None:
    pattern = write(project, "ann")
    search(project, pattern, applies=("w0",))
    async with opened(project.root, size=(80, 24)) as driver:
        await driver.app.go("found", record=pattern.id)
        await driver.sees("it applies to 1 of 7", PLAIN["o1"])
        with Teaching(project.teaching_dir, "ann").store.edit("reword") as edit:
            edit.put("pattern", pattern.id, replace(pattern, text="Praise that is a threat."))
        driver.app.on_app_focus(None)  # type: ignore[arg-type]
        await driver.sees("Praise that is a threat.", "Out of date: P1@ann was reworded since.")
        await driver.press("number_sign")
        await driver.sees("These rows are out of date")
    assert queues(project) == []


async def test_what_is_sealed_has_no_such_screen(project: Project) -> None:
    theirs = write(project, "llm-m1", teacher=MODEL, text="A sealed thought.")
    search(project, theirs)
    async with opened(project.root, size=(80, 24)) as driver:
        await driver.app.go("found", record=theirs.id)
        await driver.sees("there is no pattern")
        assert "sealed thought" not in driver.text
    decide(project, "ann")
    async with opened(project.root, size=(80, 24)) as driver:
        await driver.app.go("pattern_test", pattern=theirs.id)
        await driver.until(lambda: driver.screen.NAME == "pattern_test" and driver.screen.trying)
        await driver.press("asterisk")
        await driver.sees("A sealed thought.", "7 of 7 rows without a label")
