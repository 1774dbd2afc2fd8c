"""A quick look and cross-validated passes, on a tiny model and a discovery written by hand."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.errors import ProjectError, Stopped
from engine.files import read_json, write_json
from engine.model.model_registry import current_model, predictions
from engine.operations.outside_uses import outside_uses
from engine.progress import Silent
from engine.project import SETTINGS_FILE, Project
from engine.proof import quick_look as quick_module
from engine.proof import recipe_selection
from engine.proof.cross_validation import deal
from engine.proof.epoch_selection import choose_passes
from engine.proof.evaluate import evaluate
from engine.proof.recipes import RECIPES
from engine.proof.report import reports
from engine.proof.request import RetrainRequest
from engine.proof.run import look_quickly, retrain
from engine.schema import BlindSpot, Prediction, Sample, Teacher
from engine.settings import write_settings
from engine.teaching.records import Teaching
from engine.trust import agree
from tests.builders.discovery import discovery_of, save_discovery
from tests.builders.monitor import Recorder
from tests.builders.project import put_split
from tests.builders.rows import LABELS, rows
from tests.builders.tiny_bert import make_project
from tests.engine.model.conftest import base  # noqa: F401

pytestmark = pytest.mark.xdist_group("quick look")  # what they share is made once
WORDS = ("slow", "cold", "rude", "late")
SOME_RECIPES = ["scratch", "keep", "weighted", "head"]
STEPS = 12  # two passes over 24 train rows, 4 a step


@pytest.fixture
def project(tmp_path: Path, base: Path) -> Project:  # noqa: F811
    return taught(tmp_path / "work", base)


def taught(root: Path, base: Path, count: int = 3) -> Project:  # noqa: F811
    """Pool rows in two or three blind spots, each row with a right neighbour; one sample for each blind spot."""
    make_project(root, base=base, encoder=str(base))
    for name in ("proof", "test"):
        put_split(root, name, [row.as_json() for row in rows(40)[24:]])
    project = Project.open(root)
    pool = project.examples("pool")
    found = {row.id: Prediction(row.id, row.text, row.label, "bad", 0.95, (0.95, 0.05)) for row in pool}
    ids = [row.id for row in pool]
    spots = tuple(
        BlindSpot(f"B{n + 1}", "good", "bad", tuple(ids[2 * n : 2 * n + 2]), 0.95, 0.5, ("soup",)) for n in range(count)
    )
    neighbours = {uu: (ids[6 + place],) for place, uu in enumerate(ids[: 2 * count])}
    save_discovery(project, discovery_of(spots, found, labels=LABELS, neighbours=neighbours))
    teaching = Teaching(project.teaching_dir, "ann")
    with teaching.store.edit("write") as edit:
        for number, word in enumerate(WORDS[:count], start=1):
            sample = Sample(
                f"S{number}@ann",
                f"B{number}",
                f"a {word} coat and a {word} desk",
                "bad",
                "target",
                Teacher("ann", "human"),
            )
            edit.put("sample", sample.id, sample)
    return project


def test_a_quick_look_counts_uus_neighbours_and_test_rows(project: Project) -> None:
    seen = Recorder()
    result = read_json(look_quickly(project, monitor=seen))
    (arm,) = result["arms"]
    model = current_model(project, monitor=Silent())
    assert (arm["arm"], arm["samples"], arm["uus"], arm["neighbours"], arm["test_rows"]) == ("human", 3, 6, 6, 16)
    assert arm["uus_right"] == sum(spot["right"] for spot in arm["blind_spots"])
    test = project.examples("test")
    gold = np.array([LABELS.index(row.label) for row in test])
    exact = predictions(project, model, test, split_key="x", monitor=Silent()).argmax(axis=1) == gold
    assert arm["test_accuracy"][0] == pytest.approx(exact.mean())
    assert result["sentence"].startswith("Quick look, no proof: with human ")
    assert seen.steps[-1][1] <= seen.steps[-1][2]
    again = Recorder()
    assert read_json(look_quickly(project, monitor=again))["arms"] == result["arms"]
    assert "loss" not in {name for *_, facts in again.steps for name in facts}


def test_a_quick_look_is_no_proof_and_leaves_proof_rows_alone(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    real = quick_module.predictions

    def watch(project: Project, model: Any, examples: Any, **more: Any) -> Any:
        asked.extend(row.text for row in examples)
        return real(project, model, examples, **more)

    monkeypatch.setattr(quick_module, "predictions", watch)
    path = project.split_path("test")
    known = {row.text for row in (*project.examples("pool"), *project.examples("test"))}
    look_quickly(project, monitor=Silent())
    assert path.is_file()
    assert asked
    assert set(asked) <= known
    assert reports(project) == []  # so there is nothing to promote


def test_training_rows_are_bounded_and_drawn_the_same_way(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quick_module, "ROWS", 9)
    monkeypatch.setattr(quick_module, "MOST_SAMPLES", 2)
    (arm,) = read_json(look_quickly(project, monitor=Silent()))["arms"]
    assert arm["trained_rows"] == 9
    with pytest.raises(ProjectError, match="no teaching for arm `llm`"):
        look_quickly(project, arms=["llm"], monitor=Silent())


def with_early_stop(project: Project) -> Project:
    settings = project.settings
    write_settings(
        project.root / SETTINGS_FILE, replace(settings, training=replace(settings.training, early_stop=True))
    )
    return Project.open(project.root)


def test_folds_hold_each_blind_spot_once_and_are_of_equal_size() -> None:
    spots = [BlindSpot(f"B{n}", "a", "b", tuple(map(str, range(n))), 0.9, 0.5, ()) for n in range(1, 8)]
    dealt = deal(spots)
    assert sorted(spot.id for fold in dealt for spot in fold) == [f"B{n}" for n in range(1, 8)]
    sizes = [sum(len(spot.rows) for spot in fold) for fold in dealt]
    assert max(sizes) - min(sizes) <= 1
    assert deal(spots[::-1]) == dealt
    assert [len(fold) for fold in deal(spots[:2])] == [1, 1]


def test_a_fold_is_trained_without_the_samples_of_its_blind_spots(project: Project) -> None:
    samples = Teaching(project.teaching_dir, "ann").samples()
    from engine.schema import Example

    rows_of_arm = [Example(one.id, one.text, one.label) for one in samples]
    spot_of = {one.id: one.blind_spot for one in samples}
    seen = Recorder()
    chosen = choose_passes(project, project.discovered(), rows_of_arm, spot_of, steps=STEPS, seed=5, monitor=seen)
    assert [note.split(": ")[1].split(" samples")[0] for note in seen.notes if note.startswith("fold")] == ["2"] * 3
    assert chosen.of == project.settings.training.epochs == len(chosen.errors)
    assert chosen.errors[chosen.passes - 1] == min(chosen.errors)
    assert chosen.errors.index(min(chosen.errors)) == chosen.passes - 1  # the first of equals: fewer passes
    assert chosen.rows == 12
    again = Recorder()
    told = project.discovered(), rows_of_arm, spot_of
    assert choose_passes(project, *told, steps=STEPS, seed=5, monitor=again) == chosen
    assert again.steps == []  # folds are kept


def test_a_stopped_fold_is_begun_again_and_ends_as_it_would_have(project: Project) -> None:
    with pytest.raises(Stopped):
        choose_passes(
            project, project.discovered(), [], {}, steps=STEPS, seed=5, monitor=Recorder(lambda _, done: done >= 3)
        )
    after = choose_passes(project, project.discovered(), [], {}, steps=STEPS, seed=5, monitor=Silent())
    for path in project.cache_dir.glob("fold-*.json"):
        path.unlink()
    assert choose_passes(project, project.discovered(), [], {}, steps=STEPS, seed=5, monitor=Silent()) == after
    assert not list(project.cache_dir.glob("fold-*.partial"))


def test_early_stop_stands_in_the_report_and_the_baseline_keeps_its_passes(project: Project) -> None:
    project = with_early_stop(project)
    path = retrain(project, RetrainRequest(seeds=(5,), recipes=("scratch",)), monitor=Silent())
    report = read_json(path)
    chosen = read_json(path.parent / "spec.json")["passes"]["human"]
    assert any(
        note.startswith(f"human, scratch: {chosen['passes']} of 2 passes, by cross-validation")
        for note in report["notes"]
    )
    steps = {
        (entry["arm"], entry["recipe"]): read_json(project.root / entry["models"]["5"]["path"] / "training.json")[
            "steps"
        ]
        for entry in (report["baseline"], *report["arms"])
    }
    a_pass = -(-27 // 4)
    assert steps["human", "scratch"] == a_pass * chosen["passes"]
    assert steps["baseline", "scratch"] == 2 * -(-24 // 4)
    assert evaluate(path.parent) == report


@pytest.fixture(scope="module")
def few_recipes() -> Iterator[None]:
    """`auto` has four recipes to choose from: each is trained once a fold."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recipe_selection, "possible_recipes", lambda _: SOME_RECIPES)
        yield


