"""`blindspot find-rows`: what it prints and what it does not, the queue, and what others may not see."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from engine.label_queue.open_queues import open_queues
from engine.label_queue.queue_files import queues
from engine.llm.call_log import CALLS_FILE, read_calls
from engine.project import Project
from engine.schema import Pattern
from engine.teaching.found_rows import searches
from engine.teaching.labels import Labels
from engine.teaching.records import Records, Teaching
from tests.engine.llm.judges import asking, says
from tests.engine.llm.server import LlmServer
from tests.engine.teaching.found import BITTER, PLAIN, search_project, write_sample
from tests.engine.teaching.tested_patterns import MODEL, WORDING, decide, pattern_project, write
from tests.tui.commands.conftest import Run
from tui.cli import main

pytestmark = pytest.mark.usefixtures("in_process_jobs")  # one of its own: tests/engine/operations/test_search.py


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return search_project(tmp_path / "work")


@pytest.fixture
def run(run: Run) -> Run:
    """Run this command as ann."""
    return lambda *words: run("find-rows", *words, "--annotator", "ann")


def test_rows_are_listed_queued_once_and_labelled_blind(
    project: Project, run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "Nothing was searched for yet" in run()[1]
    pattern = write(project, "ann")
    write_sample(project, "ann", BITTER["w2"], pattern=pattern.id)
    with LlmServer(says("Thanks")) as server:
        project = asking(project, server)
        status, out, err = run("P1", "--rows", "7", "--by", "llm", "--queue")
    assert (status, err) == (0, "")
    assert "7 of 7 rows without a label found for pattern P1@ann, by 1 sample and 8 UUs of the evidence" in out
    assert "m1 finds that it applies to 2 of 7" in out
    assert all(text in out for text in (BITTER | PLAIN).values())
    assert not any(word in out for word in ("negative", "positive", "0.95", "predicted"))
    assert f"queued as pattern-1: blindspot label {project.root} --queue pattern-1" in out
    (queue,) = queues(project)
    assert sorted((one.row, one.reason, one.chance) for one in queue.choices) == [
        ("w0", "found by pattern P1@ann", None),
        ("w1", "found by pattern P1@ann", None),
    ]
    values = orjson.loads(run("P1", "--last", "--queue", "--json")[1])
    assert (values["queue"], values["stale"], len(values["rows"])) == ("pattern-1", "", 7)
    assert dict(open_queues(project, Teaching.of(project, "ann")))["pattern-1"] == 2
    monkeypatch.setattr("sys.stdin", io.StringIO("negative\n"))
    assert main(["label", str(project.root), "--queue", "pattern", "--plain", "--annotator", "ann"]) == 0
    told = capsys.readouterr().out
    assert "Thanks" in told
    assert "found by" not in told
    ((given,),) = Labels(Records(project.teaching_dir)).people.values()
    assert (given.given.label, given.given.queue, given.given.chance) == ("negative", "pattern", None)


def test_what_was_found_stays_and_says_when_its_pattern_was_reworded(project: Project, run: Run) -> None:
    pattern = write(project, "ann")
    assert run("P1", "--rows", "2")[0] == 0
    assert "out of date" not in run("P1", "--last")[1] + run()[1]
    _reword(project, pattern, "Praise that is a threat.")
    assert "was not searched for in its present wording; leave --last out" in run("P1", "--last")[2]
    out = run()[1]
    assert WORDING in out
    assert "out of date: P1@ann was reworded since" in out
    assert orjson.loads(run("--json")[1])[0]["stale"] == "P1@ann was reworded since"


def _reword(project: Project, pattern: Pattern, text: str) -> None:
    with Teaching(project.teaching_dir, "ann").store.edit("reword") as edit:
        edit.put("pattern", pattern.id, replace(pattern, text=text))


def test_what_is_sealed_finds_nothing_and_what_was_typed_is_ones_own(project: Project, run: Run) -> None:
    write(project, "llm-m1", teacher=MODEL, text="A sealed thought.")
    for name in ("P1@llm-m1", "S1@llm-m1", "P9", "S9"):
        status, out, err = run(name)
        assert (status, out) == (1, "")
        assert "there is no " in err
        assert "sealed thought" not in err
    status, out, _ = run("--text", PLAIN["o3"], "--rows", "1")
    assert (status, PLAIN["o3"] in out) == (0, True)
    write(project, "bob", text="A sealed thought.")
    assert main(["find-rows", str(project.root), "P1", "--rows", "1", "--annotator", "bob"]) == 0
    assert "sealed thought" not in run()[1]
    decide(project, "ann")
    assert "sealed thought" in run()[1]
    assert run("P1@bob", "--last")[0] == 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("P1", "--text", "x"), "name patterns and samples, or give a --text"),
        (("--queue",), "name a pattern or samples"),
        (("P1", "--max-cost", "1"), "go with --by llm"),
        (("P1", "--estimate"), "go with --by llm"),
        (("P1", "--last", "--detach"), "--last searches for nothing"),
        (("P1", "--rows", "0"), "not a whole number from 1 on"),
    ],
)
def test_wrong_usage(run: Run, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], says: str) -> None:
    with pytest.raises(SystemExit) as left:
        run(*words)
    assert left.value.code == 2
    assert says in capsys.readouterr().err


def test_a_pool_that_came_labelled_is_refused_before_a_job(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = pattern_project(tmp_path / "labelled")
    assert main(["find-rows", str(project.root), "--text", WORDING]) == 1
    assert "every pool row came with a label; add rows with `blindspot add" in capsys.readouterr().err
    assert not project.jobs_dir.exists()


def test_without_an_llm_it_says_so(project: Project, run: Run) -> None:
    write(project, "ann")
    assert "no LLM is set up" in run("P1", "--by", "llm")[2]


def test_an_estimate_searches_for_nothing_asks_nobody_and_is_near_what_is_sent(project: Project, run: Run) -> None:
    pattern = write(project, "ann")
    write_sample(project, "ann", BITTER["w2"], pattern=pattern.id)
    with LlmServer(says("Thanks")) as server:
        project = asking(project, server)
        guess = orjson.loads(run("P1", "--by", "llm", "--estimate", "--json")[1])
        assert run("--text", "Bitter.", "--by", "llm", "--rows", "2", "--estimate")[1].startswith("1 call for 2 rows, ")
        assert "only a pattern or a text can apply" in run("S1", "--by", "llm", "--estimate")[2]
        assert (server.requests, project.jobs_dir.exists(), searches(project)) == ([], False, [])
        assert run("P1", "--by", "llm")[0] == 0
        (call,) = read_calls(project.llm_dir / CALLS_FILE)
    assert (guess["calls"], guess["rows"], guess["model"]) == (1, 7, "m1")
    assert 0.8 < guess["tokens_in"] / call.tokens_in < 1.25
