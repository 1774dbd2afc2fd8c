from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import ProjectError
from engine.files import write_json
from engine.project import Project
from engine.proof.arms import Arm, choose_arms, estimate_seconds, plan_runs, training_rows
from engine.proof.recipes import RECIPES
from engine.schema import Example, Role, Sample, Teacher, TeacherKind


def sample(text: str, kind: TeacherKind, *, label: str = "pos", role: Role = "target", name: str = "ann") -> Sample:
    return Sample(f"{name}-{text}", "B1", text, label, role, Teacher(name, kind))


HUMAN = [sample("not bad at all", "human"), sample("not good", "human", label="neg", role="counter")]
LLM = [sample("could be worse", "llm", name="gpt"), sample("a fine day", "llm", role="anchor", name="gpt")]


def texts(arm: Arm) -> set[str]:
    return {row.text for row in arm.samples}


EXAMPLE = [sample("it rained", "example", name="kit")]


def test_one_arm_for_each_kind_and_one_for_both() -> None:
    human, llm, both = choose_arms([*LLM, *HUMAN])
    assert (human.name, llm.name, both.name) == ("human", "llm", "both")
    assert texts(human) == {"not bad at all", "not good"}
    assert texts(llm) == {"could be worse", "a fine day"}
    assert texts(both) == texts(human) | texts(llm)


@pytest.mark.parametrize(
    ("given", "names"),
    [
        (HUMAN, ["human"]),
        (HUMAN + LLM, ["human", "llm", "both"]),
        (HUMAN + EXAMPLE, ["human", "example", "all"]),
        (HUMAN + LLM + EXAMPLE, ["human", "llm", "example", "both", "all"]),
    ],
)
def test_no_arm_is_a_second_name_for_another(given: list[Sample], names: list[str]) -> None:
    arms = choose_arms(given)
    assert [arm.name for arm in arms] == names
    assert len({arm.samples for arm in arms}) == len(arms)


def test_samples_of_every_author_and_role_of_a_kind_belong_to_its_arm() -> None:
    (arm,) = choose_arms([*HUMAN, sample("meh", "human", name="bob"), sample("plain", "human", role="anchor")])
    assert len(arm.samples) == 4


def test_equal_samples_count_once_and_contradictory_ones_both() -> None:
    repeated = [*HUMAN, sample("Not bad, at all!", "human", name="bob"), sample("not good", "human", name="bob")]
    (arm,) = choose_arms(repeated)
    assert sorted((row.text, row.label) for row in arm.samples) == [
        ("Not bad, at all!", "pos"),
        ("not good", "neg"),
        ("not good", "pos"),
    ]
    assert choose_arms(repeated[::-1]) == [arm]


def test_an_arm_does_not_depend_on_the_order_of_its_samples() -> None:
    assert choose_arms(HUMAN + LLM)[-1] == choose_arms(LLM[::-1] + HUMAN[::-1])[-1]


def test_only_the_arms_asked_for_in_a_fixed_order() -> None:
    assert [arm.name for arm in choose_arms(HUMAN + LLM, ["both", "human"])] == ["human", "both"]


def test_without_samples_the_error_says_how_to_get_some() -> None:
    with pytest.raises(ProjectError, match="import-teaching"):
        choose_arms([])


@pytest.mark.parametrize("name", ["llm", "all", "baseline", "humna"])
def test_an_arm_without_teaching_is_refused_with_those_there_are(name: str) -> None:
    with pytest.raises(ProjectError, match=f"arm `{name}`; use one of human"):
        choose_arms(HUMAN, [name])


