from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import ProjectError
from engine.operations.create_project import create_project
from engine.project import Project
from engine.proof.arms import Arm, plan_runs
from engine.proof.controls import CONTROLS, control_arms, every_control
from engine.schema import BlindSpot, Discovery, Example, Prediction
from tests.builders.discovery import discovery_of

TAUGHT = Arm("llm", tuple(Example(f"S{number}", f"written text {number}", "pos") for number in range(12)))


@pytest.fixture
def project(tmp_path: Path, tiny_files: dict[str, Path]) -> Project:
    return create_project(tmp_path / "work", **tiny_files, text="text", label="label")  # type: ignore[arg-type]


@pytest.fixture
def discovery(project: Project) -> Discovery:
    """Six UUs, two of them scattered, each with the next two pool rows beside it."""
    pool = project.examples("pool")
    uus, right = pool[:6], pool[6:12]
    rows = {row.id: Prediction(row.id, row.text, row.label, row.label, 0.95, (0.95, 0.05)) for row in (*uus, *right)}
    spot = BlindSpot("B1", *project.labels[:2], tuple(row.id for row in uus[:4]), 0.95, 0.5, ())
    return discovery_of(
        [spot],
        rows,
        labels=project.labels,
        n_pool=len(pool),
        scattered=tuple(row.id for row in uus[4:]),
        neighbours={row.id: (right[place % 6].id, right[(place + 1) % 6].id) for place, row in enumerate(uus)},
    )


def ids(arm: Arm) -> list[str]:
    return [row.id for row in arm.samples]


def made(project: Project, discovery: Discovery, *names: str, doubtful: tuple[str, ...] = ()) -> list[Arm]:
    return control_arms(project, discovery, names, [TAUGHT], doubtful=doubtful)


def test_each_control_has_the_rows_its_name_says(project: Project, discovery: Discovery) -> None:
    arms = {arm.name: arm for arm in made(project, discovery, *every_control([TAUGHT]))}
    pool = [row.id for row in project.examples("pool")]
    assert list(arms) == [*CONTROLS, "uus+llm", "pool+llm"]
    assert arms["uus+llm"].samples == (*arms["uus"].samples, *TAUGHT.samples)
    assert ids(arms["uus"]) == pool[:6]
    assert ids(arms["anchors"]) == pool[:12], "as many rows that are right as UUs"
    assert ids(arms["pool"]) == pool
    assert len(arms["pool-n"].samples) == len(TAUGHT.samples) == len(set(ids(arms["pool-n"])))
    assert set(ids(arms["pool-n"])) < set(pool)
    assert arms["pool+llm"].samples == (*arms["pool"].samples, *TAUGHT.samples)
    assert len(arms["train-n"].samples) == len(TAUGHT.samples)
    assert set(arms["train-n"].samples) < set(project.examples("train"))
    assert arms["temperature"].samples == ()


def test_rows_carry_their_gold_labels(project: Project, discovery: Discovery) -> None:
    gold = {row.id: row.label for row in project.examples("pool")}
    for arm in made(project, discovery, "uus", "anchors", "pool-n", "pool"):
        assert all(row.label == gold[row.id] for row in arm.samples)


def test_copies_change_a_word_or_two_and_keep_the_label(project: Project, discovery: Discovery) -> None:
    (arm,) = made(project, discovery, "eda")
    uus = {row.id: row for row in project.examples("pool")[:6]}
    copies = [row for row in arm.samples if row.id not in uus]
    assert (len(arm.samples), len(copies)) == (12, 6)
    for row in copies:
        origin = uus[row.id.partition("/")[0]]
        assert row.label == origin.label
        assert row.text != origin.text
        assert set(row.text.split()) <= set(origin.text.split())


def test_what_nobody_may_learn_from_is_left_out(project: Project, discovery: Discovery) -> None:
    doubtful = discovery.uus[0]
    for arm in made(project, discovery, "uus", "anchors", "pool", "eda", doubtful=(doubtful,)):
        assert all(row.id.partition("/")[0] != doubtful for row in arm.samples)


def test_equal_data_give_equal_arms(project: Project, discovery: Discovery) -> None:
    names = every_control([TAUGHT])
    assert made(project, discovery, *names) == made(project, discovery, *names[::-1])


def test_without_training_there_is_nothing_to_continue(project: Project, discovery: Discovery) -> None:
    runs = plan_runs(project, made(project, discovery, "temperature"), seeds=[1])
    assert [(run.arm.name, run.recipe, run.rows) for run in runs[1:]] == [("temperature", "scratch", runs[0].rows)]


def test_unknown_names_and_a_missing_discovery_are_refused(project: Project, discovery: Discovery) -> None:
    with pytest.raises(ProjectError, match=r"there is no arm `pool\+human`.*pool\+llm"):
        made(project, discovery, "pool+human")
    with pytest.raises(ProjectError, match="blindspot discover"):
        control_arms(project, None, ["uus"], [TAUGHT])
