"""One small proof with a very small BERT: stopped once, gone on with, and looked at from all sides."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from engine.costs.cost_book import costs_of_kinds
from engine.errors import ProjectError, SettingsError, Stopped
from engine.files import read_json
from engine.model.model_registry import current_model
from engine.model.side_by_side import Room
from engine.operations.create_project import create_project
from engine.operations.outside_uses import outside_uses
from engine.project import SETTINGS_FILE, Project
from engine.proof import train_ahead
from engine.proof.evaluate import evaluate
from engine.proof.report import read_report
from engine.proof.request import RetrainRequest
from engine.proof.run import retrain
from engine.regression.promotion import promote
from engine.schema import BlindSpot, Example, Prediction, Role, RowMark, Sample, Teacher
from engine.settings import write_settings
from engine.teaching.records import Teaching
from engine.trust import agree
from tests.builders.discovery import discovery_of, save_discovery
from tests.builders.monitor import Recorder
from tests.builders.tiny_bert import body, words_of
from tui.reporting.tables import pool_rows

pytestmark = pytest.mark.xdist_group("proof")  # what they share is made once

SEEDS = (13, 14)
N_TRAIN = 32
ROLES: tuple[Role, ...] = ("target", "counter", "anchor")


def teach(project: Project) -> None:
    """Six samples of a person, one of them a proof row that came in by the back door, and a doubtful row."""
    teaching = Teaching(project.teaching_dir, "ann")
    leaked = project.split_path("proof").read_bytes().splitlines()[0]
    texts = [f"It was not the {word} I had feared." for word in ("mess", "bore", "wreck", "chore", "slog")]
    with teaching.store.edit("write") as edit:
        for number, text in enumerate([*texts, Example.from_json(orjson.loads(leaked)).text]):
            sample = Sample(
                f"S{number}@ann", "B1", text, project.labels[-1], ROLES[number % 3], Teacher("ann", "human")
            )
            edit.put("sample", sample.id, sample)
        edit.put("mark", "doubtful", RowMark("doubtful", "ambiguous"))


def discover_by_hand(project: Project, *, calibrated: bool = False) -> None:
    """A discovery with one blind spot of four pool rows, one of them doubtful."""
    rows = [*project.examples("pool")[:3], Example("doubtful", "Well.", project.labels[0])]
    found = {row.id: Prediction(row.id, row.text, row.label, "other", 0.9, (0.9, 0.1)) for row in rows}
    spot = BlindSpot("B1", "x", "y", tuple(found), 0.9, 0.5, ("well",))
    more = {"tau": 0.5, "n_pool": 48, "temperature_applied": calibrated}
    save_discovery(project, discovery_of([spot], found, labels=project.labels, **more))


@dataclass(frozen=True)
class Proved:
    """A project with a finished proof, and what was seen while it was made."""

    project: Project
    report: Path
    stopped: Recorder
    resumed: Recorder


@pytest.fixture(scope="module")
def proved(tmp_path_factory: pytest.TempPathFactory, tiny_files: dict[str, Path]) -> Proved:
    folder = tmp_path_factory.mktemp("proof")
    root, train = folder / "work", folder / "train.jsonl"
    train.write_bytes(b"".join(tiny_files["train"].open("rb").readlines()[:N_TRAIN]))
    weights = str(body(folder / "base", words_of(tiny_files.values())))
    files: dict[str, Any] = tiny_files | {"train": train}
    project = create_project(root, **files, text="text", label="label", tau=0.5, base=weights, encoder=weights)
    settings = project.settings
    settings = replace(
        settings,
        training=replace(settings.training, epochs=1, batch_size=16, learning_rate=1e-2),
        proof=replace(settings.proof, seeds=SEEDS, bootstrap=200),
    )
    write_settings(root / SETTINGS_FILE, settings)
    project = Project.open(root)
    agree(root, outside_uses(project))
    teach(project)
    discover_by_hand(project)
    stopped = Recorder(lambda stage, _: stage.startswith("train human scratch seed 14"))
    with pytest.raises(Stopped):
        retrain(project, RetrainRequest(), monitor=stopped)
    resumed = Recorder()
    return Proved(project, retrain(project, RetrainRequest(), monitor=resumed), stopped, resumed)


def test_the_report_holds_every_arm_recipe_and_seed(proved: Proved) -> None:
    report = read_json(proved.report)
    assert proved.report == proved.project.proofs_dir / report["id"] / "report.json"
    assert (report["seeds"], report["tau"], report["round"]) == ([13, 14], 0.5, 1)
    assert report["rows"] == {"proof": 32, "test": 24}
    assert [(arm["arm"], arm["recipe"], arm["n_added"]) for arm in report["arms"]] == [
        ("human", "scratch", 5),
        ("human", "keep", 5),
    ]
    assert report["baseline"]["n_rows"] == N_TRAIN
    assert [arm["n_rows"] for arm in report["arms"]] == [N_TRAIN + 5, 5 + 10]
    for arm in report["arms"]:
        assert arm["verdict"] in {"proven", "less confident only", "no change", "worse"}
        assert len(arm["proof"]["accuracy"]["per_seed"]) == len(arm["test"]["ece"]["per_seed"]) == 2
    assert set(report["hashes"]) == {"train", "pool", "proof", "test", "dev"}
    assert {"blindspot", "python", "torch"} <= set(report["versions"])


def test_models_in_the_report_are_in_the_project_and_differ(proved: Proved) -> None:
    report = read_json(proved.report)
    models = [model for arm in (report["baseline"], *report["arms"]) for model in arm["models"].values()]
    assert len({model["key"] for model in models}) == 6
    assert all((proved.project.root / model["path"] / "model.safetensors").is_file() for model in models)


def test_the_report_can_be_computed_again_without_a_model(proved: Proved) -> None:
    assert evaluate(proved.report.parent) == read_json(proved.report)


def test_figures_are_those_of_the_stored_logits(proved: Proved) -> None:
    folder = proved.report.parent
    gold = np.load(folder / "gold-proof.npy")
    right = [np.load(folder / f"human-scratch-{seed}-proof.npy").argmax(axis=1) == gold for seed in SEEDS]
    report = read_json(proved.report)
    (scratch,) = (arm for arm in report["arms"] if arm["recipe"] == "scratch")
    assert scratch["proof"]["accuracy"]["per_seed"] == pytest.approx([one.mean() for one in right], abs=1e-6)


def test_a_stopped_proof_goes_on_where_it_was(proved: Proved) -> None:
    before, after = proved.stopped.trained, proved.resumed.trained
    assert {stage.split(" seed")[0] for stage in before} == {
        "train",  # the current model, which says what is kept
        "train baseline scratch",
        "train human scratch",
    }
    assert "train human scratch seed 13 (3 of 6)" in before
    assert after == {
        "train human scratch seed 14 (4 of 6)",
        "train human keep seed 13 (5 of 6)",
        "train human keep seed 14 (6 of 6)",
    }


def test_progress_counts_over_all_runs_and_arrives(proved: Proved) -> None:
    steps = proved.resumed.steps
    done = [step for _, step, _, _ in steps]
    assert done == sorted(done)
    assert len({total for _, _, total, _ in steps}) == 1
    assert done[-1] == steps[-1][2]
    assert steps[-1][0] == "judge"


def test_a_sample_that_equals_a_proof_row_is_left_out(proved: Proved) -> None:
    assert any("equal a proof row" in note for note in proved.resumed.notes)
    assert {arm["n_added"] for arm in read_json(proved.report)["arms"]} == {5}


def test_no_text_of_a_held_out_row_is_stored(proved: Proved) -> None:
    rows = [Example.from_json(orjson.loads(line)) for line in proved.project.split_path("proof").open("rb")]
    stored = [path.read_bytes() for path in proved.report.parent.iterdir()]
    assert not [row.text for row in rows if any(row.text.encode() in data for data in stored)]


def test_doubtful_rows_of_the_pool_do_not_count_and_proof_keeps_all_rows(proved: Proved) -> None:
    report = read_json(proved.report)
    (spot,) = report["pool"]["blind_spots"]
    assert spot["rows"] == 3
    marked = report["pool"]["marked"]
    assert marked["rows"] == 1
    assert len(marked["right"]) == 1 + len(report["arms"])
    read = read_report(proved.project, report["id"])
    table = pool_rows(read, read.arms)
    assert table is not None
    assert [row[:2] for row in table.rows[-2:]] == [("all, without marked rows", "3"), ("all, marked rows too", "4")]
    for entry in (spot["baseline"], *spot["arms"]):
        assert entry["fixed"] + entry["still_wrong"] == pytest.approx(3)
    assert report["rows"]["proof"] == 32


def test_the_same_proof_again_trains_nothing_and_becomes_the_newest(proved: Proved) -> None:
    before = read_json(proved.report)
    watcher = Recorder()
    assert retrain(proved.project, RetrainRequest(), monitor=watcher) == proved.report
    after = read_json(proved.report)
    assert watcher.trained == set()
    assert after["created"] > before["created"]
    changing = ("created", "seconds")
    assert {key: value for key, value in after.items() if key not in changing} == {
        key: value for key, value in before.items() if key not in changing
    }


def test_equal_arms_and_reviewed_samples_stand_in_the_report_and_make_it_another_proof(proved: Proved) -> None:
    watcher = Recorder()
    asked = RetrainRequest(seeds=(13,), recipes=("keep",), equal="count", reviewed=True)
    path = retrain(proved.project, asked, monitor=watcher)
    report, before = read_json(path), read_json(proved.report)
    assert watcher.trained == set()  # the draw is the same five samples
    assert report["id"] != before["id"]
    assert (before["equal"], before["reviewed"]) == (None, False)
    assert report["equal"] == {"by": "count", "value": 5, "currency": "", "why": ""}
    assert report["reviewed"]
    assert report["notes"][0] == "Equal count: every arm was cut down to 5 samples, by a draw."
    assert report["notes"][1].startswith("Reviewed: ")


def test_at_equal_cost_an_unknown_cost_is_refused_before_anything_is_trained(proved: Proved) -> None:
    watcher = Recorder()
    with pytest.raises(ProjectError, match=r"arm `human` cost is unknown .*no active time on record"):
        retrain(proved.project, RetrainRequest(equal="cost"), costs=costs_of_kinds(proved.project), monitor=watcher)
    assert watcher.steps == []


@pytest.fixture
def copied(proved: Proved, tmp_path: Path) -> Callable[[float], Project]:
    """The project, without its models, with another tau."""

    def copy(tau: float) -> Project:
        root = tmp_path / "copy"
        shutil.copytree(proved.project.root, root, ignore=shutil.ignore_patterns("models", "cache"))
        settings = proved.project.settings
        write_settings(root / SETTINGS_FILE, replace(settings, discovery=replace(settings.discovery, tau=tau)))
        project = Project.open(root)
        agree(root, outside_uses(project))
        return project

    return copy


def test_confidence_is_calibrated_on_dev_where_the_settings_say_so(
    proved: Proved, copied: Callable[[float], Project]
) -> None:
    project = copied(0.5)
    shutil.rmtree(project.proofs_dir)  # the first of them says what a proof after it must do
    shutil.copytree(proved.project.models_dir, project.models_dir, copy_function=os.link)
    settings = project.settings
    settings = replace(settings, discovery=replace(settings.discovery, apply_temperature=True))
    write_settings(project.root / SETTINGS_FILE, settings)
    project = Project.open(project.root)
    discover_by_hand(project, calibrated=True)
    after = read_json(retrain(project, RetrainRequest(seeds=(13,), recipes=("continue",)), monitor=Recorder()))
    before = read_json(proved.report)
    assert set(before["baseline"]["temperatures"].values()) == {1.0}
    assert 1.0 not in after["baseline"]["temperatures"].values()
    (accuracy,) = after["baseline"]["proof"]["accuracy"]["per_seed"]
    assert accuracy == before["baseline"]["proof"]["accuracy"]["per_seed"][0]
    assert after["baseline"]["proof"]["ece"]["per_seed"] != before["baseline"]["proof"]["ece"]["per_seed"][:1]


def test_trained_side_by_side_the_models_are_the_same(
    proved: Proved, copied: Callable[[float], Project], monkeypatch: pytest.MonkeyPatch, forked_processes: None
) -> None:
    monkeypatch.setattr(train_ahead, "room_for", lambda *_: Room(processes=2, threads=1))
    monkeypatch.setattr(train_ahead, "LEAST_SECONDS", 0.0)
    seen = Recorder()
    report = read_json(retrain(copied(0.5), RetrainRequest(), monitor=seen))
    before = read_json(proved.report)
    assert [arm["models"] for arm in report["arms"]] == [arm["models"] for arm in before["arms"]]
    assert "training 2 models at a time, 1 CPU thread each" in seen.notes
    assert "train 6 models, 6 finished" in seen.stages
    assert not [stage for stage in seen.trained if stage.startswith("train ") and "models" not in stage]
    done = [step for _, step, total, _ in seen.steps if total == seen.steps[-1][2]]
    assert done == sorted(done)


def test_tau_is_frozen_by_the_first_proof(copied: Callable[[float], Project]) -> None:
    with pytest.raises(SettingsError, match=r"is 0.8, but it was 0.5 in the first proof.*set it back to 0.5"):
        retrain(copied(0.8), RetrainRequest(), monitor=Recorder())


def test_a_promoted_model_is_the_one_of_the_next_round(proved: Proved, copied: Callable[[float], Project]) -> None:
    project = copied(0.5)
    shutil.copytree(proved.project.models_dir, project.models_dir, copy_function=os.link)
    report = read_json(proved.report)
    done = promote(project, arm="human", recipe="keep", seed=14, proof_id=report["id"], force=True)
    model = current_model(project, monitor=Recorder())
    assert (model.name, model.key) == (done.name, done.key)
    (keep,) = (arm for arm in report["arms"] if arm["recipe"] == "keep")
    assert model.key == keep["models"]["14"]["key"]


def test_controls_stand_in_the_same_table(proved: Proved) -> None:
    """Runs of the teaching and the baseline are found again, and the untrained control is the baseline's own model."""
    asked = RetrainRequest(("human", "pool-n", "temperature"), (13,), ("scratch",))
    path = retrain(proved.project, asked, monitor=Recorder())
    report = read_json(path)
    human, drawn, scaled = report["arms"]
    assert [arm["arm"] for arm in report["arms"]] == ["human", "pool-n", "temperature"]
    assert drawn["n_added"] == human["n_added"] == 5
    assert (scaled["n_added"], scaled["models"]) == (0, report["baseline"]["models"])
    assert scaled["temperatures"]["13"] != 1.0
    assert scaled["proof"]["difference"]["accuracy"]["mean"] == 0.0
    assert scaled["proof"]["ece"]["mean"] != report["baseline"]["proof"]["ece"]["mean"]
