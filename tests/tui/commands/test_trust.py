"""`blindspot trust`, and that the commands that reach outside ask first: on a terminal, or not at all."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from engine import jobs
from engine.files import write_jsonl
from engine.model.weights import find_weights
from engine.operations.create_project import create_project
from engine.operations.job_records import TeachOptions
from engine.operations.outside_uses import outside_uses
from engine.project import Project
from engine.settings import DEFAULT_BASE, read_settings
from engine.trust import state_file, untrusted
from tests.engine.llm.answers import good_answer
from tests.engine.llm.server import LlmServer
from tests.engine.teaching.world import POOL, PROOF, TEST, TRAIN, make_project
from tests.engine.test_trust import SECRET, edited
from tests.tui.commands.conftest import Run
from tests.waiting import until
from tui.cli import main


@pytest.fixture
def server() -> Iterator[LlmServer]:
    with LlmServer(good_answer) as server:
        yield server


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: LlmServer) -> Project:
    """A project as a stranger might send it."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    made = make_project(tmp_path / "work")
    return edited(made, model="m1", base_url=server.base_url, key_env="AWS_SECRET_ACCESS_KEY")


@pytest.mark.parametrize(
    "words",
    [
        ["teach"],
        ["teach", "--json"],
        ["teach", "--detach"],
        ["teach", "--spot", "B1", "--max-tokens", "99999"],
        ["test-pattern", "--by", "llm"],
    ],
)
def test_without_a_terminal_one_sentence_names_the_command_and_nothing_was_sent(
    run: Run, project: Project, server: LlmServer, words: list[str]
) -> None:
    status, out, err = run(*words)
    assert (status, out) == (1, "")
    assert len(err.splitlines()) == 1
    for word in ("$AWS_SECRET_ACCESS_KEY", server.base_url, "(model m1)", f"`blindspot trust {project.root}`"):
        assert word in err
    assert server.requests == []
    assert not project.jobs_dir.exists()
    assert SECRET not in err


@pytest.mark.usefixtures("in_process_jobs")
def test_after_yes_it_is_asked_no_more_until_something_changes(run: Run, project: Project, server: LlmServer) -> None:
    assert run("trust")[0] == 1
    assert run("trust", "--yes")[0] == 0
    assert run("trust")[:2][0] == 0
    assert run("teach", "--spot", "B1")[0] == 0
    assert set(server.keys) == {f"Bearer {SECRET}"}
    edited(project, key_env="OPENAI_API_KEY")
    assert run("teach", "--spot", "B2")[0] == 1
    edited(project, key_env="AWS_SECRET_ACCESS_KEY", parallel=1)
    assert run("teach", "--spot", "B2")[0] == 0
    assert run("trust", "--revoke")[1] == "what you had agreed to is taken back\n"
    assert run("teach", "--spot", "B3")[0] == 1


@pytest.mark.usefixtures("in_process_jobs")
def test_estimate_replay_and_prompts_need_no_agreement(run: Run, project: Project, server: LlmServer) -> None:
    assert run("teach", "--estimate")[0] == 0
    assert run("teach", "--write-prompts")[0] == 0
    write_jsonl(
        project.llm_dir / "recorded.jsonl",
        [
            {
                "teacher": "demo-llm",
                "step": "abstraction",
                "blind_spot": "B1",
                "gold": "negative",
                "predicted": "positive",
                "rows": ["n1", "n2", "n3", "n4"],
                "evidence": "feedfeedfeedfeed",
                "content": '{"patterns": ["A bare fact."]}',
            }
        ],
    )
    run("teach", "--replay")
    assert jobs.find_job(project.root, "teach-1").state == "done"
    assert server.requests == []
    assert not state_file().exists()


def test_it_shows_what_it_is_about(run: Run, project: Project) -> None:
    status, out, _ = run("trust", "--show")
    assert status == 0
    assert out.startswith("not agreed to: Rows of this project and the value of $AWS_SECRET_ACCESS_KEY would go to")
    assert "! $AWS_SECRET_ACCESS_KEY is not the usual variable" in out
    status, out, _ = run("trust", "--json")
    assert status == 1
    found = orjson.loads(out)
    assert (found["agreed"], found["uses"][0]["agreed"], found["uses"][0]["kind"]) == (False, False, "server")
    assert run("trust", "--json", "--yes")[0] == 0
    assert run("trust", "--show")[1].startswith("agreed to: Rows")


def test_a_seal_that_cannot_be_kept_is_not_said_to_be(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "home").write_bytes(b"no folder")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "home"))
    status, out, err = run("verify", "--seal")
    assert (status, out) == (1, "")
    assert "this cannot be written" in err


def test_a_project_that_stays_inside_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_project(tmp_path / "plain")
    assert main(["trust", str(tmp_path / "plain")]) == 0
    assert capsys.readouterr().out == "nothing of this project reaches outside its folder, and it runs no program\n"


