"""One truth for tau: what was found and proven binds it, and nothing that depends on it goes on with another value."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from engine.discovery.pipeline import discover
from engine.errors import SettingsError
from engine.files import read_json, write_json
from engine.operations.job_kinds import discover as find
from engine.operations.job_records import DiscoverOptions
from engine.progress import Silent
from engine.project import SETTINGS_FILE, Project
from engine.proof.request import RetrainRequest
from engine.proof.run import look_quickly, retrain
from engine.schema import Discovery, Teacher
from engine.settings import change_setting
from engine.tau import refuse_new_tau, tau_of
from engine.teaching.records import Teaching
from engine.teaching.writer import Annotator
from tests.builders.monitor import Recorder
from tests.engine.discovery.world import World, make_project, planted


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    world: World = planted()
    world.install(monkeypatch)
    made = make_project(tmp_path, world.rows)
    discover(made, monitor=Silent())
    return made


def with_setting(project: Project, tau: float) -> Project:
    """The project as it opens after somebody has edited tau."""
    change_setting(project.root / SETTINGS_FILE, "discovery", "tau", tau)
    return Project.open(project.root)


def prove(project: Project, tau: float, created: str = "2026-01-01T00:00:00+00:00", **more: object) -> None:
    """As much of a finished proof as binds tau."""
    report = {"id": "a", "tau": tau, "created": created, **more}
    write_json(project.proofs_dir / f"{int(tau * 100):08x}" / "report.json", report)


def calibrated(project: Project, value: bool) -> Project:
    """The project as it opens after somebody has edited whether confidence is calibrated."""
    change_setting(project.root / SETTINGS_FILE, "discovery", "apply_temperature", value)
    return Project.open(project.root)


def kept(project: Project) -> list[Path]:
    return sorted(project.round_dir(1).glob("discovery-*.json"))


def test_the_first_proof_binds_discover_and_nothing_is_replaced(project: Project) -> None:
    prove(project, 0.9)
    prove(project, 0.95, created="2026-02-01T00:00:00+00:00")  # a later one does not count
    before = (project.round_dir(1) / "discovery.json").read_bytes()
    edited = with_setting(project, 0.97)
    with pytest.raises(SettingsError, match=r"is 0.97, but it was 0.9 in the first proof.*set it back to 0.9, or make"):
        discover(edited, monitor=Silent())
    with pytest.raises(SettingsError, match=r"tau was 0.9 in the first proof and is frozen since; leave it at 0.9, or"):
        find(with_setting(project, 0.9), DiscoverOptions(tau=0.95), Silent())
    assert (project.round_dir(1) / "discovery.json").read_bytes() == before
    assert kept(project) == []
    assert discover(Project.open(project.root), monitor=Silent()) == project.discovery()


def test_an_edited_tau_stops_whatever_needs_the_discovery(project: Project) -> None:
    edited = with_setting(project, 0.97)
    sentence = r"is 0.97, but the blind spots were found at 0.9; run `blindspot discover` .* or set it back to 0.9"
    for work in (edited.discovered, lambda: tau_of(edited, edited.discovery())):
        with pytest.raises(SettingsError, match=sentence):
            work()
    for job in (partial(retrain, request=RetrainRequest()), look_quickly):
        with pytest.raises(SettingsError, match=sentence):
            job(edited, monitor=Silent())
    found = discover(edited, monitor=Silent())
    assert (found.tau, tau_of(edited, found), edited.discovered()) == (0.97, 0.97, found)


def test_an_edited_tau_after_a_proof_names_the_frozen_one(project: Project) -> None:
    prove(project, 0.9)
    with pytest.raises(SettingsError, match=r"it was 0.9 in the first proof"):
        with_setting(project, 0.97).discovered()


def test_a_replaced_discovery_is_kept_and_what_was_written_about_it_is_told(project: Project) -> None:
    first = project.discovered()
    spot = first.blind_spots[0]
    annotator = Annotator(project, first, Teaching(project.teaching_dir, "ann"), Teacher("ann", "human"))
    annotator.describe(spot.id, "abstraction", "They all have a theme.")
    told = Recorder()

    done = find(project, DiscoverOptions(tau=1.0), told)
    assert (done.tau, done.uus) == (1.0, 0)
    (old,) = kept(project)
    assert Discovery.from_json(read_json(old)) == first
    assert f"tau 0.9, {len(first.uus)} UUs, 6 blind spots) is kept in rounds/001/{old.name}" in " ".join(told.notes)
    assert f"written about, but not found any more: {spot.id};" in told.notes[-1]
    back = discover(with_setting(project, 0.9), monitor=Silent())
    assert {one.id: one.rows for one in back.blind_spots} == {one.id: one.rows for one in first.blind_spots}


def test_the_job_takes_another_tau_and_writes_it_down(project: Project) -> None:
    path = project.root / SETTINGS_FILE
    path.write_text(path.read_text().replace("[discovery]", "[discovery] # mine"))
    find(project, DiscoverOptions(tau=0.97), Silent())
    assert Project.open(project.root).discovered().tau == 0.97
    assert "[discovery] # mine" in path.read_text()
    for tau in (1.5, -0.1, float("nan")):
        with pytest.raises(SettingsError, match="it must be between 0 and 1"):
            find(project, DiscoverOptions(tau=tau), Silent())
    assert Project.open(project.root).settings.discovery.tau == 0.97


def test_without_a_proof_any_tau_is_free(project: Project) -> None:
    refuse_new_tau(project, 0.5)


def test_an_edited_calibration_stops_whatever_needs_the_discovery(project: Project) -> None:
    edited = calibrated(project, True)
    sentence = r"is true, but the blind spots were found with false; run `blindspot discover` .* set it back to false"
    for work in (edited.discovered, lambda: tau_of(edited, edited.discovery())):
        with pytest.raises(SettingsError, match=sentence):
            work()
    for job in (partial(retrain, request=RetrainRequest()), look_quickly):
        with pytest.raises(SettingsError, match=sentence):
            job(edited, monitor=Silent())


@pytest.mark.parametrize(
    "told",
    [
        {"apply_temperature": False},
        {"baseline": {"temperatures": {"13": 1.0, "14": 1.0}}},  # a report older than the key
    ],
)
def test_the_first_proof_binds_the_calibration(project: Project, told: dict[str, object]) -> None:
    prove(project, 0.9, **told)
    edited = calibrated(project, True)
    sentence = r"`discovery.apply_temperature` is true, but it was false in the first proof .* set it back to false, or"
    for work in (
        edited.discovered,
        lambda: discover(edited, monitor=Silent()),
        lambda: retrain(edited, RetrainRequest(), monitor=Silent()),
        lambda: find(edited, DiscoverOptions(tau=0.9), Silent()),
    ):
        with pytest.raises(SettingsError, match=sentence):
            work()
    assert calibrated(project, False).discovered() == project.discovery()


def test_a_calibrated_proof_binds_it_too_and_one_that_does_not_tell_binds_tau_alone(project: Project) -> None:
    prove(project, 0.9, baseline={"temperatures": {"13": 1.4}})
    with pytest.raises(SettingsError, match=r"is false, but it was true in the first proof"):
        refuse_new_tau(project)
    prove(project, 0.9)
    refuse_new_tau(project)
