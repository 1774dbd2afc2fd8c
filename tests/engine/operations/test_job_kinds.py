"""What jobs are asked for: files of versions before and after this one open, and nonsense is refused in a sentence."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import JobError
from engine.jobs import JobView
from engine.jobs.kind import JobOptions
from engine.operations.job_kinds import KINDS, asked_of
from engine.operations.job_records import (
    AuditOptions,
    CheckOptions,
    CompareOptions,
    DiscoverOptions,
    JudgeOptions,
    RetrainOptions,
    RetrainResult,
    SearchOptions,
    TeachOptions,
    WatchOptions,
)
from engine.schema import Teacher


def job_of(kind: str, options: dict[str, Any], **more: Any) -> JobView:
    return JobView(id=f"{kind}-1", kind=kind, state="done", created=0.0, options=options, **more)


# as version 0.2.0 wrote them
BEFORE: list[tuple[dict[str, Any], JobOptions]] = [
    ({}, DiscoverOptions()),
    ({"tau": 0.8}, DiscoverOptions(tau=0.8)),
    (
        {"teaching": ["a.jsonl"], "teacher": {"name": "ada", "kind": "human", "recorded": False}},
        DiscoverOptions(teaching=("a.jsonl",), teacher=Teacher("ada", "human")),
    ),
    ({"replay": "llm/recorded.jsonl"}, TeachOptions(replay="llm/recorded.jsonl")),
    (
        {
            "spots": None,
            "max_cost": 1,
            "max_tokens": None,
            "model": None,
            "base_url": None,
            "replay": None,
            "since": 1764380000.5,
        },
        TeachOptions(max_cost=1.0, since=1764380000.5),
    ),
    ({"arms": None, "quick": True}, RetrainOptions(quick=True)),
    (
        {
            "arms": ["human", "llm"],
            "recipes": None,
            "seeds": [13, 14],
            "equal": "count",
            "reviewed": False,
            "controls": True,
        },
        RetrainOptions(arms=("human", "llm"), seeds=(13, 14), equal="count", controls=True),
    ),
    ({"patterns": ["P1"]}, JudgeOptions(patterns=("P1",))),
    ({"pattern": "P1@ann", "samples": ["S1@ann"]}, SearchOptions(pattern="P1@ann", samples=("S1@ann",))),
    ({"labels": 60}, AuditOptions(labels=60)),
    ({"file": "/data/week49.csv", "label_map": ["1=good"]}, WatchOptions("/data/week49.csv", label_map=("1=good",))),
    ({"own": True}, CompareOptions(own=True)),
    ({"model": None}, CheckOptions()),
]


@pytest.mark.parametrize(("values", "options"), BEFORE)
def test_what_a_version_before_or_after_was_asked_for_opens(values: dict[str, Any], options: JobOptions) -> None:
    for kept in (values, values | {"of_a_later_version": [1]}, options.as_json()):
        assert asked_of(job_of(options.kind, kept)) == options


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_needs_no_key_of_what_it_was_asked_for(kind: str) -> None:
    assert asked_of(job_of(kind, {})) == KINDS[kind].options()


def test_a_kind_of_a_later_version_and_nonsense_are_refused_in_a_sentence() -> None:
    with pytest.raises(JobError, match=r"no kind of job called pilot; use one of discover, teach, .*check\."):
        asked_of(job_of("pilot", {}))
    with pytest.raises(JobError, match=r"a retrain job was asked for is damaged: `seeds.1` is not a whole number; st"):
        asked_of(job_of("retrain", {"seeds": [13, "14"]}))


def test_a_damaged_file_of_a_job_is_shown_without_what_it_lacks() -> None:
    job = job_of("retrain", {"arms": 7}, result={"report": 7})
    assert job.asked(RetrainOptions) is None
    assert job.asked(CompareOptions) is None
    assert job.made(RetrainResult) is None
    assert job.sentence == ""
