from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.errors import DataError, ProjectError, Stopped, StoreError
from engine.files import write_jsonl
from engine.project import Project
from engine.schema import Teacher
from engine.teaching import import_records
from engine.teaching.import_records import ImportReport, import_teaching
from engine.teaching.records import Records, Teaching
from tests.builders.discovery import save_discovery
from tests.builders.monitor import Recorder
from tests.engine.teaching.world import POOL, PROOF, make_discovery

GPT = Teacher("gpt", "llm")
PRAISE = "praise in the words of a complaint"
PATTERN = {"blind_spot": "B2", "pattern_id": "a1", "kind": "abstraction", "pattern": PRAISE}
ROWS: list[dict[str, Any]] = [
    {**PATTERN, "text": "I hate how often I now come here.", "label": "positive", "counter": False},
    {**PATTERN, "text": "I hate how often the door jams here.", "label": "negative", "counter": True},
    {
        **PATTERN,
        "pattern": "guilt about pleasure",
        "pattern_id": "a2",
        "kind": "extrapolation",
        "counter": False,
        "text": "Shamefully, I licked the plate.",
        "label": "positive",
    },
    {"blind_spot": "B2", "kind": "anchor", "text": "The soup was hot.", "label": "positive"},
]


def write(path: Path, *rows: dict[str, Any]) -> Path:
    write_jsonl(path, rows)
    return path


def take(project: Project, path: Path, teacher: Teacher = GPT) -> ImportReport:
    return import_teaching(project, [path], teacher)


def test_patterns_and_samples_arrive_with_their_teacher_and_roles(project: Project, tmp_path: Path) -> None:
    report = take(project, write(tmp_path / "t.jsonl", *ROWS))
    assert (report.patterns, report.samples, report.already) == (2, {"target": 2, "counter": 1, "anchor": 1}, 0)
    assert (report.refused, report.placement) == ({}, {"B2": 4})
    records = Records(project.teaching_dir)
    assert [(found.text, found.kind, found.teacher) for found in records.patterns()] == [
        (PRAISE, "abstraction", GPT),
        ("guilt about pleasure", "extrapolation", GPT),
    ]
    first, second = (pattern.id for pattern in records.patterns())
    assert [sample.pattern for sample in records.samples()] == [first, first, second, None]
    assert {sample.teacher for sample in records.samples()} == {GPT}


def test_a_second_import_adds_nothing_and_a_longer_file_only_what_is_new(project: Project, tmp_path: Path) -> None:
    path = write(tmp_path / "t.jsonl", *ROWS)
    take(project, path)
    before = Records(project.teaching_dir).samples()
    report = take(project, path)
    assert (report.patterns, sum(report.samples.values()), report.already, report.refused) == (0, 0, 4, {})
    assert Records(project.teaching_dir).samples() == before
    more = {**PATTERN, "text": "Terrible news for my diet.", "label": "positive"}
    report = take(project, write(tmp_path / "more.jsonl", *ROWS, more))
    assert (report.patterns, sum(report.samples.values()), report.already) == (0, 1, 4)


def test_lines_that_another_import_has_written_meanwhile_are_already_there(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "t.jsonl", *ROWS)
    more = {**PATTERN, "text": "Terrible news for my diet.", "label": "positive"}
    real = import_records.place

    def other_first(*given: Any) -> list[str]:
        monkeypatch.setattr(import_records, "place", real)
        take(project, path)
        return real(*given)

    monkeypatch.setattr(import_records, "place", other_first)
    report = take(project, write(tmp_path / "more.jsonl", *ROWS, more))
    assert (sum(report.samples.values()), report.already, report.refused) == (1, 4, {})


def test_an_import_never_touches_a_persons_file_and_is_undone_as_one(project: Project, tmp_path: Path) -> None:
    path = write(tmp_path / "t.jsonl", *ROWS)
    report = take(project, path, Teacher("ann", "human"))
    assert [file.name for file in project.teaching_dir.glob("*.json")] == [f"{report.author}.json"]
    assert report.author == "import-ann"
    store = Teaching(project.teaching_dir, report.author).store
    assert store.undo() is not None
    assert Records(project.teaching_dir).samples() == ()
    assert store.undo() is None
    assert sum(take(project, path, Teacher("ann", "human")).samples.values()) == 4


