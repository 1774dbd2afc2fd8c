"""The command line: help with examples for every command, exit status, one sentence for what went wrong."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine import jobs
from engine.jobs import launch
from engine.project import Project
from tests.engine.jobs.slow_worker import FOREVER, WORKER, CountOptions
from tests.engine.jobs.test_jobs import state_is
from tests.terminals import REPOSITORY
from tests.waiting import until
from tui.cli import COMMANDS, main


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_examples(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main([command, "--help"])
    assert left.value.code == 0
    text = capsys.readouterr().out
    assert f"usage: blindspot {command}" in text
    assert f"  blindspot {command}" in text.partition("examples:")[2]


def test_wrong_usage_leaves_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["bogus"], ["jobs"], ["retrain", "somewhere", "--seeds", "one"]):
        with pytest.raises(SystemExit) as left:
            main(words)
        assert left.value.code == 2, words


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["lits"], "there is no command lits (did you mean list?); `blindspot --help` lists all"),
        (["frobnicate"], "there is no command frobnicate; `blindspot --help` lists all"),
        (["work"], "there is no command work; `blindspot open work` opens that project; `blindspot --help` lists all"),
        (["list"], "required: DIR; `.` is the project in this folder"),
        (["--verison"], "--verison (did you mean --version?)"),
        (["audit", "work", "--labels", "9" * 20], "labels is 99999999999999999999; give a smaller number"),
        (["list", "work", "--sotr", "size"], "usage: blindspot list [-h]"),
        (["list", "work", "--sotr", "size"], "--sotr (did you mean --sort?)"),
        (["list", "work", "--sort", "siez"], "(did you mean size?)"),
        (["list", "work", "--status", "in-progres"], "(did you mean in progress?)"),
    ],
)
def test_what_was_meant_is_asked(
    words: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "blindspot.toml").touch()
    monkeypatch.chdir(tmp_path / "work" if words == ["list"] else tmp_path)
    with pytest.raises(SystemExit) as left:
        main(words)
    assert left.value.code == 2
    assert told in capsys.readouterr().err


def test_without_a_command_the_project_at_hand_is_opened(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[Path] = []
    monkeypatch.setattr("tui.commands.open.run", lambda options: seen.append(options.project) or 0)
    monkeypatch.chdir(project.root)
    assert main([]) == 0
    assert seen == [project.root]
    monkeypatch.chdir(project.root.parent)
    assert main([]) == 2
    told = capsys.readouterr().err
    assert told.startswith("There is no project in this folder")
    assert len(told.splitlines()) == 7
    assert all(len(line) < 80 for line in told.splitlines())


def test_a_mistake_leaves_with_1_and_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("discover", "list", "retrain", "jobs", "report"):
        assert main([command, str(tmp_path)]) == 1
        captured = capsys.readouterr()
        assert captured.out == ""
        assert captured.err.startswith("blindspot: ")
        assert captured.err.count("\n") == 1


def test_a_changed_split_makes_every_command_refuse(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    with project.split_path("pool").open("ab") as pool:
        pool.write(b"\n")
    for words in (["discover"], ["list"], ["retrain"], ["report"], ["jobs"], ["show", "B1"]):
        command, *rest = words
        assert main([command, str(project.root), *rest]) == 1
        assert "has changed" in capsys.readouterr().err


def test_the_workbench_without_a_terminal_says_what_to_use_instead(project: Project) -> None:
    command = [sys.executable, "-m", "tui", "open", str(project.root)]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == 1
    assert "needs a terminal" in done.stderr
    assert "blindspot list" in done.stderr


_INTERRUPT = """
import os, signal, sys
class Interrupt:
    def find_spec(self, name, *rest):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupt())
"""


@pytest.mark.parametrize("module", ["tui.cli", "tui.commands.batches"])
def test_ctrl_c_while_a_command_is_loading_ends_it_without_a_traceback(tmp_path: Path, module: str) -> None:
    (tmp_path / "sitecustomize.py").write_text(_INTERRUPT.format(module=module))
    command = [sys.executable, "-m", "tui", "batches", str(tmp_path)]
    around = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, env=around, cwd=REPOSITORY, check=False)
    assert (done.returncode in (130, -signal.SIGINT), done.stdout, done.stderr) == (True, "", "")


@pytest.mark.usefixtures("forked_processes")
def test_jobs_are_listed_stopped_and_resumed(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(launch, "WORKER", WORKER)
    root = str(project.root)
    assert main(["jobs", root]) == 0
    assert "no jobs yet" in capsys.readouterr().out
    job_id = jobs.start(project.root, CountOptions(to=FOREVER))
    until(lambda: jobs.find_job(project.root, job_id).done > 0)
    assert main(["discover", root]) == 1
    assert f"{job_id} is running" in capsys.readouterr().err
    assert main(["jobs", root, "--stop", job_id]) == 0
    until(state_is(project, job_id, "stopped"))
    assert main(["jobs", root, "--resume", job_id]) == 0
    until(state_is(project, job_id, "running"))
    capsys.readouterr()
    assert main(["jobs", root, "--json"]) == 0
    [view] = json.loads(capsys.readouterr().out)
    assert (view["id"], view["state"]) == (job_id, "running")
    assert main(["jobs", root, "--cancel", job_id]) == 0, "its name before 0.2.0"
    until(state_is(project, job_id, "stopped"))


@pytest.mark.usefixtures("forked_processes")
@pytest.mark.parametrize(
    ("number", "status", "says"),
    [(signal.SIGINT, 130, "was asked to stop"), (signal.SIGTERM, 143, "goes on in the background")],
)
def test_a_command_that_is_ended_while_it_waits_for_a_job_says_what_becomes_of_it(
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    number: int,
    status: int,
    says: str,
) -> None:
    monkeypatch.setattr(launch, "WORKER", WORKER)
    job_id = jobs.start(project.root, CountOptions(to=FOREVER))
    until(lambda: jobs.find_job(project.root, job_id).done > 0)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell has it ignored in the background
    with monkeypatch.context() as patch:
        patch.setattr(time, "sleep", lambda _: os.kill(os.getpid(), number))
        try:
            ended = main(["jobs", str(project.root), "--follow", job_id])
        except SystemExit as left:
            ended = int(str(left.code))
        finally:
            signal.signal(signal.SIGINT, before)
    assert ended == status
    [said] = capsys.readouterr().err.splitlines()
    assert f"job {job_id} {says}" in said
    if jobs.find_job(project.root, job_id).state == "running":
        jobs.stop(project.root, job_id)
    until(state_is(project, job_id, "stopped"))


@pytest.mark.usefixtures("forked_processes")
def test_progress_stays_off_stderr_when_it_is_no_terminal(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(launch, "WORKER", WORKER)
    job_id = jobs.start(project.root, CountOptions(to=3))
    assert main(["jobs", str(project.root), "--follow", job_id]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    assert captured.out.split()[:2] == [job_id, "done"]
