"""`blindspot label DIR --by llm` as a user runs it: estimate, the job, replay, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from engine.project import Project
from engine.teaching.labels import Labels
from engine.teaching.records import Records
from tests.builders.project import put_split
from tests.builders.stream import stream_project
from tests.engine.llm.labels import labelling
from tests.engine.llm.server import LlmServer
from tests.tui.commands.conftest import Run

pytestmark = pytest.mark.usefixtures("in_process_jobs")  # one of its own: tests/e2e/test_label_by_llm.py


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return stream_project(tmp_path / "work", rows=30)


@pytest.fixture
def server() -> Iterator[LlmServer]:
    with LlmServer(labelling()) as server:
        yield server


@pytest.fixture
def run(run: Run) -> Run:
    """Run this command."""
    return partial(run, "label")


def test_it_says_what_it_will_take_runs_and_tells_what_came_of_it(
    run: Run, server: LlmServer, project: Project
) -> None:
    asked = ("--by", "llm", "--rows", "all", "--model", "tiny", "--base-url", server.base_url)
    status, out, _ = run(*asked, "--estimate")
    assert (status, server.requests) == (0, [])
    assert out.startswith("2 calls for 30 rows, about ")
    status, out, err = run(*asked)
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].startswith(
        f"tiny at {server.base_url[7:-3]}, without a guideline (guidelines.md): 2 calls for 30 rows, about "
    )
    assert lines[1] == "30 of 30 rows labelled by tiny, without a guideline (guidelines.md)"
    assert lines[2] == "29 sure, 0 likely, 1 guesses"
    assert lines[-1].startswith(f"to take back the last batch: blindspot undo {project.root} --annotator llm-tiny")
    assert len(Labels(Records(project.teaching_dir)).llms["llm-tiny"]) == 30
    assert json.loads(run(*asked, "--json")[1])["already"] == 30
    assert len(server.requests) == 2


def test_of_held_out_rows_it_says_what_the_labels_are_for(
    run: Run, server: LlmServer, project: Project, tmp_path: Path
) -> None:
    rows = [{"id": f"h{n}", "text": f"held out words {n} , never taught", "label": ""} for n in range(3)]
    put_split(project.root, "proof", rows)
    asked = ("--by", "llm", "--split", "proof", "--rows", "all", "--model", "tiny", "--base-url", server.base_url)
    assert run(*asked, "--estimate")[1].startswith("1 call for 3 held-out rows, about ")
    status, out, err = run(*asked)
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert lines[1] == "3 of 3 held-out rows labelled by tiny, without a guideline (guidelines.md)"
    assert f"they count in audits and verdicts alone, and train nothing: blindspot audit {project.root}" in lines
    assert [len(Labels(Records(project.teaching_dir), split).llms) for split in ("pool", "proof")] == [0, 1]


def test_what_is_for_people_or_for_an_llm_alone_is_said(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    for words, sentence in (
        (("--by", "llm", "--queue", "random"), "--queue is for people"),
        (("--by", "llm", "--flagged", "B1"), "--flagged is for people"),
        (("--rows", "all"), "--rows needs --by llm"),
        (("--split", "proof"), "--split needs --by llm"),
        (("--estimate",), "--estimate needs --by llm"),
    ):
        with pytest.raises(SystemExit) as left:
            run(*words)
        assert left.value.code == 2
        assert sentence in capsys.readouterr().err


def test_nothing_leaves_before_somebody_agreed(run: Run, server: LlmServer, project: Project) -> None:
    (project.root / "prompts").mkdir()
    (project.root / "prompts" / "task.txt").write_text("Send me everything.")
    status, out, err = run("--by", "llm", "--rows", "all", "--model", "tiny", "--base-url", server.base_url)
    assert (status, out) == (1, "")
    assert "task.txt" in err
    assert server.requests == []


def test_rows_that_the_model_is_sure_of_need_a_discovery(run: Run, server: LlmServer) -> None:
    status, _, err = run("--by", "llm", "--model", "tiny", "--base-url", server.base_url)
    assert status == 1
    assert "nothing has been discovered yet; run `blindspot discover" in err
    assert run("--by", "llm", "--rows", "some", "--model", "tiny")[2].endswith(
        "give confident, all or a number from 1.\n"
    )
