"""What other tools, and other hands, have written: taken as what it is, or told where it is wrong; never half."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import Any

import orjson
import pytest

from engine.errors import DataError, ProjectError, RefusedRecord
from engine.files import write_json, write_jsonl
from engine.label_queue.llm_quality import llm_qualities
from engine.project import Project
from engine.schema import Teacher
from engine.settings import Settings, TaskSettings, change_setting
from engine.teaching.labels import Labels
from engine.teaching.records import Records
from engine.trust import NotTrusted
from tests.builders.labels import ANN, GPT, by_llm, by_person, write_labels
from tests.builders.project import lay_out
from tests.builders.stream import stream_project
from tests.engine.exchange.world import exported, imported, make_source, out_of
from tests.engine.teaching.world import make_project

TEXT = "text number {} of the stream"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return stream_project(tmp_path / "work", rows=6, proof=3)


def said(project: Project, split: str = "pool") -> dict[str, list[tuple[str, str, str, int]]]:
    """By row: labeller, kind, label and certainty of every label."""
    labels = Labels(Records(project.teaching_dir), split)  # type: ignore[arg-type]
    given = [one.given for row in labels.people.values() for one in row]
    given += [one for of in labels.llms.values() for one in of.values()]
    found: dict[str, list[tuple[str, str, str, int]]] = {}
    for one in given:
        found.setdefault(one.row, []).append((one.teacher.name, one.teacher.kind, one.label, one.certainty))
    return found


def choice(label: str, name: str = "sentiment") -> dict[str, Any]:
    return {"from_name": name, "to_name": "review", "type": "choices", "value": {"choices": [label]}}


def task(number: int, *annotations: dict[str, Any], **more: Any) -> dict[str, Any]:
    data = {"review": TEXT.format(number)} | more.pop("data", {})
    return {"id": number + 100, "data": data, "annotations": list(annotations), "predictions": [], **more}


def test_annotations_of_label_studio_are_of_people_and_predictions_of_none(project: Project, tmp_path: Path) -> None:
    eve = {"id": 7, "email": "eve@example.org", "first_name": "Eve"}
    tasks = [
        task(0, {"completed_by": eve, "result": [choice("negative")], "lead_time": 3.5}),
        task(1, {"completed_by": 3, "result": [], "was_cancelled": True}, {"completed_by": eve, "result": []}),
        task(2, predictions=[{"model_version": "v1", "score": 0.9, "result": [choice("positive")]}]),
    ]
    write_json(tmp_path / "p.json", tasks)
    found = imported(project, tmp_path / "p.json", format="label-studio", text="review")
    assert said(project) == {"r0": [("eve@example.org", "human", "negative", 3)], "r1": [("user-3", "human", "", 0)]}
    assert found.told == (
        "left out: 1 prediction of models; --suggestions takes such, as labels of an LLM",
        "left out: 1 annotation without a label",
    )
    (label,) = Labels(Records(project.teaching_dir)).people["r0"]
    assert (label.given.seconds, label.given.queue, label.given.chance) == (3.5, "file", None)
    saved = (tmp_path / "p.json").read_bytes()
    (tmp_path / "p.json").write_bytes(codecs.BOM_UTF8 + saved)  # as some editors of Windows save it
    imported(project, tmp_path / "p.json", format="label-studio", text="review", suggestions=True)
    assert said(project)["r2"] == [("v1", "llm", "positive", 3)]


def test_a_prediction_that_a_person_has_taken_over_is_the_persons(tmp_path: Path) -> None:
    source = stream_project(tmp_path / "source")
    write_labels(source, GPT, [by_llm("r0", "negative", 2)])
    exported(source, "label-studio", tmp_path / "out")
    exported(source, "prodigy", tmp_path / "lines")
    tasks = orjson.loads((tmp_path / "out" / "tasks.json").read_bytes())
    tasks[0]["annotations"] = [{"completed_by": 5, "result": tasks[0]["predictions"][0]["result"]}]
    write_json(tmp_path / "done.json", tasks)
    line = orjson.loads((tmp_path / "lines" / "labels.jsonl").read_bytes())
    write_jsonl(tmp_path / "done.jsonl", [line | {"answer": "accept", "_annotator_id": "eve"}])
    fresh = stream_project(tmp_path / "fresh")
    imported(fresh, tmp_path / "done.json", format="label-studio")
    imported(fresh, tmp_path / "done.jsonl", format="prodigy")
    found = sorted(said(fresh)["r0"])
    assert found == [
        ("eve", "human", "negative", 3),
        ("gpt", "llm", "negative", 2),
        ("user-5", "human", "negative", 2),
    ]


def test_responses_of_argilla_are_of_people_and_suggestions_of_none(project: Project, tmp_path: Path) -> None:
    users = [
        {"value": label, "user_id": user, "status": status}
        for label, user, status in (
            ("negative", "u-1", "submitted"),
            ("positive", "u-2", "draft"),
            ("positive", "u-3", None),
            ("x", "u-4", "discarded"),
        )
    ]
    records = [
        {
            "id": "elsewhere-1",
            "fields": {"text": TEXT.format(4)},
            "responses": {"mood": users, "certainty": [{"value": 2, "user_id": "u-1", "status": "submitted"}]},
            "suggestions": {"mood": {"value": "positive", "score": 0.7, "agent": "bert"}},
        }
    ]
    write_json(tmp_path / "dump" / "records.json", records)
    write_json(tmp_path / "dump" / "annotators.json", {"people": {"u-1": "eve"}, "others": {}})
    found = imported(project, tmp_path / "dump", format="argilla", question="mood")
    assert sorted(said(project)["r4"]) == [
        ("eve", "human", "negative", 2),
        ("u-3", "human", "positive", 3),
        ("u-4", "human", "", 0),
    ]
    assert found.told == (
        "left out: 1 response not submitted, or without a label",
        "left out: 1 suggestion; --suggestions takes such, as labels of an LLM",
    )


def test_answers_of_prodigy_are_of_their_annotator(project: Project, tmp_path: Path) -> None:
    lines = [
        {
            "text": TEXT.format(0),
            "label": "negative",
            "answer": "accept",
            "_session_id": "reviews-eve",
            "_input_hash": 1,
        },
        {"text": TEXT.format(1), "accept": ["positive"], "answer": "accept", "_annotator_id": "bob"},
        {"text": TEXT.format(2), "accept": [], "answer": "ignore", "_annotator_id": "bob"},
        {"text": TEXT.format(3), "label": "negative", "answer": "reject", "_annotator_id": "bob"},
        {"text": TEXT.format(4), "accept": ["negative"]},
        {"text": "held out words 1, never taught", "accept": ["negative"], "answer": "accept", "_annotator_id": "bob"},
    ]
    write_jsonl(tmp_path / "a.jsonl", lines)
    found = imported(project, tmp_path / "a.jsonl", format="prodigy")
    assert said(project) == {
        "r0": [("reviews-eve", "human", "negative", 3)],
        "r1": [("bob", "human", "positive", 3)],
        "r2": [("bob", "human", "", 0)],
    }
    assert said(project, "proof") == {"h1": [("bob", "human", "negative", 3)]}
    assert found.told == (
        "left out: 1 rejected line; that a label is wrong does not say which one is right",
        "left out: 1 line without an answer; --suggestions takes their choices, as labels of an LLM",
    )
    assert llm_qualities(Records(project.teaching_dir), project.labels) == []  # no LLM has labelled


LINE = {"id": "r0", "text": TEXT.format(0), "label": "negative", "labeller": "eve", "labeller_kind": "human"}


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ({"label": "neutral"}, "there is no label 'neutral'; give one of negative, positive"),
        ({"text": "something else"}, "the row r0 of this project has another text; import it into the project"),
        ({"id": "q", "text": "something else"}, "there is no row 'q', and no row of pool or proof has this text"),
        ({"id": "", "text": ""}, "there is no row '' in pool or proof"),
        ({"split": "train"}, "rows of 'train' are not labelled; give pool or proof"),
        ({"labeller": ""}, "the line has no labeller"),
        ({"labeller_kind": ""}, "the line does not say what kind of labeller it was; give one of human, llm, example"),
        ({"labeller_kind": "robot"}, "'robot' is no kind of labeller; give one of human, llm, example"),
        ({"queue": "whim"}, "there is no queue 'whim'"),
        ({"certainty": 7}, "the certainty is '7'; give 3 sure"),
        ({"certainty": "much"}, "`certainty` is not a whole number"),
        ({"overlap": "perhaps"}, "`overlap` is not true or false"),
        ({"seconds": -4}, "`seconds` is no time"),
        ({"label": ["negative"]}, "`label` is not a text"),
    ],
)
def test_a_wrong_line_is_named_and_nothing_is_imported(
    project: Project, tmp_path: Path, line: dict[str, Any], sentence: str
) -> None:
    file = tmp_path / "labels.jsonl"
    write_jsonl(file, [LINE | {"id": "r1", "text": TEXT.format(1), "labeller": "bob"}, LINE | line])
    with pytest.raises(DataError) as refused:
        imported(project, file, format="jsonl")
    assert str(refused.value).startswith(f"{file}:2: {sentence}")
    assert said(project) == {}


def test_one_labeller_says_one_label_of_a_row(project: Project, tmp_path: Path) -> None:
    file = tmp_path / "labels.jsonl"
    write_jsonl(file, [LINE, LINE, LINE | {"labeller": "bob", "label": "positive"}])
    found = imported(project, file, format="jsonl")
    assert found.labels is not None
    assert (found.labels.new, found.labels.already) == (2, 0)
    write_jsonl(file, [LINE | {"id": "r2", "text": TEXT.format(2)}, LINE, LINE | {"label": "positive"}])
    with pytest.raises(DataError, match=r"labels.jsonl:3: the row r0 is labelled in .*labels.jsonl:2 too, as negative"):
        imported(project, file, format="jsonl")
    assert set(said(project)) == {"r0"}


def test_a_note_that_holds_a_proof_row_keeps_all_labellers_out(project: Project, tmp_path: Path) -> None:
    file = tmp_path / "labels.jsonl"
    write_jsonl(file, [LINE, LINE | {"labeller": "bob", "note": "like held out words 1, never taught"}])
    with pytest.raises(RefusedRecord, match=r"labels\.jsonl:2: the label holds a held-out proof row"):
        imported(project, file, format="jsonl")
    assert said(project) == {}


def test_a_text_that_two_rows_have_needs_an_id(tmp_path: Path) -> None:
    rows = [{"id": f"r{n}", "text": "the same", "label": ""} for n in range(2)]
    project = lay_out(tmp_path / "work", {"pool": rows}, Settings(task=TaskSettings(labels=("negative", "positive"))))
    write_jsonl(tmp_path / "labels.jsonl", [LINE | {"id": "", "text": "the same"}])
    with pytest.raises(DataError, match="2 rows have this text; give the `id` of one of them"):
        imported(project, tmp_path / "labels.jsonl", format="jsonl")


def test_a_guideline_of_another_project_counts_as_none(project: Project, tmp_path: Path) -> None:
    write_jsonl(tmp_path / "labels.jsonl", [LINE | {"guideline": 2, "guideline_hash": "0123456789abcdef"}])
    found = imported(project, tmp_path / "labels.jsonl", format="jsonl")
    assert found.told == ("1 label under a guideline that this project does not have, taken as given under none",)
    (label,) = Labels(Records(project.teaching_dir)).people["r0"]
    assert label.given.guideline == 0


def test_marks_patterns_and_samples_need_a_discovery_and_judgements_stay(project: Project, tmp_path: Path) -> None:
    source = make_source(tmp_path / "source")
    exported(source, "jsonl", tmp_path / "out", by="rev")
    (tmp_path / "out" / "labels.jsonl").unlink()
    with pytest.raises(ProjectError, match="nothing has been discovered yet"):
        imported(project, tmp_path / "out")
    fresh = make_project(tmp_path / "fresh")
    found = imported(fresh, tmp_path / "out")
    assert found.marks is not None
    assert any("of judgements" in one for one in found.told)
    teachers = {Teacher(row["teacher"], row["teacher_kind"]) for row in _patterns(source)}  # type: ignore[arg-type]
    assert {report.author for report in found.teaching} == {f"import-{teacher.name}" for teacher in teachers}


def _patterns(project: Project) -> list[Any]:
    return [row for table in out_of(project, by="rev").tables if table.kind == "patterns" for row in table.rows]


def test_without_the_encoder_that_places_samples_nothing_is_imported(tmp_path: Path) -> None:
    exported(make_source(tmp_path / "source"), "jsonl", tmp_path / "out")
    for name in ("patterns.jsonl", "samples.jsonl"):
        lines = [orjson.loads(line) for line in (tmp_path / "out" / name).read_bytes().splitlines()]
        write_jsonl(tmp_path / "out" / name, [line | {"blind_spot": "B99"} for line in lines])
    fresh = make_project(tmp_path / "fresh")
    change_setting(fresh.root / "blindspot.toml", "model", "encoder", "elsewhere/encoder")
    with pytest.raises(NotTrusted, match="elsewhere/encoder"):
        imported(Project.open(fresh.root), tmp_path / "out")
    assert not list(fresh.teaching_dir.glob("*.json"))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"id": "n9"}, "there is no row 'n9' in the evidence of this project"),
        ({"text": "else"}, "the row n1 of this project has another text"),
        ({"verdict": "odd"}, "`verdict` is 'odd'; it must be one of label wrong, ambiguous, fine"),
        ({"verdict": "label wrong", "label": "negative"}, "`negative` is its label already"),
        ({"annotator": None}, "the line has no `annotator`"),
        ({"verdict": "fine"}, "eve has marked the row n1 otherwise in another line"),
    ],
)
def test_a_wrong_mark_is_named_and_nothing_is_imported(tmp_path: Path, change: dict[str, Any], sentence: str) -> None:
    project = make_project(tmp_path / "work")
    text = project.rows("pool", ["n1"])["n1"].text
    mark = {"id": "n1", "text": text, "verdict": "ambiguous", "label": None, "annotator": "eve"}
    write_jsonl(tmp_path / "marks.jsonl", [mark, mark | change])
    with pytest.raises(DataError) as refused:
        imported(project, tmp_path / "marks.jsonl", format="jsonl")
    assert str(refused.value).startswith(f"{tmp_path / 'marks.jsonl'}:2: {sentence}")
    assert not Records(project.teaching_dir).marks()


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("label-studio", b"[{]", "this is not valid JSON"),
        ("label-studio", b'{"a": 1}', "this is no list of tasks; export it from Label Studio as JSON"),
        ("label-studio", b'[{"data": {}}]', "task 1: the task has no text `text`; name the key"),
        (
            "label-studio",
            b'[{"data": {"text": "a"}, "annotations": [3]}]',
            "task 1: `annotations` is no list of objects",
        ),
        ("argilla", b"[3]", "record 1: this is no record of Argilla"),
        (
            "argilla",
            b'[{"fields": {"text": "a"}, "responses": {"label": [{}]}}]',
            "record 1: a response has no `user_id`",
        ),
        (
            "prodigy",
            b'{"text": "a", "answer": "accept", "accept": ["a", "b"]}\n',
            ":1: the line has no choice, or several",
        ),
        ("prodigy", b'{"text": "a", "answer": "accept", "label": "b"}\n', ":1: the line does not say who answered"),
        ("prodigy", b'{"text": "a", "answer": "maybe", "label": "b"}\n', ":1: `answer` is 'maybe'; it must be one of"),
        (
            "prodigy",
            b'{"text": "text number 0 of the stream", "answer": "accept", "label": "negative", '
            b'"_annotator_id": "e\\ud800"}\n',
            ":1: `labeller` holds half of a character",
        ),
        (
            "label-studio",
            b'[{"data": {"text": "a"}, "annotations": [{"completed_by": 1, "result": '
            b'[{"meta": {"blindspot": {"labeller": ["x"]}}}]}]}]',
            "task 1: `labeller` is not a text",
        ),
        ("hf", b"[]", "there is no data set here"),
        ("csv", b"id,text\n", "there is no table here; name a folder, or a file called labels.csv"),
        ("checklist", b"[]", "files cannot be imported from the format 'checklist'"),
    ],
)
def test_a_file_that_is_not_what_it_should_be_is_told(
    project: Project, tmp_path: Path, name: str, content: bytes, sentence: str
) -> None:
    (tmp_path / "file.jsonl").write_bytes(content)
    with pytest.raises(DataError) as refused:
        imported(project, tmp_path / "file.jsonl", format=name)
    assert sentence in str(refused.value)
    with pytest.raises(DataError, match="its name does not tell which format it is; say --from argilla or csv"):
        imported(project, tmp_path / "file.jsonl")


def test_labels_that_went_out_and_come_in_again_are_no_second_persons(tmp_path: Path) -> None:
    project = stream_project(tmp_path / "work")
    write_labels(project, ANN, [by_person("r0", "negative"), by_person("r1", "negative")])
    write_labels(project, GPT, [by_llm("r0", "positive")])
    exported(project, "label-studio", tmp_path / "out")
    tasks = orjson.loads((tmp_path / "out" / "tasks.json").read_bytes())
    tasks[1]["annotations"].append({"completed_by": "bob", "result": [choice("positive", "label")]})
    write_json(tmp_path / "out" / "tasks.json", tasks)
    found = imported(project, tmp_path / "out")
    assert found.labels is not None
    assert (found.labels.new, found.labels.already) == (1, 3)
    assert said(project) == {
        "r0": [("ann", "human", "negative", 3), ("gpt", "llm", "positive", 3)],
        "r1": [("ann", "human", "negative", 3), ("bob", "human", "positive", 3)],
    }