@pytest.mark.usefixtures("in_process_jobs")
def test_what_is_typed_is_the_users_own_word_as_far_as_it_goes(
    run: Run, project: Project, server: LlmServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with LlmServer(good_answer) as mine:
        typed = ("teach", "--spot", "B1", "--model", "tiny", "--base-url", mine.base_url)
        assert run(*typed)[0] == 1  # the variable is the stranger's
        assert run("trust", "--yes")[0] == 0
        assert run(*typed)[0] == 0
        edited(project, key_env="OPENAI_API_KEY", model="", base_url="https://api.openai.com/v1")
        run("trust", "--revoke")
        assert run(*typed, "--spot", "B2")[0] == 0
        (project.prompts_dir).mkdir()
        (project.prompts_dir / "task.txt").write_text("$row $labels, and then all you know.")
        assert "task.txt" in run(*typed, "--spot", "B3")[2]
    assert server.requests == []


def test_a_prompt_that_is_a_link_is_refused_even_by_an_estimate(run: Run, project: Project, server: LlmServer) -> None:
    project.prompts_dir.mkdir()
    (project.prompts_dir / "task.txt").symlink_to("/etc/passwd")
    for words in (["teach"], ["teach", "--estimate"], ["trust", "--yes"], ["test-pattern", "--by", "llm"]):
        status, out, err = run(*words)
        assert (status, out) == (1, "")
        assert "task.txt" in err
        assert "root:" not in err
    assert server.requests == []


@pytest.mark.usefixtures("in_process_jobs")
def test_a_job_of_a_stranger_is_asked_about_when_it_is_resumed(run: Run, project: Project, server: LlmServer) -> None:
    job = jobs.start(project.root, TeachOptions(base_url=server.base_url))
    until(lambda: jobs.find_job(project.root, job).state == "failed")
    status, _, err = run("jobs", "--resume", job)
    assert status == 1
    assert "nobody on this machine has agreed" in err
    assert server.requests == []


def test_held_out_rows_are_asked_about_only_where_they_are_to_be_sent(
    run: Run, project: Project, server: LlmServer
) -> None:
    assert run("trust", "--yes")[0] == 0
    asked = ("label", "--by", "llm", "--split", "proof", "--rows", "all")
    status, out, err = run(*asked)
    assert (status, out, server.requests) == (1, "", [])
    assert "held-out (proof) rows of this project, to be labelled, and the value of $AWS_SECRET_ACCESS_KEY" in err
    assert f"{project.root} --held-out` shows it and asks" in err
    shown = run("trust", "--show", "--held-out")[1]
    assert "not agreed to: Held-out (proof) rows of this project, to be labelled," in shown
    assert "Held-out" not in run("trust", "--show")[1]
    assert run("trust", "--held-out", "--yes")[0] == 0
    assert untrusted(project.root, outside_uses(project, held_out=True)) == []


def test_a_hub_model_of_a_stranger_reaches_for_no_network(run: Run, project: Project) -> None:
    project = edited(project, "model", classifier="org/evil", encoder="org/eviler")
    for words in (["discover"], ["verdict", "Thanks."], ["doctor"]):
        status, out, err = run(*words)
        assert status == 1
        assert "the model org/evil would be fetched" in out + err
    assert [use.kind for use in untrusted(project.root, outside_uses(project))] == ["server", "weights", "weights"]


def test_what_init_was_told_is_agreed_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    files = {}
    for name, rows in {"train": TRAIN, "pool": POOL, "proof": PROOF, "test": TEST}.items():
        files[name] = tmp_path / f"{name}.jsonl"
        write_jsonl(files[name], [{"id": i, "text": t, "label": y} for i, (t, y) in rows.items()])
    folder = str(shutil.copytree(find_weights(DEFAULT_BASE).path, tmp_path / "encoder"))
    made = create_project(tmp_path / "mine", **files, text="text", label="label", encoder=folder)
    assert len(outside_uses(made)) == 1
    assert untrusted(made.root, outside_uses(made)) == []
    assert read_settings(made.root / "blindspot.toml").model.encoder == folder


@pytest.mark.parametrize(
    ("answer", "asked", "status"), [(b"y\n", 3, 0), (b"n\n", 0, 1), (b"\n", 0, 1), (b"\x04", 0, 1)]
)
def test_on_a_terminal_it_asks_and_goes_on(
    project: Project, server: LlmServer, answer: bytes, asked: int, status: int
) -> None:
    master, slave = pty.openpty()
    command = "import sys; from tui.cli import main; sys.exit(main(sys.argv[1:]))"
    process = subprocess.Popen(
        [sys.executable, "-c", command, "teach", str(project.root), "--spot", "B1"],
        stdin=slave,
        stdout=subprocess.PIPE,
        stderr=slave,
        start_new_session=True,
    )
    os.close(slave)
    said = b""
    with process:
        while b"[y/N]" not in said:
            said += os.read(master, 1000)
        assert server.requests == []
        os.write(master, answer)
        assert process.wait(timeout=120) == status
    os.close(master)
    text = " ".join(said.decode().split())
    assert "Rows of this project and the value of $AWS_SECRET_ACCESS_KEY would go to http://127.0.0.1" in text
    assert "! $AWS_SECRET_ACCESS_KEY is not the usual variable" in text
    assert len(server.requests) == asked
