"""What the command asks of its job; the job itself counts instead of training."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from engine import jobs
from engine.errors import JobError
from engine.jobs import launch
from engine.operations.job_records import RetrainOptions
from engine.project import Project
from engine.schema import Teacher
from engine.teaching.records import Teaching
from engine.teaching.writer import Annotator
from tests.engine.jobs.slow_worker import WORKER
from tests.tui.app.projects import write_project
from tests.waiting import until
from tui.cli import main

pytestmark = pytest.mark.usefixtures("forked_processes")


@pytest.fixture
def taught(tmp_path: Path) -> Iterator[Project]:
    """A project with blind spots, and a sample each by a person and by a model; no job is left running in it."""
    project = Project.open(write_project(tmp_path / "work"))
    discovery = project.discovered()
    for name, kind in (("ada", "human"), ("gpt", "llm")):
        teaching = Teaching(project.teaching_dir, name)
        writer = Annotator(project, discovery, teaching, Teacher(name, kind))  # type: ignore[arg-type]
        writer.write_sample("B1", text=f"A lamp stood there, says {name}.", label="negative", role="anchor")
    yield project
    running = jobs.active_job(project.root)
    if running is not None:
        with suppress(JobError):  # it has ended meanwhile
            jobs.stop(project.root, running.id)
        until(lambda: jobs.active_job(project.root) is None)


def test_equal_arms_and_reviewed_samples_are_asked_of_the_job(
    taught: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(launch, "WORKER", WORKER)
    words = [
        "retrain",
        str(taught.root),
        "--arm",
        "both",
        "--equal",
        "count",
        "--reviewed",
        "--controls",
        "--seeds",
        "7,8",
        "--detach",
    ]
    assert main(words) == 0
    job = capsys.readouterr().out.strip()
    assert jobs.find_job(taught.root, job).asked(RetrainOptions) == RetrainOptions(
        arms=("both",), recipes=None, seeds=(7, 8), equal="count", reviewed=True, controls=True
    )


def test_what_shall_be_equal_is_count_or_cost(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["retrain", str(project.root), "--equal", "time"])
    assert ended.value.code == 2
    assert "invalid choice: 'time'" in capsys.readouterr().err


def test_a_quick_look_is_asked_of_the_job_and_takes_no_other_choices(
    taught: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(launch, "WORKER", WORKER)
    with pytest.raises(SystemExit):
        main(["retrain", str(taught.root), "--quick", "--seeds", "7"])
    assert "--quick goes with --arm only" in capsys.readouterr().err
    assert main(["retrain", str(taught.root), "--quick", "--arm", "human", "--detach"]) == 0
    job = capsys.readouterr().out.strip()
    assert jobs.find_job(taught.root, job).asked(RetrainOptions) == RetrainOptions(arms=("human",), quick=True)
    jobs.stop(taught.root, job)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--arm", "nope"], "there is no arm `nope`; use one of human, llm, both, or a control: uus, anchors, "),
        (["--arm", "human", "--arm", "uus+nope"], "there is no arm `uus+nope`; use one of human"),
        (["--arm", ""], "there is no arm ``; use one of human"),
        (["--arm", "example"], "arm `example` has no samples yet; use one of human, llm, both"),
        (["--quick", "--arm", "nope"], "no teaching for arm `nope`; use one of human, llm, both"),
        (["--equal", "cost"], "what arm `human` cost is unknown"),
    ],
)
def test_what_cannot_be_trained_is_refused_at_once_and_leaves_no_job(
    taught: Project, words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["retrain", str(taught.root), *words]) == 1
    assert told in capsys.readouterr().err
    assert jobs.jobs(taught.root) == []


@pytest.mark.parametrize(
    "words",
    [
        ["--seeds", "-1"],
        ["--seeds", "1,-2"],
        ["--seeds", str(2**31)],
        ["--seeds", "1,,2"],
        ["--seeds", ""],
        ["--seeds", "1.5"],
        ["--recipe", "nope"],
    ],
)
def test_seeds_and_recipes_that_do_not_exist_are_wrong_usage(
    taught: Project, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["retrain", str(taught.root), *words])
    assert ended.value.code == 2
    assert "error: argument --" in capsys.readouterr().err
    assert jobs.jobs(taught.root) == []


def test_without_samples_an_unknown_arm_is_refused_with_the_controls_that_there_are(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["retrain", str(project.root), "--arm", "nope"]) == 1
    assert "there is no arm `nope`; use a control: uus, anchors, pool-n" in capsys.readouterr().err
    assert main(["retrain", str(project.root)]) == 1
    assert "there are no samples to train with" in capsys.readouterr().err
    assert jobs.jobs(project.root) == []


def test_blind_spots_that_a_recipe_or_control_needs_are_asked_for_before_the_job(
    taught: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    (taught.round_dir(1) / "discovery.json").unlink()
    for words in (["--recipe", "keep"], ["--arm", "uus"], ["--recipe", "auto"], ["--quick"]):
        assert main(["retrain", str(taught.root), *words]) == 1
        assert "blindspot discover" in capsys.readouterr().err
    assert jobs.jobs(taught.root) == []
