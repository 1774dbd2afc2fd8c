from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest

from engine.llm.call_log import CALLS_FILE, read_calls
from engine.project import Project
from engine.teaching.pattern_testing import find_pattern, hand_in, pattern_test_of
from engine.teaching.records import Records, Teaching
from tests.engine.llm.judges import NEW_WORDING, asking, says
from tests.engine.llm.server import LlmServer
from tests.engine.teaching.tested_patterns import MODEL, WORDING, decide, held_back, pattern_project, write
from tests.tui.commands.conftest import Run
from tui.cli import main


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = pattern_project(tmp_path / "work")
    write(project, "ann")
    decide(project, "ann")
    return project


@pytest.fixture
def run(run: Run) -> Run:
    """Run this command as ann."""
    return lambda *words: run("test-pattern", *words, "--annotator", "ann")


def values(result: tuple[int, str, str]) -> Any:
    status, out, err = result
    assert (status, err) == (0, "")
    return orjson.loads(out)


def judged_by_model(project: Project) -> None:
    discovery, teaching = project.discovery(), Teaching(project.teaching_dir, "llm-m1")
    assert discovery is not None
    tested = pattern_test_of(project, discovery, teaching, find_pattern(teaching, "P1@ann"))
    hand_in(teaching, tested, {case.row.id: True for case in tested.cases}, MODEL)


def test_rows_are_printed_without_what_they_are_until_the_answers_are_there(
    project: Project, run: Run, tmp_path: Path
) -> None:
    hidden = held_back(project)
    status, out, err = run("P1")
    assert (status, err) == (0, "")
    assert "not judged yet: 4 rows" in out
    assert all(row in out for row in hidden)
    assert not any(word in out for word in ("UU", "right", "predicted", "0.95", "counter-example"))
    blind = values(run("P1", "--json"))
    assert {frozenset(case) for case in blind["cases"]} == {frozenset({"row", "text", "text_pair"})}
    file = tmp_path / "answers.json"
    rows = [case["row"] for case in blind["cases"]]
    file.write_bytes(orjson.dumps({row: row == hidden[0] for row in rows}))
    status, out, err = run("P1", "--judge", str(file))
    assert (status, err) == (0, "")
    assert "by ann (human): precision 1.00 (1 of 1; 0.21 to 1.00), recall 0.50 (1 of 2; 0.09 to 0.91)" in out
    assert f"counter-example of ann: {hidden[1]}, a UU to which it does not apply" in out
    found = values(run("P1", "--json"))
    assert [case["is_uu"] for case in found["cases"]].count(True) == 2
    assert [case["row"]["id"] for case in found["results"][0]["wrong"]] == [hidden[1]]
    status, _, err = run("P1", "--judge", str(file))
    assert status == 1
    assert "ann has judged this wording already" in err


