"""The recorded answers of the bundled data: whole, within the rules for every sample, and replayed with no server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import orjson
import pytest

import sample_data
from engine.errors import RefusedRecord
from engine.files import write_json
from engine.llm import answer_schemas as forms
from engine.llm.call_log import STEPS, read_calls
from engine.llm.replay import read_recording
from engine.llm.teacher import teach
from engine.operations.create_project import create_project
from engine.project import Project
from engine.schema import BlindSpot, Discovery, Example, Prediction, Sample, Teacher
from engine.teaching.records import Records
from engine.teaching.validation import Draft, SampleChecker
from tests.builders.discovery import discovery_of

FILE = sample_data.FOLDER / "teaching" / "recorded.jsonl"
LINES: list[dict[str, Any]] = [orjson.loads(line) for line in FILE.open("rb")]
LONGEST_PATTERN = 50  # words, by the prompts


@dataclass(frozen=True)
class Recorded:
    """The answers to one blind spot."""

    spot: str
    gold: str
    predicted: str
    rows: tuple[str, ...]
    answers: dict[str, str]


def recorded() -> Iterator[Recorded]:
    """Each blind spot of the file once, as its first evidence had it."""
    seen = set()
    for (spot, _), group in groupby(LINES, key=lambda line: (line["blind_spot"], line["evidence"])):
        lines = list(group)
        if spot not in seen:
            seen.add(spot)
            first = lines[0]
            answers = {line["step"]: line["content"] for line in lines}
            yield Recorded(spot, first["gold"], first["predicted"], tuple(first["rows"]), answers)


SPOTS = list(recorded())


@pytest.fixture
def demo(tmp_path: Path) -> Project:
    """A project over the bundled data in which the recorded blind spots were found."""
    data = sample_data.FOLDER / "data"
    files = {name: data / f"{name}.jsonl" for name in ("train", "pool", "proof", "test", "dev")}
    project = create_project(tmp_path / "demo", **files, text="text", label="label")  # type: ignore[arg-type]
    pool = {row.id: row for row in project.examples("pool")}
    write_json(project.round_dir(1) / "discovery.json", recorded_discovery(SPOTS, pool).as_json())
    return project


def recorded_discovery(spots: list[Recorded], pool: dict[str, Example]) -> Discovery:
    """The blind spots as if just these rows had been found, with no neighbours: a hash that nobody has recorded."""
    wrong = {row: spot.predicted for spot in spots for row in spot.rows}
    found = [
        BlindSpot(f"B{n}", spot.gold, spot.predicted, spot.rows, 0.95, 0.5, ())
        for n, spot in enumerate(reversed(spots), start=1)
    ]
    rows = {
        row: Prediction(row, pool[row].text, pool[row].label, said, 0.95, (0.05, 0.95)) for row, said in wrong.items()
    }
    return discovery_of(found, rows, n_pool=len(pool), next_id=len(spots) + 1)


def samples_of(spot: Recorded) -> list[forms.Usable]:
    """The samples of one blind spot as `teach` would take them."""
    answer = forms.samples_form(("negative", "positive"), pair=False).model_validate_json(spot.answers["samples"])
    asked = forms.SampleRequest(
        spot.gold, spot.predicted, ("negative", "positive"), False, 2, targets=6, counters=3, anchors=6
    )
    assert forms.samples_problem(answer, asked) is None
    return forms.usable_samples(answer, asked)


def test_every_line_says_that_it_is_recorded_and_by_one_teacher() -> None:
    assert {(line["teacher"], line["recorded"]) for line in LINES} == {("demo-llm", True)}
    assert read_recording(FILE).teacher == Teacher("demo-llm", "llm", recorded=True)


def test_each_evidence_has_the_three_answers_in_their_order() -> None:
    steps = [line["step"] for line in LINES]
    assert steps == list(STEPS[:3]) * (len(LINES) // 3)
    assert len(SPOTS) == 10


def test_the_same_blind_spot_on_another_evidence_has_the_same_answers() -> None:
    answers = {spot.spot: spot.answers for spot in SPOTS}
    assert all(answers[line["blind_spot"]][line["step"]] == line["content"] for line in LINES)


def test_the_rows_are_pool_rows_of_that_label_and_in_one_blind_spot_only(demo: Project) -> None:
    labels = {row.id: row.label for row in demo.examples("pool")}
    assert all(labels[row] == spot.gold != spot.predicted for spot in SPOTS for row in spot.rows)
    every = [row for spot in SPOTS for row in spot.rows]
    assert len(every) == len(set(every))


@pytest.mark.parametrize("spot", SPOTS, ids=lambda spot: spot.spot)
def test_there_is_one_short_pattern_of_each_kind(spot: Recorded) -> None:
    for kind in STEPS[:2]:
        answer = forms.Patterns.model_validate_json(spot.answers[kind])
        assert forms.patterns_problem(answer, 1) is None
        assert all(len(text.split()) <= LONGEST_PATTERN for text in answer.patterns)


def test_anchors_are_spread_evenly_over_the_labels() -> None:
    for spot in SPOTS:
        anchors = [sample.label for sample in samples_of(spot) if sample.role == "anchor"]
        assert anchors.count("negative") == anchors.count("positive") == 3


def test_all_samples_pass_the_checks_beside_the_example_teaching(demo: Project) -> None:
    checker = SampleChecker(demo)
    example = Teacher("bundled-examples", "example")
    rows = [json.loads(line) for line in (FILE.parent / "examples.jsonl").open("rb")]
    taken = [Sample(f"S{n}@x", "B1", row["text"], row["label"], "anchor", example) for n, row in enumerate(rows)]
    refused = []
    for spot in SPOTS:
        for sample in samples_of(spot):
            draft = Draft(sample.text, sample.label, sample.role)
            try:
                checker.check(draft, gold=spot.gold, predicted=spot.predicted, samples=taken)
            except RefusedRecord as error:
                refused.append((sample.text, error.reason))
            taken.append(Sample(f"S{len(taken)}@y", "B1", sample.text, sample.label, sample.role, example))
    assert refused == []


def test_a_replay_answers_every_blind_spot_and_says_recorded(demo: Project) -> None:
    report = teach(demo, replay=FILE)
    assert (report.finished, report.unrecorded, report.refused, report.failed) == (10, (), {}, {})
    records = Records(demo.teaching_dir)
    samples = records.samples()
    assert (len(samples), len(records.patterns())) == (240, 20)
    assert {sample.teacher.title for sample in samples} == {"llm, recorded"}
    assert {call.recorded for call in read_calls(demo.llm_dir / "calls.jsonl")} == {True}
    written_for = {sample.text: sample.blind_spot for sample in samples}
    for number, spot in enumerate(reversed(SPOTS), start=1):  # the project's numbers are not the recording's
        assert {written_for[sample.text] for sample in samples_of(spot)} == {f"B{number}"}