@pytest.fixture(scope="module")
def chosen(
    base: Path,  # noqa: F811
    few_recipes: None,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, dict[str, bytes], dict[str, Any]]:
    """A project with a proof of recipes that `auto` chose, its proof and test rows as they were, and the report."""
    project = taught(tmp_path_factory.mktemp("auto") / "work", base, count=2)
    before = {split: project.split_path(split).read_bytes() for split in ("proof", "test")}
    asked = RetrainRequest(("human", "uus", "temperature"), (5,), ("auto",))
    return project.root, before, read_json(retrain(project, asked, monitor=Silent()))


def test_auto_chooses_by_the_pool_for_each_arm_and_says_so(
    chosen: tuple[Path, dict[str, bytes], dict[str, Any]],
) -> None:
    root, before, report = chosen
    project, recipes = Project.open(root), report["recipes"]
    assert set(recipes) == {"human", "uus"}  # nothing is trained for a temperature
    for arm, choice in recipes.items():
        assert set(choice["errors"]) == set(SOME_RECIPES)
        assert choice["errors"][choice["recipe"]] == min(choice["errors"].values())
        assert [entry["recipe"] for entry in report["arms"] if entry["arm"] == arm] == [choice["recipe"]]
        assert any(
            note.startswith(f"{arm}: recipe {choice['recipe']}, by cross-validation") for note in report["notes"]
        )
    assert {split: project.split_path(split).read_bytes() for split in before} == before