def test_answers_are_read_from_stdin_and_broken_ones_are_refused(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "answers.json"
    for content, reason in (
        (b"{", "this is not valid JSON"),
        (b"[]", "neither true nor false"),
        (b'{"u1": "yes"}', "neither true nor false"),
        (b'{"zz": true}', "row `zz` is not of this test"),
    ):
        file.write_bytes(content)
        status, _, err = run("P1", "--judge", str(file))
        assert status == 1
        assert reason in err
    assert "cannot be read" in run("P1", "--judge", str(tmp_path / "none"))[2]
    rows = [case["row"] for case in values(run("P1", "--json"))["cases"]]
    answers = io.TextIOWrapper(io.BytesIO(orjson.dumps(dict.fromkeys(rows, True))))
    monkeypatch.setattr(sys, "stdin", answers)
    assert "precision 0.50" in run("P1", "--judge", "-")[1]


def test_another_judges_figures_are_shown_without_the_rows(project: Project, run: Run) -> None:
    judged_by_model(project)
    status, out, err = run("P1")
    assert (status, err) == (0, "")
    assert "by m1 (llm): precision 0.50 (2 of 4;" in out
    assert "counter-example" not in out
    found = values(run("P1", "--json"))
    assert found["results"][0]["precision"] == {
        "hits": 2,
        "n": 4,
        "low": pytest.approx(0.15, abs=0.01),
        "high": pytest.approx(0.85, abs=0.01),
    }
    assert not {"cases", "wrong"} & found["results"][0].keys()


def test_a_pattern_is_reworded_once_and_keeps_the_figures_of_the_wording_before(project: Project, run: Run) -> None:
    assert "has not been tested yet" in run("P1", "--reword", "x")[2]
    judged_by_model(project)
    status, out, err = run("P1", "--reword", "Thanks for something bad.")
    assert (status, err) == (0, "")
    assert "Thanks for something bad." in out
    assert "no figures for this wording: it was reworded after a test" in out
    assert f"the wording before ({WORDING}), by m1 (llm): precision 0.50" in out
    assert "counter-example of m1" in out
    records = Records(project.teaching_dir)
    assert find_pattern(records, "P1@ann").text == WORDING, "what was handed in stays"
    new = find_pattern(records, "P2@ann")
    assert (new.text, new.refined, new.rewords) == ("Thanks for something bad.", True, "P1@ann")
    assert "reworded before" in run("P2", "--reword", "And again.")[2]
    assert "reworded before" in run("P1", "--reword", "And again.")[2]


def test_nothing_is_told_of_patterns_that_are_sealed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = pattern_project(tmp_path / "sealed")
    write(project, "ann")
    write(project, "llm-m1", teacher=MODEL, text="A secret wording.")
    judged_by_model(project)
    for words in ([], ["P1"], ["P1@llm-m1"], ["--json"]):
        main(["test-pattern", str(project.root), *words, "--annotator", "ann"])
        out, err = capsys.readouterr()
        assert not any(word in out + err for word in ("secret", "precision", "u1", "Thanks"))
    decide(project, "ann")
    assert main(["test-pattern", str(project.root), "--annotator", "ann"]) == 0
    out = capsys.readouterr().out
    assert "A secret wording." in out
    assert "by m1 (llm): precision" in out


def test_options_that_do_not_go_together_are_refused(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (
        ["P1", "--refine"],
        ["P1", "--by", "llm", "--reword", "x"],
        ["--reword", "x"],
        ["--max-tokens", "9"],
        ["--estimate"],
        ["--max-cost", "0"],
    ):
        with pytest.raises(SystemExit):
            run(*words)
        assert "blindspot test-pattern" in capsys.readouterr().err


def test_without_an_llm_no_job_is_started(project: Project, run: Run) -> None:
    status, _, err = run("--by", "llm")
    assert status == 1
    assert err.startswith("blindspot: llm.model: no LLM is set up; name a model in [llm] of blindspot.toml ")
    assert not project.jobs_dir.exists()


def test_a_limit_that_cannot_be_kept_is_refused_before_a_job_is_started(project: Project, run: Run) -> None:
    with LlmServer(says("Thanks")) as server:
        asking(project, server)
        for words, says_so in ((["--max-cost", "1"], "price of the model"), (["--max-tokens", "-1"], "cannot be -1")):
            status, _, err = run("--by", "llm", *words)
            assert (status, says_so in err) == (1, True)
    assert not project.jobs_dir.exists()


def test_an_estimate_asks_nobody_and_leaves_out_what_is_judged(project: Project, run: Run) -> None:
    write(project, "ann")
    with LlmServer(says("Thanks")) as server:
        project = asking(project, server)
        guess = values(run("--by", "llm", "--estimate", "--json"))
        assert (server.requests, project.jobs_dir.exists()) == ([], False)
        run("P1", "--by", "llm")
        (call,) = read_calls(project.llm_dir / CALLS_FILE)
    assert (guess["calls"], guess["rows"]) == (2, 8)
    assert 0.8 < guess["tokens_in"] / 2 / call.tokens_in < 1.25
    assert run("--by", "llm", "--estimate")[1].startswith("1 call for 4 rows, about ")
    assert run("P1", "--by", "llm", "--estimate")[1].startswith("nothing to ask: every pattern has been judged")


def test_the_llm_judges_and_rewords_from_the_command_line(project: Project, run: Run) -> None:
    write(project, "llm-m1", teacher=MODEL, text="Anything at all.")
    with LlmServer(says("Thanks", "Awful")) as server:
        asking(project, server)
        status, out, err = run("--by", "llm", "--refine")
        assert (status, err) == (0, "")
    assert "m1 judged 2 patterns, reworded 1." in out
    assert f"P1@llm-m1  abstraction by m1 (llm): {NEW_WORDING}" in out
    assert "the wording before (Anything at all.), by m1 (llm): precision 0.50 (2 of 4;" in out
    assert "by m1 (llm): precision 0.50 (2 of 4;" in out.partition("P1@llm-m1")[0]
    assert "counter-example" not in out
    status, _, err = run("P9", "--by", "llm")
    assert status == 1
    assert "there is no pattern `P9@ann`" in err
