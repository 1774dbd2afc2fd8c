"""Recorded answers: which blind spot they stand for, what is written of them, and that nobody is asked."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from engine.errors import TeacherError
from engine.files import write_jsonl
from engine.llm.call_log import read_calls
from engine.llm.replay import read_recording
from engine.llm.reports import TeachReport
from engine.llm.teacher import teach
from engine.project import Project
from engine.schema import Teacher
from engine.teaching.evidence import evidence_of
from engine.teaching.records import Records, Teaching
from tests.builders.discovery import save_discovery
from tests.engine.llm.answers import good_answer
from tests.engine.llm.server import LlmServer
from tests.engine.llm.spots import set_llm
from tests.engine.teaching.world import POOL, PROOF, make_discovery, make_project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_project(tmp_path / "work")


def answers(mark: str = "clock") -> dict[str, Any]:
    """Small answers to the three questions."""
    texts = (f"The {mark} was fed twice and still barked.", f"Who but a {mark} would send a bill for rain?")
    targets = [{"text": text, "label": "negative"} for text in texts]
    return {
        "abstraction": {"patterns": [f"A bare fact about a {mark}."]},
        "extrapolation": {"patterns": [f"A question about a {mark}."]},
        "samples": {
            "patterns": [
                {"pattern": 1, "targets": targets[:1], "counters": []},
                {"pattern": 2, "targets": targets[1:], "counters": []},
            ],
            "anchors": [{"text": f"Such a lovely old {mark}, truly.", "label": "positive"}],
        },
    }


def recorded(spot: str = "B7", evidence: str = "feedfeedfeedfeed", **more: Any) -> list[dict[str, Any]]:
    """The lines of one recorded blind spot, B1 of the world unless told otherwise."""
    where = {"gold": "negative", "predicted": "positive", "rows": ["n1", "n2", "n3", "n4"]} | more
    return [
        {
            "teacher": "demo-llm",
            "step": step,
            "blind_spot": spot,
            "evidence": evidence,
            "content": json.dumps(answer),
            **where,
        }
        for step, answer in answers().items()
    ]


def replayed(project: Project, lines: list[dict[str, Any]], **options: Any) -> TeachReport:
    path = project.root / "recording.jsonl"
    write_jsonl(path, lines)
    return teach(project, replay=path, **options)


def test_a_blind_spot_with_the_same_rows_gets_the_answers_marked_as_recorded(project: Project) -> None:
    report = replayed(project, recorded())
    assert report.teacher == Teacher("demo-llm", "llm", recorded=True)
    assert (report.finished, report.unrecorded) == (1, ("B2", "B3"))
    assert "not in the recording: B2, B3" in report.sentence
    assert report.samples == {"target": 2, "counter": 0, "anchor": 1}
    records = Records(project.teaching_dir)
    assert records.authors() == ("llm-demo-llm",)
    for record in (*records.patterns(), *records.samples()):
        assert (record.blind_spot, record.teacher, record.evidence) == ("B1", report.teacher, "feedfeedfeedfeed")
    calls = list(read_calls(project.llm_dir / "calls.jsonl"))
    assert [(call.step, call.recorded, call.blind_spot) for call in calls] == [
        ("abstraction", True, "B1"),
        ("extrapolation", True, "B1"),
        ("samples", True, "B1"),
    ]
    assert report.calls.recorded == 3


def test_a_second_replay_adds_nothing(project: Project) -> None:
    replayed(project, recorded())
    again = replayed(project, recorded())
    assert (again.already, again.patterns, sum(again.samples.values())) == (1, 0, 0)
    Teaching(project.teaching_dir, "llm-demo-llm").store.undo()
    assert sum(replayed(project, recorded()).samples.values()) == 3
    assert len(list(read_calls(project.llm_dir / "calls.jsonl"))) == 3


@pytest.mark.parametrize(
    ("rows", "more", "is_used"),
    [
        (["n1", "n2"], {}, True),  # 2 of 4
        (["n1", "n2", "n3", "n4", *(f"x{number}" for number in range(20))], {}, True),  # all 4, as after a promotion
        (["n1"], {}, False),
        (["n1", "n2", "n3", "n4"], {"gold": "positive", "predicted": "negative"}, False),
        ([], {}, False),
    ],
)
def test_half_of_the_rows_and_the_direction_must_be_the_same(
    project: Project, rows: list[str], more: dict[str, str], is_used: bool
) -> None:
    report = replayed(project, recorded(rows=rows, **more), spots=["B1"])
    assert (report.finished == 1) == is_used
    assert report.unrecorded == (() if is_used else ("B1",))


def test_a_recorded_blind_spot_stands_for_one_alone_the_one_of_which_it_has_seen_most(project: Project) -> None:
    rows = ["n1", "n2", "n3", "n4", "d1"]
    report = replayed(project, recorded(rows=rows) + recorded("B8", "deaddeaddeaddead", rows=rows))
    assert (report.finished, report.unrecorded) == (1, ("B2", "B3"))
    assert {pattern.blind_spot for pattern in Records(project.teaching_dir).patterns()} == {"B1"}


def test_equal_evidence_goes_before_shared_rows_and_needs_none(project: Project) -> None:
    seen = evidence_of(make_discovery(), "B1", held_back=0.2).hash
    exact = [{**line, "content": line["content"].replace("clock", "piano")} for line in recorded("B9", seen, rows=[])]
    for line in exact:
        line.pop("gold")
    replayed(project, recorded() + exact, spots=["B1"])
    assert {pattern.text.split()[-1] for pattern in Records(project.teaching_dir).patterns()} == {"piano."}
    assert {pattern.evidence for pattern in Records(project.teaching_dir).patterns()} == {seen}


def test_the_calls_of_a_project_are_a_recording(project: Project, tmp_path: Path) -> None:
    with LlmServer(lambda request: good_answer(request)) as server:
        asked = set_llm(project, model="tiny", base_url=server.base_url)
        teach(asked, spots=["B1", "B2"])
    with (project.llm_dir / "calls.jsonl").open("ab") as log:  # a pattern that was judged has no evidence
        log.write(orjson.dumps({**recorded()[0], "step": "judge", "teacher": "tiny", "evidence": None}) + b"\n")
    other = make_project(tmp_path / "other")
    report = teach(other, replay=project.llm_dir / "calls.jsonl")
    assert (report.teacher, report.unrecorded) == (Teacher("tiny", "llm", recorded=True), ("B3",))
    there, here = (Records(one.teaching_dir) for one in (project, other))
    assert {sample.text for sample in here.samples()} == {sample.text for sample in there.samples()}
    assert len(here.samples()) == 48
    assert len(server.requests) == 6


def test_recorded_samples_pass_the_same_checks(project: Project) -> None:
    lines = recorded()
    content = json.loads(lines[2]["content"])
    content["anchors"] = [{"text": POOL["p1"][0], "label": "positive"}, {"text": PROOF["x2"][0], "label": "positive"}]
    lines[2]["content"] = json.dumps(content)
    report = replayed(project, lines)
    assert report.refused == {"equals a row of the data": 1, "too close to a held-out proof row": 1}


def test_an_answer_that_is_missing_or_broken_is_told_by_blind_spot(project: Project) -> None:
    assert "has no answer" in replayed(project, recorded()[:2]).failed["B1"]
    broken = recorded()
    broken[2]["content"] = "none of your business"
    assert "cannot be used" in replayed(project, broken).failed["B1"]
    report = replayed(project, recorded())
    assert (report.finished, report.patterns, report.failed) == (1, 0, {})


def test_a_torn_line_and_answers_that_were_not_used_are_passed_over(project: Project) -> None:
    path = project.root / "torn.jsonl"
    lines = [*recorded(), {**recorded()[0], "status": "invalid", "content": "{}"}, {**recorded()[0], "step": "judge"}]
    write_jsonl(path, lines)
    with path.open("ab") as out:
        out.write(b'{"teacher": "demo-llm", "ste')
    assert teach(project, replay=path).finished == 1


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([], "no answer is in this file"),
        ([{"text": "A sample.", "label": "negative"}], "recording.jsonl:1: this is no recorded answer"),
        (recorded(rows=5), "no usable `rows`"),
        (recorded(rows=[{}]), "no usable `rows`"),
        (recorded(gold=None), "no usable `gold`"),
        ([{**recorded()[0], "teacher": " "}], "no usable `teacher`"),
        ([*recorded(), {**recorded()[0], "teacher": "other"}], "answers of demo-llm, other are in this file"),
    ],
)
def test_what_is_no_recording_of_one_llm_is_refused(project: Project, lines: list[dict[str, Any]], says: str) -> None:
    with pytest.raises(TeacherError, match=says):
        replayed(project, lines)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TeacherError, match="cannot be read"):
        read_recording(tmp_path / "nothing.jsonl")


def test_rows_found_anew_under_another_id_keep_their_answers(project: Project) -> None:
    found = make_discovery()
    first, *others = found.blind_spots
    save_discovery(project, replace(found, blind_spots=(replace(first, id="B12"), *others)))
    assert replayed(project, recorded()).finished == 1
    assert {pattern.blind_spot for pattern in Records(project.teaching_dir).patterns()} == {"B12"}
