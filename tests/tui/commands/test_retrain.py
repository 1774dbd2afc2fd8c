"""What the command asks of its job; the job itself counts instead of training."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import tests.engine.jobs
from engine import jobs
from engine.jobs import launch
from engine.project import Project
from tests.waiting import until
from tui.cli import main

WORKER = (sys.executable, str(Path(tests.engine.jobs.__file__).with_name("slow_worker.py")))


def test_equal_arms_and_reviewed_samples_are_asked_of_the_job(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(launch, "WORKER", WORKER)
    words = [
        "retrain",
        str(project.root),
        "--arm",
        "both",
        "--equal",
        "cost",
        "--reviewed",
        "--controls",
        "--seeds",
        "7,8",
        "--detach",
    ]
    assert main(words) == 0
    job = capsys.readouterr().out.strip()
    assert jobs.find_job(project.root, job).options == {
        "arms": ["both"], "recipes": None, "seeds": [7, 8], "equal": "cost", "reviewed": True,
        "controls": True,
    }  # fmt: skip
    jobs.cancel(project.root, job)
    until(lambda: jobs.active_job(project.root) is None)


def test_what_shall_be_equal_is_count_or_cost(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["retrain", str(project.root), "--equal", "time"])
    assert ended.value.code == 2
    assert "invalid choice: 'time'" in capsys.readouterr().err


def test_a_quick_look_is_asked_of_the_job_and_takes_no_other_choices(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(launch, "WORKER", WORKER)
    with pytest.raises(SystemExit):
        main(["retrain", str(project.root), "--quick", "--seeds", "7"])
    assert "--quick goes with --arm only" in capsys.readouterr().err
    assert main(["retrain", str(project.root), "--quick", "--arm", "human", "--detach"]) == 0
    job = capsys.readouterr().out.strip()
    assert jobs.find_job(project.root, job).options == {"arms": ["human"], "quick": True}