def test_refused_lines_are_counted_and_named_and_stop_nothing(project: Project, tmp_path: Path) -> None:
    bad = [
        {**PATTERN, "text": "", "label": "positive"},
        {**PATTERN, "text": "A mystery.", "label": "neutral"},
        {**PATTERN, "text": POOL["p1"][0], "label": "positive"},
        {**PATTERN, "text": PROOF["x2"][0], "label": "positive"},
        {**PATTERN, "text": PROOF["x1"][0] + "!!", "label": "positive"},
        ROWS[0],
    ]
    path = write(tmp_path / "t.jsonl", *ROWS, *bad)
    report = take(project, path)
    assert sum(report.samples.values()) == 4
    assert report.refused == {
        "too close to a held-out proof row": 2,
        "empty text": 1,
        "unknown label": 1,
        "equals a row of the data": 1,
        "equals a sample": 1,
    }
    assert [refusal.where for refusal in report.refusals] == [f"{path}:{number}" for number in range(5, 11)]
    words = " ".join(refusal.message for refusal in report.refusals)
    assert "cake" not in words
    assert "stare" not in words


def test_a_line_whose_pattern_is_empty_is_refused_as_it_is_when_typed(project: Project, tmp_path: Path) -> None:
    report = take(project, write(tmp_path / "t.jsonl", {**ROWS[0], "pattern": " "}, *ROWS[1:]))
    assert report.refused == {"empty pattern": 1}
    assert "a pattern needs a text" in report.refusals[0].message
    assert [pattern.id.partition("@")[0] for pattern in Records(project.teaching_dir).patterns()] == ["P1", "P2"]


def test_a_broken_line_anywhere_imports_nothing(project: Project, tmp_path: Path) -> None:
    good = write(tmp_path / "good.jsonl", *ROWS)
    broken = tmp_path / "broken.jsonl"
    broken.write_text('{"text": "a", "label": "positive"}\n{"text": "a",\n')
    with pytest.raises(DataError, match=r"broken\.jsonl:2: the line is not valid JSON"):
        import_teaching(project, [good, broken], GPT)
    assert not project.teaching_dir.exists()


def test_a_stopped_import_writes_nothing(project: Project, tmp_path: Path) -> None:
    with pytest.raises(Stopped):
        import_teaching(project, [write(tmp_path / "t.jsonl", *ROWS)], GPT, monitor=Recorder(lambda _, done: done == 2))
    assert Records(project.teaching_dir).samples() == ()


def test_roles_are_judged_by_the_direction_that_the_file_names(project: Project, tmp_path: Path) -> None:
    save_discovery(project, make_discovery(without=["B2", "B3"]))
    away = [{**row, "gold": "positive", "predicted": "negative", "blind_spot": 4} for row in ROWS]
    report = take(project, write(tmp_path / "t.jsonl", *away))
    assert (report.refused, report.placement) == ({}, {"B1": 4})


def test_the_nearest_blind_spot_by_meaning_takes_a_foreign_pattern(project: Project, tmp_path: Path) -> None:
    cell = {"gold": "negative", "predicted": "positive", "kind": "abstraction"}
    parcel = {"blind_spot": 11, "pattern_id": "a", "pattern": "praise of a failed delivery", **cell}
    desk = {"blind_spot": 12, "pattern_id": "b", "pattern": "staff that changes", **cell}
    rows = [
        {
            **parcel,
            "text": "My package toured the country before it reached the wrong door.",
            "label": "negative",
        },
        {**parcel, "text": "The courier delivered half of the box.", "label": "negative"},
        {
            **desk,
            "text": "Another week, another receptionist who lost our reservation.",
            "label": "negative",
        },
        {"blind_spot": 11, "kind": "anchor", "text": "The mail carrier rang twice and waited.", "label": "positive"},
    ]
    report = take(project, write(tmp_path / "t.jsonl", *rows))
    assert report.placement == {"B3": 3, "B1": 1}


def test_there_must_be_something_to_teach(project: Project, tmp_path: Path) -> None:
    path = write(tmp_path / "t.jsonl", *ROWS)
    save_discovery(project, make_discovery(without=["B1", "B2", "B3"]))
    with pytest.raises(StoreError, match="no blind spot to teach"):
        take(project, path)
    (project.round_dir(1) / "discovery.json").unlink()
    with pytest.raises(ProjectError, match="nothing has been discovered yet"):
        take(project, path)
