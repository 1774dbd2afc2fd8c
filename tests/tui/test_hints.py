"""What a command that fails tells to type next can be typed as it is: the right options, the real folder."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from engine import jobs
from engine.jobs import launch
from engine.project import Project
from tests.engine.jobs.slow_worker import FOREVER, WORKER, CountOptions
from tests.engine.jobs.test_jobs import state_is
from tests.waiting import until
from tui.cli import COMMANDS, main
from tui.hints import with_project


def refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as left:
        main(words)
    assert left.value.code == 2
    return capsys.readouterr().err


@pytest.mark.parametrize("command", COMMANDS)
def test_a_wrong_option_shows_the_usage_of_its_command(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    needed = {"init": ["--train", "a", "--pool", "b", "--text", "c", "--label", "d"]}.get(command, [])
    said = refused([command, "work", *needed, "--no-such-option"], capsys)
    assert said.startswith(f"usage: blindspot {command} ")
    assert f"blindspot {command}: error: " in said


@pytest.mark.parametrize(
    ("words", "near"),
    [
        (["list", "work", "--jsno"], "--jsno (did you mean --json?)"),
        (["retrain", "work", "--seed=3,4", "--controlls"], "--controlls (did you mean --controls?)"),
        (["retrain", "work", "--recipe", "kep"], "(did you mean keep?)"),
        (["discovr", "work"], "(did you mean discover?)"),
    ],
)
def test_the_nearest_word_that_exists_is_named(words: list[str], near: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert near in refused(words, capsys)


@pytest.mark.usefixtures("forked_processes")
def test_hints_name_the_folder_that_was_given(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(launch, "WORKER", WORKER)
    monkeypatch.chdir(project.root.parent)
    folder = project.root.rename("my work").name
    job_id = jobs.start(Path(folder), CountOptions(to=FOREVER))
    root = Project.open(Path(folder))
    until(lambda: jobs.find_job(root.root, job_id).done > 0)
    assert main(["discover", folder]) == 1
    assert f"`blindspot jobs 'my work' --stop {job_id}`" in capsys.readouterr().err
    jobs.stop(root.root, job_id)
    until(state_is(root, job_id, "stopped"))
    assert main(["jobs", folder, "--follow", job_id]) == 1
    assert f"`blindspot jobs 'my work' --resume {job_id}`" in capsys.readouterr().err
    assert main(["list", folder]) == 1
    assert "`blindspot discover 'my work'`" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("sentence", "hint"),
    [
        ("see `blindspot list`; there", "see `blindspot list work`; there"),
        ("`blindspot jobs DIR --resume x-1` goes on", "`blindspot jobs work --resume x-1` goes on"),
        ("run `blindspot discover --tau 0.8`", "run `blindspot discover work --tau 0.8`"),
        ("make one with `blindspot init`", "make one with `blindspot init`"),
        ("see `blindspot review --help`", "see `blindspot review --help`"),
        ("`blindspot retrain /a/b` again", "`blindspot retrain /a/b` again"),
    ],
)
def test_a_folder_is_put_in_where_one_is_missing(sentence: str, hint: str) -> None:
    assert with_project(sentence, Path("work")) == hint


def test_no_sentence_of_the_program_shows_the_word_for_a_folder(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["open", "elsewhere"]) == 1
    said = capsys.readouterr().err
    assert "`blindspot list elsewhere`" in said
    assert "DIR" not in said
    assert not sys.stdin.isatty()
