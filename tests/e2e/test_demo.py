"""A newcomer's first minutes with the demo and its real model: flagged rows are labelled, a blind spot appears."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import jobs
from engine.label_queue.picked_rows import queue_flagged
from engine.label_queue.project_session import open_session
from engine.operations.job_records import DiscoverOptions, DiscoverResult
from engine.project import Project
from engine.schema import Teacher
from engine.teaching.records import Teaching
from engine.teaching.views import Board
from tests.tui.commands.test_demo import OWN
from tui.commands.demo import make_project


def discovered(project: Project) -> DiscoverResult:
    job = jobs.find_job(project.root, jobs.start(project.root, DiscoverOptions()))
    assert job.state == "done", job.message
    found = job.made(DiscoverResult)
    assert found is not None
    return found


@pytest.mark.usefixtures("in_process_jobs")
def test_ten_labels_of_flagged_rows_make_a_blind_spot_that_was_not_there(tmp_path: Path) -> None:
    project = make_project(tmp_path / "demo")
    before = discovered(project)
    assert (before.new, before.blind_spots > 4, before.flagged >= 10) == ((), True, True)

    teaching = Teaching.of(project, "ada")
    flagged = [row.prediction.id for row in Board(project, project.discovered(), teaching).every_flagged()]
    queue = queue_flagged(project, teaching, flagged, "all")
    work = open_session(project, teaching, Teacher("ada", "human"), queue=queue.spec.name)
    for _ in range(10):
        row = work.session.row
        assert row is not None
        work.session.label(OWN[row.id])
    work.close()
    assert Board(project, project.discovered(), teaching).labels_since == 10

    after = discovered(project)
    assert after.new
    assert after.uus > before.uus
    spot = project.discovered().spot(after.new[0])
    assert spot is not None
    assert set(spot.rows) & set(flagged[:10])
    assert Board(project, project.discovered(), teaching).labels_since == 0
