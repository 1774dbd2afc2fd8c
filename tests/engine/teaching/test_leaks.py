"""No proof row comes into the records: not inside a pattern, a sample, a reason or a correction, on no way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from engine.errors import StoreError
from engine.project import Project
from engine.schema import Judgement, Pattern, SampleJudgement, SideJudgement, Teacher
from engine.teaching.import_records import import_teaching
from engine.teaching.pattern_testing import hand_in, pattern_test_of, results, reword
from engine.teaching.records import Records, Teaching
from engine.teaching.writer import Annotator
from tests.engine.teaching.tested_patterns import ANN, pattern_project, write
from tests.engine.teaching.world import PROOF, make_project

ROW = PROOF["x1"][0]
HIDDEN = (
    f"They all look like this: {ROW} So it goes.",
    f"like \u201c{ROW.upper()}\u201d",
    ROW.replace(" ", "\n"),
    ROW.replace("e", "e\u200b"),
    ROW,
)


@pytest.fixture
def annotator(tmp_path: Path) -> Annotator:
    project = make_project(tmp_path / "work")
    discovery = project.discovery()
    assert discovery is not None
    return Annotator(project, discovery, Teaching.of(project, "ann"), Teacher("ann", "human"))


def is_told_of_no_word(error: StoreError) -> bool:
    return "welcome" not in str(error).lower() and "proof row" in str(error)


@pytest.mark.parametrize("text", [*HIDDEN, ROW.replace("cold stare", "cold look")])
@pytest.mark.parametrize("replaces", [None, "P1"])
def test_a_pattern_that_holds_a_proof_row_is_refused(annotator: Annotator, text: str, replaces: str | None) -> None:
    annotator.describe("B1", "abstraction", "bare facts")
    with pytest.raises(StoreError) as refused:
        annotator.describe("B1", "abstraction", text, replaces=replaces)
    assert is_told_of_no_word(refused.value)
    assert [pattern.text for pattern in annotator.teaching.patterns()] == ["bare facts"]


@pytest.mark.parametrize("text", HIDDEN)
@pytest.mark.parametrize(
    "act",
    [
        lambda one, text: one.write_sample("B1", text=text, label="negative", role="target"),
        lambda one, text: one.set_status("B1", "skipped", text),
        lambda one, text: one.decline("B1", text),
        lambda one, text: one.decline_untouched(text),
    ],
)
def test_every_kind_of_text_with_a_proof_row_is_refused(
    annotator: Annotator, act: Callable[[Annotator, str], object], text: str
) -> None:
    with pytest.raises(StoreError) as refused:
        act(annotator, text)
    assert is_told_of_no_word(refused.value)
    assert annotator.teaching.store.revisions == []


def test_a_correction_in_a_judgement_that_is_written_directly_is_refused_too(annotator: Annotator) -> None:
    fix = SampleJudgement("fix", True, True, True, HIDDEN[0])
    side = SideJudgement((fix,))
    with (
        pytest.raises(StoreError, match="the judgement holds a held-out proof row"),
        annotator.teaching.store.edit("judge") as edit,
    ):
        edit.put("judgement", "i1", Judgement("i1", "tie", side, side))


def test_a_rewording_with_a_proof_row_is_refused(tmp_path: Path) -> None:
    project = pattern_project(tmp_path / "work")
    pattern, discovery = write(project, "ann"), project.discovery()
    assert discovery is not None
    teaching = Teaching.of(project, "ann")
    tested = pattern_test_of(project, discovery, teaching, pattern)
    hand_in(teaching, tested, {case.row.id: False for case in tested.cases}, ANN)
    with pytest.raises(StoreError) as refused:
        reword(teaching, pattern, HIDDEN[0], results(project, discovery, teaching, pattern))
    assert is_told_of_no_word(refused.value)


def test_an_imported_line_whose_pattern_holds_a_proof_row_is_left_out_and_counted(tmp_path: Path) -> None:
    project = make_project(tmp_path / "work")
    file = tmp_path / "teaching.jsonl"
    texts = ("A kettle hums.", "Two lamps and no chair.", "Nobody swept the stairs.")
    lines = [
        {"text": text, "label": "negative", "blind_spot": "B1", "pattern": pattern, "kind": "abstraction"}
        for text, pattern in zip(texts, (HIDDEN[0], "bare facts", HIDDEN[1]), strict=True)
    ]
    file.write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))
    report = import_teaching(project, [file], Teacher("gpt", "llm"))
    assert (report.patterns, sum(report.samples.values())) == (1, 1)
    assert report.refused == {"the pattern holds a held-out proof row": 2}
    assert all("welcome" not in refusal.message for refusal in report.refusals)
    assert [pattern.text for pattern in Records(project.teaching_dir).patterns()] == ["bare facts"]


def test_what_only_shares_words_with_a_proof_row_is_taken(annotator: Annotator) -> None:
    made = annotator.describe("B1", "abstraction", "A warm welcome is praised where a cold one is meant.")
    assert isinstance(made, Pattern)


def test_of_a_pair_one_text_alone_is_no_row(tmp_path: Path) -> None:
    project: Project = make_project(tmp_path / "pairs", pair="They were served well.")
    discovery = project.discovery()
    assert discovery is not None
    one = Annotator(project, discovery, Teaching.of(project, "ann"), Teacher("ann", "human"))
    one.describe("B1", "abstraction", ROW)
    with pytest.raises(StoreError) as refused:
        one.describe("B1", "abstraction", f"{ROW} beside: They were served well.")
    assert is_told_of_no_word(refused.value)
