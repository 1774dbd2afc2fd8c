"""Retraining a classifier that is a program: the recipes that make sense, and how `auto` chooses among them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import ModelError, ProjectError
from engine.files import write_jsonl
from engine.model.hugging_face import HuggingFace
from engine.model.model_registry import plan_of, scratch
from engine.model.text_classifier import classifier_of
from engine.operations.job_records import RetrainOptions
from engine.progress import Silent
from engine.project import SETTINGS_FILE, Project
from engine.proof.arms import Arm, plan_runs
from engine.proof.cross_validation import Fold, errors_of
from engine.proof.label_selection import choose_by_labels
from engine.proof.recipes import LABEL_RECIPES, RECIPES, label_recipes, possible_recipes, usual_recipes
from engine.proof.request import refuse_quick, refuse_retrain
from engine.proof.training_labels import TrainingLabel
from engine.settings import write_settings
from tests.builders.programs import program_project
from tests.builders.rows import rows

SAMPLES = tuple(replace(row, id=f"s{place}", text=f"{row.text} today") for place, row in enumerate(rows(5)))


def names_of(project: Project) -> list[str]:
    return [f"{run.arm.name} {run.recipe}" for run in plan_runs(project, [Arm("human", SAMPLES)], seeds=[1])]


def test_recipes_are_those_that_need_no_weights_and_continue_where_the_settings_say_so(tmp_path: Path) -> None:
    plain = program_project(tmp_path / "plain")
    goes_on = program_project(tmp_path / "goes-on", continues=True)
    assert possible_recipes(classifier_of(plain)) == ["scratch", "weighted"]
    assert possible_recipes(classifier_of(goes_on)) == ["scratch", "continue", "weighted"]
    assert names_of(plain) == ["baseline scratch", "human scratch"]
    assert names_of(goes_on) == ["baseline scratch", "human scratch", "human continue"]
    assert label_recipes(classifier_of(plain)) == ("scratch",)
    assert label_recipes(classifier_of(goes_on)) == ("continue",)


def test_weights_have_all_of_them(tmp_path: Path) -> None:
    weights = HuggingFace(program_project(tmp_path / "work"))
    assert possible_recipes(weights) == [*RECIPES]
    assert usual_recipes(weights) == ("scratch", "keep")
    assert label_recipes(weights) == LABEL_RECIPES


@pytest.mark.parametrize("name", ["keep", "average", "three-quarters", "longer", "smooth", "head", "continue"])
def test_another_recipe_is_refused_in_one_sentence(tmp_path: Path, name: str) -> None:
    with pytest.raises(ProjectError, match=rf"recipe `{name}` .*; use one of scratch, weighted, auto\."):
        plan_runs(program_project(tmp_path / "work"), [Arm("human", SAMPLES)], recipes=[name])


def test_its_work_is_counted_in_rows(tmp_path: Path) -> None:
    runs = plan_runs(program_project(tmp_path / "work"), [Arm("human", SAMPLES)], seeds=[1], recipes=["weighted"])
    assert [(run.rows, run.work, run.steps) for run in runs] == [(24, 24, 0), (39, 39, 0)]


def test_a_program_alone_is_not_retrained(tmp_path: Path) -> None:
    project = program_project(tmp_path / "work", train="")
    for refused in (lambda: refuse_retrain(project, RetrainOptions()), lambda: refuse_quick(project, None)):
        with pytest.raises(ModelError, match="cannot be retrained: no program trains it; name one as `train`"):
            refused()


def test_auto_for_labels_trains_and_scores_with_the_programs(tmp_path: Path) -> None:
    project = program_project(tmp_path / "work", continues=True)
    write_settings(
        project.root / SETTINGS_FILE,
        replace(project.settings, discovery=replace(project.settings.discovery, tau=0.5)),
    )
    pool = [replace(row, id=f"p{place}") for place, row in enumerate(rows(60))]
    project.split_path("pool").unlink()
    write_jsonl(project.split_path("pool"), [row.as_json() for row in pool])
    project = Project.open(project.root, verify=False)
    labels = tuple(TrainingLabel(row, "people") for row in pool)
    arm = Arm("labels", tuple(pool), labels=labels)
    choice, chosen = choose_by_labels(project, arm, seed=3, monitor=Silent())
    assert (choice.recipe, choice.chosen_rows, list(choice.errors)) == ("continue", "all", ["continue"])
    assert len(chosen.labels) == 60
    assert not [path for path in project.cache_dir.iterdir() if path.is_dir()]


def test_a_fold_is_looked_at_once_it_is_trained_and_not_again(tmp_path: Path) -> None:
    project = program_project(tmp_path / "work")
    fold = Fold(frozenset({"B1"}), frozenset({"r0"}), tuple(rows(6)), covered=6)
    plan = plan_of(project, scratch(project, monitor=Silent()), seed=1)
    (errors,) = errors_of(project, fold, plan, rows(24), monitor=Silent())
    assert errors == 0
    (project.root / "train.py").unlink()
    assert errors_of(project, fold, plan, rows(24), monitor=Silent()) == [errors]