def test_the_plan_has_the_baseline_once_and_every_arm_with_every_recipe_and_seed(project: Project) -> None:
    runs = plan_runs(project, choose_arms(HUMAN), seeds=[5, 6], kept=40)
    n_train = project.manifest.splits["train"].rows
    assert [(run.arm.name, run.recipe, run.seed, run.rows, run.steps) for run in runs] == [
        ("baseline", "scratch", 5, n_train, 6),  # 3 passes over 64 rows, 32 a step
        ("baseline", "scratch", 6, n_train, 6),
        ("human", "scratch", 5, n_train + 2, 6),
        ("human", "scratch", 6, n_train + 2, 6),
        ("human", "keep", 5, 2 + 4, 4),  # 2 passes over 6 rows and 40 that are kept
        ("human", "keep", 6, 2 + 4, 4),
    ]


def test_every_arm_of_a_recipe_gets_the_same_steps_and_a_small_one_more_of_train(project: Project) -> None:
    large = Arm("pool", tuple(Example(f"p{n}", f"row {n}", "pos") for n in range(10)))
    runs = plan_runs(project, [*choose_arms(HUMAN), large], seeds=[5], recipes=list(RECIPES), kept=40)
    for name in RECIPES:
        assert len({run.steps for run in runs if run.recipe == name and run.arm.name != "baseline"}) == 1
    small, other = (run for run in runs if run.recipe == "continue")
    assert small.rows == other.rows == 10 + 20
    assert len(training_rows(small, project.examples("train"))) == 30
    by_recipe = {run.recipe: run for run in runs if run.arm.name == "human"}
    assert by_recipe["keep"].steps > by_recipe["continue"].steps
    weighted = training_rows(by_recipe["weighted"], project.examples("train"))
    assert weighted.count(by_recipe["weighted"].arm.samples[0]) == RECIPES["weighted"].weight == 3


def test_seeds_come_from_the_settings_and_count_once(project: Project) -> None:
    assert {run.seed for run in plan_runs(project, [])} == {13, 14, 15, 16, 17}
    assert [run.seed for run in plan_runs(project, [], seeds=[4, 4, 2])] == [4, 2]


def test_an_unknown_recipe_or_no_seed_is_refused(project: Project) -> None:
    with pytest.raises(ProjectError, match="recipe `boil`"):
        plan_runs(project, [], recipes=["boil"])
    with pytest.raises(ProjectError, match="at least one seed"):
        plan_runs(project, [], seeds=[])


def test_scratch_trains_on_all_of_train_as_it_is_and_the_samples(project: Project) -> None:
    train = project.examples("train")
    run = plan_runs(project, choose_arms(HUMAN), seeds=[5], recipes=["scratch"])[-1]
    rows = training_rows(run, train)
    assert rows[: len(train)] == train
    assert rows[len(train) :] == list(run.arm.samples)


def test_continue_replays_a_seeded_draw_of_train(project: Project) -> None:
    train = project.examples("train")
    one, other = plan_runs(project, choose_arms(HUMAN), seeds=[5, 6], recipes=["continue"])[-2:]
    rows = training_rows(one, train)
    assert len(rows) == one.rows == 2 + 4
    assert set(one.arm.samples) < set(rows)
    assert set(rows) - set(one.arm.samples) < set(train)
    assert rows == training_rows(one, train)
    assert rows != training_rows(other, train)


def test_replay_never_takes_more_than_there_is(project: Project) -> None:
    train = [Example("t1", "fine", "pos"), Example("t2", "awful", "neg")]
    run = plan_runs(project, choose_arms(HUMAN), seeds=[5], recipes=["continue"])[-1]
    assert len(training_rows(run, train)) == 2 + 2


def test_an_estimate_needs_an_earlier_training(project: Project) -> None:
    runs = plan_runs(project, choose_arms(HUMAN), seeds=[5], recipes=["continue"])
    assert estimate_seconds(project, runs) is None
    for name, speed in (("a", 10.0), ("b", 20.0), ("c", 30.0)):
        write_json(Path(project.models_dir / name / "training.json"), {"rows_per_second": speed})
    rows = (6 + 2) * 32  # steps of the baseline and of the run, 32 rows each
    assert estimate_seconds(project, runs) == pytest.approx(rows / 20)
