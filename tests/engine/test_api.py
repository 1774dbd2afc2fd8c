"""The library over a project with a discovery made by hand: what it shows to whom, and what it refuses."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from engine import jobs
from engine.api import open_project
from engine.errors import BlindspotError, ProjectError
from engine.extras import MissingExtra
from engine.project import Project
from engine.regression.check_outcome import CheckOutcome, PartCheck, Wrong
from engine.schema import BlindSpot, Prediction, RowMark, Teacher
from engine.settings import write_settings
from engine.teaching.records import Teaching
from engine.teaching.writer import Annotator
from engine.trust import NotTrusted
from tests.builders.discovery import discovery_of, save_discovery
from tests.engine.teaching.world import make_project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_project(tmp_path / "work")


def annotator(project: Project, name: str) -> Annotator:
    """Somebody who writes."""
    teaching = Teaching.of(project, name)
    return Annotator(project, project.discovered(), teaching, Teacher(name, "human"))


def test_what_others_wrote_is_shown_once_one_has_decided(project: Project) -> None:
    bob, ann = annotator(project, "bob"), annotator(project, "ann")
    bob.describe("B1", "abstraction", "bare facts")
    bob.write_sample("B1", text="Two clocks, both wrong.", label="negative", role="target")
    ann.describe("B2", "abstraction", "praise in the words of blame")
    work = open_project(project.root, annotator="ann")
    assert [one["id"] for one in work.patterns()] == ["P1@ann"]
    assert list(work.samples()) == []
    ann.decline("B1", "no idea")
    assert [one["id"] for one in work.patterns()] == ["P1@ann", "P1@bob"]
    assert [one["text"] for one in work.samples()] == ["Two clocks, both wrong."]


def test_marks_of_rows_that_are_held_back_are_not_shown(project: Project) -> None:
    pool = project.examples("pool")
    predictions = {row.id: Prediction(row.id, row.text, row.label, "other", 0.95, (0.05, 0.95)) for row in pool}
    rows = tuple(predictions)[:10]
    spot = BlindSpot("B1", "x", "y", rows, 0.95, 0.5, ())
    save_discovery(project, discovery_of([spot], predictions))
    with Teaching(project.teaching_dir, "bob").store.edit("mark") as edit:
        for row in rows:
            edit.put("mark", row, RowMark(row, "ambiguous"))
    work = open_project(project.root, annotator="ann")
    shown = {one.prediction.id for one in work.evidence("B1")}
    assert 0 < len(shown) < 10
    assert {one["id"] for one in work.marks()} == shown
    assert {one["id"] for one in open_project(project.root, annotator="bob").marks()} == shown
    annotator(project, "ann").decline("B1", "no idea")
    assert {one["id"] for one in work.marks()} == {*rows}


def test_what_is_written_meanwhile_is_read_and_a_damaged_file_is_told_once(project: Project) -> None:
    work = open_project(project.root, annotator="ann")
    assert len(work.marks()) == 0
    bob = annotator(project, "bob")
    bob.mark("n1", "ambiguous")
    bob.mark("n2", "ambiguous")
    assert [one["id"] for one in work.marks()] == ["n1", "n2"]
    path = project.teaching_dir / "bob.json"
    path.write_bytes(path.read_bytes()[:-80])
    told: list[str] = []
    work = open_project(project.root, annotator="ann", tell=told.append)
    assert [one["id"] for one in work.marks()] == ["n1"]
    work.labels()
    assert len(told) == 1
    assert "bob.json" in told[0]
    with pytest.warns(UserWarning, match=r"bob\.json"):
        open_project(project.root).labels()


def test_a_table_has_its_columns_without_records_too_and_needs_pandas_for_a_frame_alone(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = open_project(project.root)
    labels, spots = work.labels(), work.blind_spots()
    assert list(labels.to_frame().columns) == [column.name for column in labels.columns]
    assert labels.to_frame()["certainty"].dtype == "Int64"
    assert work.rows().columns == ("id", "text", "label", "text_pair")
    frame = spots.to_frame()
    assert frame[["id", "size", "excess_errors"]].values.tolist() == [["B1", 4, None], ["B2", 3, None], ["B3", 2, None]]
    assert [one.id for one in spots[1:]] == ["B2", "B3"]
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingExtra, match=r"needs pandas, .*blindspot-workbench\[frames\]"):
        spots.to_frame()


def test_what_nobody_has_agreed_to_is_refused_before_a_job_is_made(project: Project) -> None:
    settings = replace(project.settings, model=replace(project.settings.model, classifier="someone/model"))
    write_settings(project.root / "blindspot.toml", settings)
    with pytest.raises(NotTrusted, match="someone/model"):
        open_project(project.root).discover()
    assert jobs.jobs(project.root) == []


def test_a_check_says_of_each_blind_spot_why_it_is_open() -> None:
    wrong = Wrong("r1", "the soup\x1b was cold", None, "bad", "good", 0.91)
    parts = (PartCheck("B1", "row", 4, 4, 0.8, True), PartCheck("B2", "row", 4, 3, 0.8, False, (wrong,)))
    outcome = CheckOutcome("new", "open again", False, parts)
    assert outcome.why_open("B1") == ""
    assert outcome.why_open("B2").splitlines() == [
        "B2 is open again",
        "3 of 4 rows right (30 to 95 %), at least 80 % must be: fails",
        "  r1: good (0.910) instead of bad: the soup\\x1b was cold",
    ]
    with pytest.raises(ProjectError, match="did not ask about B3"):
        outcome.why_open("B3")


def test_proof_rows_are_not_to_be_had(project: Project) -> None:
    with pytest.raises(BlindspotError, match="proof rows are read by the evaluator alone"):
        open_project(project.root).rows("proof")
