"""How jobs end, in a sentence that says what is next."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.jobs import JobView
from engine.operations.job_records import CheckResult, CompareResult, DiscoverResult, HuntResult, RetrainResult
from engine.schema import Record
from tui.commands.jobs import describe
from tui.reporting.job_text import ending, with_kind


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (DiscoverResult(1, 7, 99, 0.9), "7 blind spots."),
        (DiscoverResult(1, 7, 99, 0.9, flagged=12), "7 blind spots, 12 rows flagged: # labels them."),
        (DiscoverResult(1, 8, 109, 0.9, new=("B8",), flagged=2), "8 blind spots, new: B8; r retrains."),
    ],
)
def test_a_discovery_says_what_is_new_and_which_key_comes_next(found: DiscoverResult, said: str) -> None:
    assert ending(done("discover", found)) == f"discover-1 is done: {said}"


@pytest.mark.parametrize(
    ("kind", "made", "said"),
    [
        ("hunt", HuntResult("hunt-1", 200, 90, 12), "hunt-1 is done; # labels the rows that it chose."),
        ("retrain", RetrainResult("proofs/0000abcd/report.json"), "retrain-1 is done; p shows what it proved."),
        ("check", CheckResult("checks/0000abcd.json"), "check-1 is done."),
    ],
)
def test_only_a_retrain_has_proved_something(kind: str, made: Record, said: str) -> None:
    assert ending(done(kind, made)) == said


@pytest.mark.parametrize(
    ("kind", "made", "said"),
    [
        ("discover", DiscoverResult(1, 1, 99, 0.9), "round 1: 1 blind spot among 99 UUs at tau 0.9"),
        (
            "discover",
            DiscoverResult(2, 8, 109, 0.95, new=("B8", "B9"), flagged=2),
            "round 2: 8 blind spots among 109 UUs at tau 0.95, new: B8, B9; 2 flagged rows",
        ),
        ("compare", CompareResult(1, 5), "1 judgement of 5 items compared"),
    ],
)
def test_the_list_of_jobs_says_what_came_of_them_in_a_sentence(kind: str, made: Record, said: str) -> None:
    assert describe(done(kind, made)).split(maxsplit=2) == [f"{kind}-1", "done", said]


def test_the_header_says_a_kind_and_its_stage_of_the_same_name_once() -> None:
    running = replace(done("teach", CheckResult("")), state="running", done=1, total=4)
    assert with_kind(replace(running, stage="teach")) == "teach 25 %"
    assert with_kind(replace(running, stage="score")) == "teach score 25 %"
    assert with_kind(replace(running, stage="", total=0)) == "teach starting"


def done(kind: str, made: Record) -> JobView:
    return JobView(f"{kind}-1", kind, "done", 0.0, {}, "", 0, 0, None, {}, 0.0, "", made.as_json(), False)