def test_the_choice_does_not_hang_on_proof_rows(
    chosen: tuple[Path, dict[str, bytes], dict[str, Any]], tmp_path: Path
) -> None:
    project = Project.open(shutil.copytree(chosen[0], tmp_path / "work"))
    agree(project.root, outside_uses(project))
    put_split(project.root, "proof", [row.as_json() | {"label": LABELS[0]} for row in rows(40)[24:]])
    for kept in project.cache_dir.glob("fold-*.json"):
        kept.unlink()
    asked = RetrainRequest(("human",), (5,), ("auto",))
    again = read_json(retrain(Project.open(project.root), asked, monitor=Silent()))["recipes"]
    assert again == {"human": chosen[2]["recipes"]["human"]}


def test_auto_needs_two_blind_spots(project: Project) -> None:
    path = project.round_dir(1) / "discovery.json"
    found = read_json(path)
    write_json(path, found | {"blind_spots": found["blind_spots"][:1]})
    with pytest.raises(ProjectError, match="two blind spots or more"):
        retrain(project, RetrainRequest(seeds=(5,), recipes=("auto",)), monitor=Silent())


def test_every_recipe_makes_a_model_of_its_own(project: Project) -> None:
    report = read_json(retrain(project, RetrainRequest(seeds=(5,), recipes=tuple(RECIPES)), monitor=Silent()))
    baseline, *models = (entry["models"]["5"] for entry in (report["baseline"], *report["arms"]))
    assert sorted(arm["recipe"] for arm in report["arms"]) == sorted(RECIPES)
    for arm, model in zip(report["arms"], models, strict=True):
        assert model["key"] != baseline["key"]
        training = read_json(project.root / model["path"] / "training.json")
        assert training["steps"] == arm["steps"]
        assert (training["plan"]["start_key"] == baseline["key"]) == (RECIPES[arm["recipe"]].start == "current")


def test_a_run_goes_on_from_the_baseline_of_its_own_seed(project: Project) -> None:
    report = read_json(retrain(project, RetrainRequest(seeds=(5, 6), recipes=("continue",)), monitor=Silent()))
    (arm,) = report["arms"]
    for seed in ("5", "6"):
        plan = read_json(project.root / arm["models"][seed]["path"] / "training.json")["plan"]
        assert plan["start_key"] == report["baseline"]["models"][seed]["key"]
