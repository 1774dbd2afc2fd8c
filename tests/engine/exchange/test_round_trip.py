"""What goes out comes in again: every format gives back the records that it says it holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.exchange.export_tables import COLUMNS, KINDS, Kind
from engine.exchange.format import format_names, format_of
from engine.project import Project
from engine.schema import RowLabel, Teacher
from engine.settings import Settings, TaskSettings
from engine.teaching.labels import Labels
from engine.teaching.records import Records
from tests.builders.labels import by_llm, write_labels
from tests.builders.project import lay_out
from tests.engine.exchange.world import SAME, contents, exported, imported, make_source, out_of, rows_of, seen_by_all
from tests.engine.teaching.world import make_project

TABLES = ("jsonl", "csv", "parquet", "hf")
TOOLS: dict[str, tuple[str, ...]] = {
    "label-studio": SAME["labels"],
    "prodigy": SAME["labels"],
    "argilla": ("id", "split", "text", "label", "certainty", "labeller", "labeller_kind", "note"),
}
"""Columns of labels that each tool keeps."""
ODD = [
    "=1+1",
    "'=2",
    "@home, 'quoted' and \"double\"",
    "-3 °C\nsecond line\r\nthird",
    "\tbegins with a tab",
    "\rbegins with a return",
    "right to left \u202eabc\u202c, joined \u200d, emoji \U0001f600\ufe0f",
    "a null \x00 and an escape \x1b[31m",
    " spaces around ",
    "[link](http://x.example) | `code` <b>",
]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return make_source(tmp_path_factory.mktemp("source") / "work")


def test_formats_are_the_modules_of_their_folder_and_each_says_what_it_holds() -> None:
    assert set(format_names()) == {*TABLES, *TOOLS, "checklist"}
    held = {name: format_of(name).kinds for name in format_names()}
    assert all(held[name] == KINDS for name in TABLES)
    assert all(held[name] == ("labels",) for name in TOOLS)
    assert (held["checklist"], format_of("checklist").read) == (("samples",), None)


def test_every_row_of_a_table_has_the_columns_of_its_kind(source: Project) -> None:
    out = out_of(source)
    assert {table.kind for table in out.tables} == {*KINDS}
    for table in (*out.tables, *out_of(source, by="rev").tables):
        for row in table.rows:
            assert {*row} == {column.name for column in COLUMNS[table.kind]}


@pytest.mark.parametrize("name", TABLES)
def test_tables_come_back_as_they_were(source: Project, tmp_path: Path, name: str) -> None:
    before = out_of(source)
    done = exported(source, name, tmp_path / "out")
    assert done.counts == {table.kind: len(table.rows) for table in before.tables}
    fresh = make_project(tmp_path / "fresh")
    found = imported(fresh, tmp_path / "out")
    assert found.format == name
    assert found.labels is not None
    assert found.marks is not None
    assert (found.labels.new, found.marks.new) == (done.counts["labels"], done.counts["marks"])
    assert not [refusal for report in found.teaching for refusal in report.refusals]
    after = seen_by_all(fresh)
    kinds: tuple[Kind, ...] = ("labels", "marks", "samples", "patterns")
    for kind in kinds:
        assert contents(after, kind) == contents(before, kind), kind
    again = imported(fresh, tmp_path / "out")
    assert again.labels is not None
    assert again.marks is not None
    assert (again.labels.new, again.labels.changed, again.marks.new, again.marks.changed) == (0, 0, 0, 0)
    assert sum(report.patterns + sum(report.samples.values()) for report in again.teaching) == 0


def test_what_comes_back_to_its_own_project_is_there_already(tmp_path: Path) -> None:
    project = make_source(tmp_path / "work")
    before = out_of(project)
    exported(project, "jsonl", tmp_path / "out")
    found = imported(project, tmp_path / "out")
    assert found.labels is not None
    assert found.marks is not None
    assert (found.labels.new, found.labels.changed, found.marks.new, found.marks.changed) == (0, 0, 0, 0)
    assert {report.already for report in found.teaching} == {12, 18}  # lines of ann, and of the LLM
    assert [contents(out_of(project), kind) for kind in SAME] == [contents(before, kind) for kind in SAME]


@pytest.mark.parametrize("name", TOOLS)
def test_labels_come_back_from_annotation_tools_with_their_annotators(
    source: Project, tmp_path: Path, name: str
) -> None:
    before = out_of(source, ["labels"])
    done = exported(source, name, tmp_path / "out")
    fresh = make_project(tmp_path / "fresh")
    found = imported(fresh, tmp_path / "out")
    after = out_of(fresh, ["labels"])
    decided = 1 if name == "argilla" else 0  # a person has one response to a record of Argilla
    assert found.labels is not None
    assert found.labels.new == done.counts["labels"] - decided
    wanted = contents(before, "labels", TOOLS[name])
    if decided:
        assert any("left out: 1 decision of conflicts" in sentence for sentence in done.told)
        (decision,) = [row for row in rows_of(before, "labels") if row["queue"] == "conflict"]
        wanted[tuple(decision[column] for column in TOOLS[name])] -= 1
    assert contents(after, "labels", TOOLS[name]) == +wanted
    people = Labels(Records(fresh.teaching_dir)).people
    assert {one.given.teacher for row in people.values() for one in row} == {
        Teacher("ann", "human"),
        Teacher("bob", "human"),
        Teacher("bundled-examples", "example"),
    }
    assert found.told == ()


@pytest.mark.parametrize(("name", "escape"), [*((name, False) for name in (*TABLES, *TOOLS)), ("csv", True)])
def test_no_text_is_changed(tmp_path: Path, name: str, escape: bool) -> None:
    project = _odd_project(tmp_path / "odd")
    exported(project, name, tmp_path / "out", escape=escape)
    fresh = _odd_project(tmp_path / "fresh", labelled=False)
    imported(fresh, tmp_path / "out")
    columns = ("id", "text", "label", "labeller", "note")
    assert contents(out_of(fresh), "labels", columns) == contents(out_of(project), "labels", columns)
    assert {str(row["text"]) for row in rows_of(out_of(fresh), "labels")} == {*ODD}


def test_one_file_of_an_export_is_read_as_the_export_is(source: Project, tmp_path: Path) -> None:
    exported(source, "csv", tmp_path / "out", escape=True)
    assert b"'=My tea" in (tmp_path / "out" / "samples.csv").read_bytes()
    fresh = make_project(tmp_path / "fresh")
    imported(fresh, tmp_path / "out" / "samples.csv")
    assert contents(seen_by_all(fresh), "samples", ("text",)) == contents(out_of(source), "samples", ("text",))


def _odd_project(root: Path, *, labelled: bool = True) -> Project:
    names = ("ne\"g: '&<ative", "positive")
    rows = [{"id": f"r{n}", "text": text, "label": ""} for n, text in enumerate(ODD)]
    train = [{"id": f"t{n}", "text": f"a train text {n}", "label": names[n % 2]} for n in range(4)]
    project = lay_out(root, {"train": train, "pool": rows}, Settings(task=TaskSettings(labels=names)))
    if labelled:
        ann = Teacher("=ann", "human")
        told = [RowLabel(f"r{n}", names[n % 2], 3, ann, "random", note="=x") for n in range(len(ODD))]
        write_labels(project, ann, told)
        write_labels(project, Teacher("gpt", "llm"), [by_llm("r0", names[0])])
    return project
