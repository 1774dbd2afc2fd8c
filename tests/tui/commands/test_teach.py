"""`blindspot teach` as a user runs it: estimate, run by a real job, replay, prompts, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import orjson
import pytest

from engine.files import write_jsonl
from engine.project import SETTINGS_FILE, Project
from engine.teaching.records import Records
from tests.engine.llm.answers import good_answer
from tests.engine.llm.server import LlmServer, refused, wrong_key
from tests.engine.llm.spots import set_llm
from tests.engine.teaching.world import make_project
from tests.tui.commands.conftest import Run
from tui.cli import main

RECORDED = [
    {
        "teacher": "demo-llm",
        "step": step,
        "blind_spot": "B1",
        "gold": "negative",
        "predicted": "positive",
        "rows": ["n1", "n2", "n3", "n4"],
        "evidence": "feedfeedfeedfeed",
        "content": json.dumps(answer),
    }
    for step, answer in {
        "abstraction": {"patterns": ["A bare fact."]},
        "extrapolation": {"patterns": ["A bare question."]},
        "samples": {"patterns": [], "anchors": [{"text": "The bread was still warm.", "label": "positive"}]},
    }.items()
]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_project(tmp_path / "work")


@pytest.fixture
def server() -> Iterator[LlmServer]:
    with LlmServer(good_answer) as server:
        yield server


@pytest.fixture
def run(run: Run) -> Run:
    """Run this command."""
    return partial(run, "teach")


def test_it_says_what_it_will_take_runs_and_tells_what_came_of_it(
    run: Run, server: LlmServer, project: Project
) -> None:
    status, out, err = run("--model", "tiny", "--base-url", server.base_url, "--spot", "B1", "--spot", "B3")
    assert (status, err) == (0, "")
    first, *rest = out.splitlines()
    assert first.startswith(f"tiny at {server.base_url[7:-3]}: 6 calls for 2 blind spots, about ")
    assert first.endswith("price unknown")
    assert rest[0] == "2 of 2 blind spots answered by tiny"
    assert "4 patterns and 48 samples by tiny (llm; 24 target, 12 counter, 12 anchor)" in out
    assert "6 calls, 0 of them failed" in out
    assert len(server.requests) == 6
    assert {pattern.blind_spot for pattern in Records(project.teaching_dir).patterns()} == {"B1", "B3"}
    assert not [text for text in (one.text for one in Records(project.teaching_dir).samples()) if text in out]


@pytest.mark.usefixtures("in_process_jobs")
def test_the_report_is_json(run: Run, server: LlmServer) -> None:
    status, out, _ = run("--model", "tiny", "--base-url", server.base_url, "--spot", "B1", "--json")
    assert status == 0
    report = orjson.loads(out)
    assert report["teacher"] == {"name": "tiny", "kind": "llm", "recorded": False}
    assert (report["finished"], report["samples"]["target"], report["cost"]) == (1, 12, None)


@pytest.mark.usefixtures("in_process_jobs")
def test_a_script_learns_from_the_status_that_nothing_was_answered(run: Run) -> None:
    with LlmServer(lambda _: refused("I would rather not.")) as server:
        status, out, _ = run("--model", "tiny", "--base-url", server.base_url, "--spot", "B1")
    assert status == 1
    assert "the model refuses to answer: I would rather not" in out


def test_an_estimate_asks_nobody(run: Run, server: LlmServer, project: Project) -> None:
    set_llm(project, model="tiny", base_url=server.base_url)
    assert run("--estimate")[1].startswith("9 calls for 3 blind spots")
    assert orjson.loads(run("--estimate", "--json", "--spot", "B2")[1])["calls"] == 3
    assert server.requests == []
    assert not project.jobs_dir.exists()


def test_without_a_model_one_sentence_says_how_to_set_one_up(run: Run, project: Project) -> None:
    status, out, err = run()
    assert (status, out) == (1, "")
    assert "no LLM is set up" in err
    for word in ("[llm]", "OPENAI_API_KEY", "--replay"):
        assert word in err
    assert len(err.splitlines()) == 1
    assert not project.jobs_dir.exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--max-cost", "1"], "price of the model"),
        (["--max-tokens", "-5"], "a limit of tokens cannot be -5"),
        (["--model", " "], "no LLM is set up"),
        (["--spot", "B9"], "no blind spot `B9`; take one of B1, B2, B3;"),
        (["--replay"], "there is no such recording"),
        (["--replay", "elsewhere.jsonl"], "there is no such recording"),
    ],
)
def test_what_cannot_work_is_refused_before_a_job_is_started(
    run: Run, server: LlmServer, project: Project, words: list[str], says: str
) -> None:
    status, _, err = run("--model", "tiny", "--base-url", server.base_url, *words)
    assert status == 1
    assert says in err
    assert not project.jobs_dir.exists()


def test_a_replay_of_a_blind_spot_that_is_not_there_is_refused_before_a_job_is_started(
    run: Run, project: Project
) -> None:
    write_jsonl(project.llm_dir / "recorded.jsonl", RECORDED)
    status, out, err = run("--replay", "--spot", "B1", "--spot", "B99")
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert f"no blind spot `B99`; take one of B1, B2, B3; `blindspot list {project.root}` shows them" in err
    assert not project.jobs_dir.exists()


@pytest.mark.usefixtures("in_process_jobs")
def test_the_command_that_takes_answers_back_is_quoted(run: Run, server: LlmServer) -> None:
    _, out, _ = run("--model", "meta-llama/Llama 3", "--base-url", server.base_url, "--spot", "B1")
    assert "--annotator 'llm-meta-llama/Llama 3'" in out


@pytest.mark.usefixtures("in_process_jobs")
def test_a_server_that_refuses_is_one_sentence_and_the_job_can_be_resumed(run: Run, project: Project) -> None:
    with LlmServer(lambda _: wrong_key()) as server:
        status, _, err = run("--model", "tiny", "--base-url", server.base_url)
    assert status == 1
    assert "401" in err
    assert "--resume teach-1" in err


@pytest.mark.usefixtures("in_process_jobs")
def test_a_replay_takes_the_recording_of_the_project_and_needs_no_model(run: Run, project: Project) -> None:
    write_jsonl(project.llm_dir / "recorded.jsonl", RECORDED)
    assert "costs nothing" in run("--replay", "--estimate")[1]
    status, out, err = run("--replay")
    assert (status, err) == (0, "")
    assert "1 of 3 blind spots answered by demo-llm; 23 samples missing; not in the recording: B2, B3" in out
    assert "2 patterns and 1 sample by demo-llm (llm, recorded; 0 target, 0 counter, 1 anchor)" in out
    assert {pattern.teacher.recorded for pattern in Records(project.teaching_dir).patterns()} == {True}
    other = project.root / "other.jsonl"
    write_jsonl(other, RECORDED)
    assert "1 of 1 blind spots" in run("--replay", str(other), "--spot", "B1")[1]


def test_a_detached_run_prints_the_job(run: Run, project: Project) -> None:
    write_jsonl(project.llm_dir / "recorded.jsonl", RECORDED)
    assert run("--replay", "--detach") == (0, "teach-1\n", "")
    main(["jobs", str(project.root), "--follow", "teach-1"])


def test_prompts_are_written_and_a_mistake_in_one_is_told_with_its_line(run: Run, project: Project) -> None:
    status, out, _ = run("--write-prompts")
    assert status == 0
    assert str(project.prompts_dir / "samples.txt") in out.splitlines()
    samples = project.prompts_dir / "samples.txt"
    samples.write_text(f"$nobody\n{samples.read_text()}")
    status, _, err = run("--model", "tiny")
    assert status == 1
    assert "samples.txt:1: unknown placeholder `$nobody`" in err
    assert (project.root / SETTINGS_FILE).is_file()
