"""The LLM judges patterns blind and rewords its own, against a real server on 127.0.0.1."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from engine import jobs
from engine.errors import Stopped, StoreError
from engine.llm.call_log import CALLS_FILE, Call, read_calls
from engine.llm.chat_backend import ServerRefused
from engine.llm.pattern_judge import judge
from engine.llm.reports import JudgeReport
from engine.operations.job_records import JudgeOptions
from engine.progress import Silent
from engine.project import Project
from engine.schema import Application, Pattern
from engine.teaching.pattern_testing import PatternResult, find_pattern, results
from engine.teaching.records import Records
from tests.builders.monitor import Recorder
from tests.engine.llm.judges import NEW_WORDING, asking, rows_of, says, step_of
from tests.engine.llm.server import Fault, LlmServer, wrong_key
from tests.engine.teaching.tested_patterns import MODEL, WORDING, decide, held_back, pattern_project, write


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return pattern_project(tmp_path / "work")


def found(project: Project, pattern: Pattern) -> list[PatternResult]:
    discovery = project.discovery()
    assert discovery is not None
    return results(project, discovery, Records(project.teaching_dir), pattern)


def calls(project: Project) -> list[Call]:
    return list(read_calls(project.llm_dir / CALLS_FILE))


def run(project: Project, **options: Any) -> JudgeReport:
    return judge(project, monitor=Silent(), **options)


def test_the_llm_judges_patterns_of_all_teachers_and_its_verdicts_give_figures(project: Project) -> None:
    own, theirs = write(project, "llm-m1", teacher=MODEL, text="Thanks."), write(project, "ann")
    with LlmServer(says("Thanks so much")) as server:
        report = run(asking(project, server))
        assert sorted(report.judged) == [theirs.id, own.id]
        assert len(server.requests) == 2
    for pattern in (own, theirs):
        (result,) = found(project, pattern)
        assert (result.author, result.judge.kind, result.judge.name) == ("llm-m1", "llm", "m1")
        assert result.precision is not None
        assert result.precision.value == 1
        assert result.wrong == ()
    assert {(call.step, call.blind_spot, call.pattern) for call in calls(project)} == {
        ("judge", "B1", own.id),
        ("judge", "B1", theirs.id),
    }


def test_the_judge_is_told_nothing_about_the_rows_but_their_texts(project: Project) -> None:
    write(project, "ann")
    with LlmServer(says()) as server:
        run(asking(project, server))
        (request,) = server.requests
    assert all(row.keys() == {"row", "text"} for row in rows_of(request))
    assert len(rows_of(request)) == 4
    prompt = request["messages"][1]["content"]
    assert WORDING in prompt
    assert not any(word in prompt for word in ("negative", "positive", "0.95", "ann", *held_back(project)))


def test_pairs_are_judged_as_pairs(tmp_path: Path) -> None:
    project = pattern_project(tmp_path / "pairs", pair="The guest is content.")
    write(project, "ann")
    with LlmServer(says("Thanks")) as server:
        assert run(asking(project, server)).judged == ("P1@ann",)
        (request,) = server.requests
    assert {row["text_pair"] for row in rows_of(request)} == {"The guest is content."}


def test_it_rewords_its_own_patterns_once_with_the_counter_examples_and_no_other_held_back_row(
    project: Project,
) -> None:
    own, theirs = write(project, "llm-m1", teacher=MODEL), write(project, "ann")
    hidden = held_back(project)
    discovery = project.discovery()
    assert discovery is not None
    missed, hit = (discovery.predictions[row].text for row in hidden)
    with LlmServer(says(hit, "Awful")) as server:
        project = asking(project, server)
        assert run(project, refine=True).reworded == (own.id,)
        (refine,) = (request for request in server.requests if step_of(request) == "refine")
        again = run(project, refine=True)
        assert again.reworded == again.judged == ()
        assert sorted(again.untestable) == [own.id]
        assert again.before == (theirs.id,)
        assert len(server.requests) == 3
    prompt = refine["messages"][1]["content"]
    assert missed in prompt
    assert hit not in prompt
    assert sum(f"Awful: {text}" in prompt for text in (missed[len("Thanks so much, ") :],)) == 1
    new = find_pattern(Records(project.teaching_dir), own.id)
    assert (new.text, new.refined, new.evidence) == (NEW_WORDING, True, own.evidence)
    assert find_pattern(Records(project.teaching_dir), theirs.id) == theirs
    (old,) = found(project, new)
    assert old.text == WORDING


def test_an_answer_that_leaves_rows_out_is_mended_once_and_else_counted(project: Project) -> None:
    first, second = write(project, "ann", text="One."), write(project, "ann", text="Two.")

    def answer(request: dict[str, Any]) -> str:
        prompt = request["messages"][1]["content"]
        if "One." in prompt and len(request["messages"]) == 2:
            return '{"verdicts": [{"row": 1, "applies": true}]}'
        if "Two." in prompt:
            return '{"verdicts": [{"row": 1, "applies": true}, {"row": 9, "applies": false}]}'
        return str(says("Thanks")(request))

    with LlmServer(answer) as server:
        report = run(asking(project, server))
        assert any("rows 2, 3, 4 have no verdict" in str(request["messages"]) for request in server.requests)
    assert report.judged == (first.id,)
    assert list(report.failed) == [second.id]
    assert "without an answer: 1 (" in report.sentence
    assert found(project, second) == []


def test_what_cannot_be_tested_is_told_and_nobody_is_asked(project: Project) -> None:
    pattern = write(project, "ann", spot="B2")
    with LlmServer(says()) as server:
        report = run(asking(project, server))
        assert server.requests == []
    assert "none of the 4 rows of B2 is held back" in report.untestable[pattern.id]
    assert "without rows to be tested on: 1" in report.sentence


def test_named_patterns_alone_are_judged_and_unknown_ones_refused(project: Project) -> None:
    first, _ = write(project, "ann", text="One."), write(project, "ann", text="Two.")
    with LlmServer(says()) as server:
        project = asking(project, server)
        assert run(project, patterns=[first.id]).judged == (first.id,)
        with pytest.raises(StoreError, match="no pattern `P9@ann`"):
            run(project, patterns=["P9@ann"])


def test_a_server_that_answers_nothing_stops_the_run(project: Project) -> None:
    write(project, "ann")
    with LlmServer(lambda request: wrong_key()) as server, pytest.raises(ServerRefused):
        run(asking(project, server))


def test_the_run_ends_at_its_budget_and_what_is_answered_is_kept(project: Project) -> None:
    patterns = [write(project, "ann", text=f"Pattern number {n}.") for n in range(5)]
    with LlmServer(says("Thanks")) as server:
        project = asking(project, server, parallel=1, max_output_tokens=64)
        run(project, patterns=[patterns.pop().id])
        (call,) = calls(project)
        report = run(project, patterns=[one.id for one in patterns], max_tokens=3 * (call.tokens_in or 0))
        assert 0 < len(report.judged) < len(patterns)
        assert "tokens are spent" in report.stopped
        asked = len(server.requests)
        rest = run(project)
        assert len(server.requests) - asked == len(rest.judged) == len(patterns) - len(report.judged)
        assert len(rest.before) == len(report.judged) + 1


def test_a_run_that_goes_on_counts_what_it_had_spent_before(project: Project) -> None:
    first, second = (write(project, "ann", text=f"Pattern number {n}.").id for n in range(2))
    with LlmServer(says("Thanks")) as server:
        project = asking(project, server, parallel=1, max_output_tokens=64)
        run(project, patterns=[first])
        (call,) = calls(project)
        spent = (call.tokens_in or 0) + (call.tokens_out or 0)
        none = run(project, patterns=[second], max_tokens=0).stopped
        limit = int(none.split("could take ")[1].split(";")[0].replace(",", ""))  # enough for the second one alone
        report = run(project, patterns=[second], max_tokens=limit, since=call.time)
        assert report.judged == ()
        assert f"{spent:,} of {limit:,} tokens are spent" in report.stopped
        assert run(project, patterns=[second], max_tokens=limit).judged == (second,)


def test_a_stopped_run_does_not_wait_for_the_server(project: Project) -> None:
    write(project, "ann")
    holding = threading.Event()

    def answer(request: dict[str, Any]) -> Fault:
        holding.set()
        return Fault(hold=True)

    with LlmServer(answer) as server, pytest.raises(Stopped):
        judge(asking(project, server), monitor=Recorder(lambda *_: holding.is_set()))


@pytest.mark.usefixtures("forked_processes")
def test_the_job_judges_in_a_process_of_its_own(project: Project) -> None:
    decide(project, "ann")
    pattern = write(project, "ann")
    with LlmServer(says("Thanks so much")) as server:
        asking(project, server)
        job_id = jobs.start(project.root, JudgeOptions(patterns=(pattern.id,)))
        last = list(jobs.follow(project.root, job_id))[-1]
    assert last["type"] == "done", last
    assert last["result"]["judged"] == [pattern.id]
    assert last["result"]["sentence"] == "m1 judged 1 pattern, reworded none."
    records = Records(project.teaching_dir).by_author("application")
    assert len([one for author, one in records if isinstance(one, Application) and author == "llm-m1"]) == 4
