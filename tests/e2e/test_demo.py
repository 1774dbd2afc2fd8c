"""A newcomer's first minutes with the demo: flagged rows are labelled, and a blind spot appears.

The real encoder groups the rows; what the demo's model says of them is planted, as training it takes a minute.
"""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

import sample_data
from engine import jobs
from engine.label_queue.picked_rows import queue_flagged
from engine.label_queue.project_session import open_session
from engine.operations.job_records import DiscoverOptions, DiscoverResult
from engine.project import Project
from engine.schema import Teacher
from engine.teaching.records import Teaching
from engine.teaching.views import Board
from tests.engine.discovery.world import World
from tests.tui.commands.test_demo import OWN
from tui.commands.demo import make_project

NEW = {f"pool-{number:03}" for number in (33, 83, 84, 114, 154, 165, 185, 196, 472)}
"""Rows of one blind spot of the demo's model, which the demo leaves without labels."""


def as_the_demos_model(monkeypatch: pytest.MonkeyPatch, project: Project) -> None:
    """Rows that were recorded as UUs of the demo's model are UUs, the others are right; the encoder is the real one."""
    lines = (sample_data.FOLDER / "teaching" / "recorded.jsonl").read_bytes().splitlines()
    wrong = NEW | {row for line in lines for row in orjson.loads(line)["rows"]}
    world = World()
    for row in project.examples("pool"):
        is_positive = (OWN[row.id] == "positive") != (row.id in wrong)
        world.logits[row.text] = (0.0, 4.0) if is_positive else (4.0, 0.0)
    for stage, name in (
        ("spot_finding", "predictions"),
        ("pool_scoring", "predictions"),
        ("pipeline", "current_model"),
    ):
        monkeypatch.setattr(f"engine.discovery.{stage}.{name}", getattr(world, name))
    monkeypatch.setattr("engine.discovery.pool_scoring.score_and_embed", lambda *_, **__: False)


def discovered(project: Project) -> DiscoverResult:
    job = jobs.find_job(project.root, jobs.start(project.root, DiscoverOptions()))
    assert job.state == "done", job.message
    found = job.made(DiscoverResult)
    assert found is not None
    return found


@pytest.mark.usefixtures("in_process_jobs")
def test_ten_labels_of_flagged_rows_make_a_blind_spot_that_was_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project(tmp_path / "demo")
    as_the_demos_model(monkeypatch, project)
    before = discovered(project)
    assert (before.new, before.blind_spots > 4, before.flagged >= 10) == ((), True, True)

    teaching = Teaching.of(project, "ada")
    flagged = [row.prediction.id for row in Board(project, project.discovered(), teaching).every_flagged()]
    assert set(flagged) >= NEW
    queue = queue_flagged(project, teaching, flagged, "all")
    work = open_session(project, teaching, Teacher("ada", "human"), queue=queue.spec.name)
    for _ in range(10):
        row = work.session.row
        assert row is not None
        work.session.label(OWN[row.id])
    work.close()
    assert Board(project, project.discovered(), teaching).labels_since == 10

    after = discovered(project)
    assert (after.uus, after.flagged) == (before.uus + 10, before.flagged - 10)
    assert after.new
    spot = project.discovered().spot(after.new[0])
    assert spot is not None
    assert set(spot.rows) & set(flagged[:10])
    assert Board(project, project.discovered(), teaching).labels_since == 0
