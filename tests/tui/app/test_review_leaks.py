"""What the review must not tell by the way: by colour, by time, by logs."""

from __future__ import annotations

import re
from pathlib import Path

import orjson
import pytest

from engine import jobs
from engine.llm.call_log import CALLS_FILE
from engine.operations.job_records import TeachOptions
from engine.teaching.records import Records
from tests.engine.llm.answers import good_answer
from tests.engine.llm.server import LlmServer
from tests.engine.llm.spots import project_of, set_llm
from tests.tui.app.opening import Driver, opened
from tests.tui.app.reviews import TEXTS, decline, reviewed
from tests.waiting import until
from tui.screens.review_screen import ReviewScreen

REVIEWERS = ("rev", *(f"r{number}" for number in range(2, 25)))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return reviewed(tmp_path / "work")


async def to_item(driver: Driver, kind: str) -> None:
    await driver.press("v")
    await driver.until(lambda: isinstance(driver.screen, ReviewScreen) and driver.screen.entry is not None)
    while driver.screen.entry.kind != kind:
        await driver.press("right_square_bracket")
    await driver.pilot.pause()


def painted(driver: Driver, text: str) -> set[str]:
    """The styles in which a text stands on the screen."""
    found = set()
    for strip in driver.app.screen._compositor.render_strips():
        line = "".join(segment.text for segment in strip)
        if text in line:
            at, end, place = line.index(text), line.index(text) + len(text), 0
            for segment in strip:
                if place < end and place + len(segment.text) > at:
                    found.add(str(segment.style))
                place += len(segment.text)
    assert found, f"{text!r} is not on the screen:\n{driver.text}"
    return found


async def test_no_colour_goes_with_a_source(root: Path) -> None:
    """Each teacher's anchors are painted alike on the left and on the right, whoever wrote them."""
    seen: dict[tuple[str, bool], set[str]] = {}
    for reviewer in REVIEWERS:
        if reviewer != "rev":
            decline(root, reviewer, "B1")
        async with opened(root, annotator=reviewer, size=(120, 40)) as driver:
            await to_item(driver, "anchors")
            left = {sample.text for sample in driver.screen.queue.review.item(driver.screen.entry.id).left.samples}
            # the cursor stands on the first row of the left side and has a colour of its own
            for name in ("ann", "m1"):
                text = max(TEXTS[name]["anchor"], key=lambda text: driver.text.find(text))
                seen.setdefault((name, text in left), set()).update(painted(driver, text))
        if len(seen) == 4:
            break
    assert len(seen) == 4, "all reviewers have the same sides: once in 8 million keys"
    assert seen["ann", True] == seen["m1", True]
    assert seen["ann", False] == seen["m1", False]


async def test_no_time_goes_with_a_source(root: Path) -> None:
    """Neither the screen nor the items say when anything was written."""
    async with opened(root, annotator="rev", size=(120, 40)) as driver:
        await to_item(driver, "abstraction")
        assert not re.search(r"\d\d?:\d\d|20\d\d-\d\d|ago\b", driver.text)
    lines = [orjson.loads(line) for line in (root / "review" / "items.jsonl").read_bytes().splitlines()]
    assert not [key for key in _keys(lines) if re.search(r"time|date|created|second", key)]


def _keys(value: object) -> list[str]:
    if isinstance(value, dict):
        return [*value, *(key for inner in value.values() for key in _keys(inner))]
    return [key for inner in value for key in _keys(inner)] if isinstance(value, list) else []


def test_no_log_of_a_job_tells_what_an_llm_wrote(tmp_path: Path) -> None:
    project = project_of(tmp_path / "work", 3)
    with LlmServer(good_answer) as server:
        set_llm(project, base_url=server.base_url, model="m1")
        job = jobs.start(project.root, TeachOptions())
        until(lambda: jobs.find_job(project.root, job).state == "done", seconds=60)
    records = Records(project.teaching_dir)
    written = [record.text for record in (*records.patterns(), *records.samples())]
    assert len(written) > 30
    told = "".join(path.read_text() for path in (project.jobs_dir / job).iterdir() if path.is_file())
    assert (project.llm_dir / CALLS_FILE).is_file()
    assert not [text for text in written if text in told]
