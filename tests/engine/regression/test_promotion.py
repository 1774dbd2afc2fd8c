from __future__ import annotations

import shutil

import pytest

from engine.errors import JobError, ProjectError
from engine.files import read_json
from engine.jobs import without_jobs
from engine.project import Project
from engine.regression.promotion import promote
from tests.builders.discovery import discovery_of, save_discovery
from tests.engine.proof.synthetic import BASELINE, GOLD, ONE_PROVEN, write_proof


@pytest.fixture
def proved(project: Project) -> Project:
    """A project with a proof in which one arm is proven and another is not."""
    write_proof(project, baseline=BASELINE, arms=ONE_PROVEN, gold=GOLD)
    return project


def test_a_proven_arm_starts_the_next_round(proved: Project) -> None:
    promote(proved, arm="human")
    assert proved.round == 2
    assert read_json(proved.round_dir(2) / "model.json") == {
        "round": 2,
        "name": "human-scratch-13",
        "path": "models/human-scratch-13",
        "key": "human-scratch-13",
        "promoted_from": "aaaa1111",
        "arm": "human",
        "recipe": "scratch",
        "seed": 13,
        "verdict": "proven",
        "frozen": [],
        "suite": {},
        "look": None,
    }


def test_the_model_of_any_seed_can_be_promoted(proved: Project) -> None:
    assert promote(proved, arm="human", seed=14).name == "human-scratch-14"
    with pytest.raises(ProjectError, match="not trained with seed 15; its seeds are 13, 14"):
        promote(proved, arm="human", seed=15)


def test_what_is_not_proven_is_promoted_only_on_purpose(proved: Project) -> None:
    with pytest.raises(ProjectError, match=r"less confident only.*--force"):
        promote(proved, arm="human", recipe="continue")
    assert proved.round == 1
    assert promote(proved, arm="human", recipe="continue", force=True).verdict == "less confident only"
    assert proved.round == 2


def test_a_round_without_a_discovery_gets_the_new_model_instead_of_a_successor(proved: Project) -> None:
    assert promote(proved, arm="human").round == 2
    assert promote(proved, arm="human", seed=14).round == 2
    assert read_json(proved.round_dir(2) / "model.json")["seed"] == 14


def test_a_round_with_a_discovery_is_left_as_it_is(proved: Project) -> None:
    promote(proved, arm="human")
    save_discovery(proved, discovery_of(round=2, labels=proved.labels))
    assert promote(proved, arm="human", seed=14).round == 3
    assert read_json(proved.round_dir(2) / "model.json")["seed"] == 13


def test_a_promotion_that_a_full_disk_or_a_kill_cut_off_begins_no_round(proved: Project) -> None:
    proved.round_dir(2).mkdir(parents=True)
    assert proved.round == 1
    assert promote(proved, arm="human").round == proved.round == 2


def test_while_a_job_works_with_the_model_of_the_round_no_other_round_begins(proved: Project) -> None:
    with without_jobs(proved.root), pytest.raises(JobError):
        promote(proved, arm="human")
    assert proved.round == 1
    assert promote(proved, arm="human").round == 2


def test_a_model_whose_folder_is_gone_cannot_be_promoted(proved: Project) -> None:
    shutil.rmtree(proved.models_dir / "human-scratch-13")
    with pytest.raises(ProjectError, match=r"folder is gone.*blindspot retrain"):
        promote(proved, arm="human")
    assert proved.round == 1


def test_an_arm_that_was_not_trained_is_refused(proved: Project) -> None:
    with pytest.raises(ProjectError, match=r"no arm llm; its arms are"):
        promote(proved, arm="llm")
