"""Labels from files: what is taken, what refuses all of it, and that labels of proof rows stay apart."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from engine.errors import DataError, RefusedRecord, StoreError
from engine.files import write_jsonl
from engine.label_queue.llm_quality import llm_qualities
from engine.project import Project
from engine.schema import RowLabel, Teacher
from engine.teaching import store
from engine.teaching.import_labels import import_labels
from engine.teaching.labels import Labels
from engine.teaching.record_factory import RecordFactory
from engine.teaching.records import Records, Teaching
from tests.builders.labels import ANN, by_person, write_labels
from tests.builders.project import put_split
from tests.builders.stream import stream_project

NFC, NFD = "Zo\u00eb", "Zoe\u0308"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return stream_project(tmp_path / "work", rows=6, proof=3)


def write(path: Path, *rows: dict[str, Any]) -> Path:
    write_jsonl(path, rows)
    return path


def labels(project: Project) -> Labels:
    return Labels(Records(project.teaching_dir))


def say(project: Project, name: str, row: str) -> None:
    """Label a row as negative under this name."""
    teaching = Teaching.of(project, name)
    teacher = Teacher(teaching.author, "human")
    with teaching.store.edit("label") as edit:
        RecordFactory(project, teaching, teacher).label(edit, by_person(row, "negative", teacher=teacher))


def test_an_llms_labels_arrive_in_a_file_of_its_own_with_certainty_and_are_no_rows_label(
    project: Project, tmp_path: Path
) -> None:
    file = write(
        tmp_path / "l.jsonl",
        {"id": "r0", "split": "pool", "label": "negative", "certainty": 2},
        {"id": "r1", "label": "positive", "note": "thanks"},
    )
    found = import_labels(project, [file], "llm", name="gpt")
    assert (found.authors, found.new, found.changed, found.already, found.unsure) == (("import-gpt",), 2, 0, 0, 0)
    assert (found.splits, found.certainties) == ({"pool": 2}, {"2": 1, "3": 1})
    gpt = Teacher("gpt", "llm")
    assert labels(project).llms["import-gpt"] == {
        "r0": RowLabel("r0", "negative", 2, gpt, "file"),
        "r1": RowLabel("r1", "positive", 3, gpt, "file", note="thanks"),
    }
    assert (labels(project).settled(), dict(labels(project).people)) == ({}, {})


@pytest.mark.parametrize("kept", [NFC, NFD])
def test_a_person_is_one_however_their_name_is_composed(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: str
) -> None:
    """``kept``: the form in an earlier version, which did not compose names."""
    with monkeypatch.context() as patch:
        patch.setattr(store, "known_name", lambda _, name: name)
        say(project, kept, "r0")
    files = {path.name for path in project.teaching_dir.glob("*.json")}
    for name in (NFC, NFD):
        assert Teaching(project.teaching_dir, name).author == kept
        say(project, name, f"r{len(name)}")
    assert {path.name for path in project.teaching_dir.glob("*.json")} == files
    rows = [{"id": "r0", "label": "negative", "labeller": name} for name in (NFC, NFD)]
    found = import_labels(project, [write(tmp_path / "l.jsonl", *rows)], "human")
    assert (found.new, found.changed, found.already) == (0, 0, 1)
    assert len(Teaching(project.teaching_dir, NFC).store.current) == 3


def test_a_name_that_the_project_does_not_know_is_composed(project: Project, tmp_path: Path) -> None:
    rows = [{"id": f"r{at}", "label": "negative", "labeller": name} for at, name in enumerate((NFD, NFC))]
    assert import_labels(project, [write(tmp_path / "l.jsonl", *rows)], "human").authors == (f"import-{NFC}",)
    say(project, NFD, "r2")
    assert {one.given.teacher.name for said in labels(project).people.values() for one in said} == {NFC}


def test_a_file_of_the_command_label_names_its_people_and_their_unsure_rows(project: Project, tmp_path: Path) -> None:
    path = tmp_path / "labelled.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text", "text_pair", "label", "certainty", "note", "seconds", "labeller", "time"])
        writer.writerow(["r0", "a, b", "", "negative", "1", "", "2.5", "ada", "now"])
        writer.writerow(["r1", "c", "", "", "0", "hm", "2.5", "ada", "now"])
        writer.writerow(["r0", "a, b", "", "negative", "3", "", "2.5", "bob", "now"])
    found = import_labels(project, [path], "human")
    assert (found.authors, found.new, found.unsure) == (("import-ada", "import-bob"), 3, 1)
    people = labels(project).people
    assert [(one.author, one.given.certainty) for one in people["r0"]] == [("import-ada", 1), ("import-bob", 3)]
    assert labels(project).settled() == {"r0": "negative"}


def test_labels_of_rows_that_were_drawn_at_random_count_in_an_llms_quality(project: Project, tmp_path: Path) -> None:
    ids = [f"r{n}" for n in range(4)]
    rows = [
        {"id": row, "label": "negative", "chance": chance} for row, chance in zip(ids, (0.5, 0.5, 1, ""), strict=True)
    ]
    import_labels(project, [write(tmp_path / "p.jsonl", *rows)], "human", name="ann")
    told = [{"id": row, "label": "negative"} for row in ids]
    import_labels(project, [write(tmp_path / "l.jsonl", *told)], "llm", name="gpt", recorded=True)
    said = {row: one.given for row, (one,) in labels(project).people.items()}
    assert {row: (one.queue, one.chance) for row, one in said.items()} == {
        "r0": ("random", 0.5),
        "r1": ("random", 0.5),
        "r2": ("random", 1.0),
        "r3": ("file", None),
    }
    (quality,) = llm_qualities(Records(project.teaching_dir), project.labels)
    assert (quality.teacher, quality.all.rows, quality.hunted) == (Teacher("gpt", "llm", recorded=True), 3, 1)


def test_a_second_import_adds_nothing_and_another_label_is_a_revision_that_one_undo_takes_back(
    project: Project, tmp_path: Path
) -> None:
    rows = [{"id": f"r{n}", "label": "negative"} for n in range(4)]
    file = write(tmp_path / "a.jsonl", *rows)
    import_labels(project, [file], "llm", name="gpt")
    again = import_labels(project, [file], "llm", name="gpt")
    assert (again.new, again.changed, again.already) == (0, 0, 4)
    other = write(tmp_path / "b.jsonl", {"id": "r1", "label": "positive"}, {"id": "r2", "label": "negative"})
    third = import_labels(project, [other], "llm", name="gpt")
    assert (third.new, third.changed, third.already) == (0, 1, 1)
    store = Teaching.of(project, "import-gpt").store
    assert store.current["label", "r1"].revision == 2
    store.undo()
    assert {one.label for one in labels(project).llms["import-gpt"].values()} == {"negative"}
    store.undo()
    assert labels(project).llms == {}


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ({"id": "r9", "label": "negative"}, "there is no row 'r9' in pool or proof"),
        ({"id": "h0", "label": "negative", "split": "pool"}, "there is no row 'h0' in pool"),
        ({"id": "t0", "label": "negative", "split": "train"}, "rows of 'train' are not labelled; give pool or proof"),
        ({"id": "r1", "label": "neutral"}, "there is no label 'neutral'; give one of negative, positive"),
        ({"id": "r1", "label": ["negative"]}, "`label` is no text"),
        ({"id": "r1", "label": "negative", "certainty": 4}, "the certainty is '4'; give 3 sure"),
        ({"id": "r1", "label": "negative", "certainty": 0}, "the certainty is '0'; give 3 sure"),
        ({"id": "r1", "label": "", "certainty": 2}, "the line has no label"),
        ({"id": "r1", "label": "negative", "chance": 20}, "the chance is '20'; give the share of rows"),
        ({"id": "r1", "label": "negative", "chance": "few"}, "the chance is 'few'; give the share of rows"),
        ({"id": "r0", "label": "positive"}, "the row r0 is labelled in "),
        ({"label": "negative"}, "there is no column 'id'; there are 'label'; rename one of them to 'id', or add"),
        ({"ID": "r1", "label": "negative"}, "there is no column 'id'; there are 'ID', 'label'; rename 'ID' to 'id' if"),
    ],
)
def test_one_wrong_line_is_named_and_nothing_is_imported(
    project: Project, tmp_path: Path, line: dict[str, Any], sentence: str
) -> None:
    file = write(tmp_path / "l.jsonl", {"id": "r0", "label": "negative"}, line)
    with pytest.raises(DataError) as refused:
        import_labels(project, [file], "llm", name="gpt")
    assert str(refused.value).startswith(f"{file}:2: {sentence}")
    assert labels(project).llms == {}


def test_records_that_cannot_be_written_say_that_a_part_is_imported_and_the_rest_comes_with_the_next_try(
    project: Project, tmp_path: Path
) -> None:
    lines = [{"id": f"r{number}", "label": "negative", "labeller": who} for who in ("ada", "ben") for number in (0, 1)]
    file = write(tmp_path / "l.jsonl", *lines)
    in_the_way = project.teaching_dir / ".import-ben.lock"
    in_the_way.mkdir(parents=True)
    with pytest.raises(
        StoreError, match=r"cannot be written .*; mend that and import again: so far a part is imported"
    ):
        import_labels(project, [file], "human")
    given = labels(project).people
    assert {row: [one.author for one in given[row]] for row in given} == {"r0": ["import-ada"], "r1": ["import-ada"]}
    in_the_way.rmdir()
    found = import_labels(project, [file], "human")
    assert (found.new, found.already) == (2, 2)


def test_a_file_that_is_no_utf8_is_to_be_saved_as_such_as_no_option_names_another_encoding(
    project: Project, tmp_path: Path
) -> None:
    file = tmp_path / "l.csv"
    file.write_bytes("id,label,note\nr0,negative,café\n".encode("cp1252"))
    with pytest.raises(DataError, match=r"is not UTF-8; save the file as UTF-8\.$"):
        import_labels(project, [file], "llm", name="gpt")


def test_a_line_without_a_labeller_needs_a_name(project: Project, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="the line has no labeller; name who labelled with --teacher"):
        import_labels(project, [write(tmp_path / "l.jsonl", {"id": "r0", "label": "negative"})], "human")


def test_labels_of_proof_rows_are_for_audits_alone(project: Project, tmp_path: Path) -> None:
    file = write(tmp_path / "l.jsonl", {"id": "h0", "label": "negative"}, {"id": "h1", "label": "positive"})
    for kind, name in (("llm", "gpt"), ("human", "ann")):
        import_labels(project, [file], kind, name=name)  # type: ignore[arg-type]
    pool, proof = labels(project), Labels(Records(project.teaching_dir), "proof")
    assert (dict(pool.people), dict(pool.llms), pool.settled()) == ({}, {}, {})  # what trains, teaches and is shown
    assert (proof.settled(), set(proof.llms)) == ({"h0": "negative", "h1": "positive"}, {"import-gpt"})


def test_one_id_in_both_splits_has_to_say_which_and_both_stay_apart(project: Project, tmp_path: Path) -> None:
    put_split(project.root, "proof", [{"id": "r0", "text": "other words held out", "label": ""}])
    project = Project.open(project.root)
    with pytest.raises(DataError, match="the row r0 may be one of pool or of proof; say which in `split`"):
        import_labels(project, [write(tmp_path / "l.jsonl", {"id": "r0", "label": "negative"})], "llm", name="gpt")
    both = [{"id": "r0", "label": "negative", "split": "pool"}, {"id": "r0", "label": "positive", "split": "proof"}]
    import_labels(project, [write(tmp_path / "l.jsonl", *both)], "llm", name="gpt")
    assert labels(project).llms["import-gpt"]["r0"].label == "negative"


def test_a_note_that_holds_a_proof_row_is_refused(project: Project, tmp_path: Path) -> None:
    note = "like held out words 1, never taught"
    file = write(tmp_path / "l.jsonl", {"id": "r0", "label": "negative", "note": note})
    with pytest.raises(RefusedRecord, match="holds a held-out proof row"):
        import_labels(project, [file], "llm", name="gpt")
    assert labels(project).llms == {}


def test_rows_asked_for_because_they_looked_wrong_are_told_from_those_drawn_or_read_from_a_file(
    project: Project,
) -> None:
    ben = Teacher("ben", "human")
    asked = [
        ("r0", "hunt", None),
        ("r1", "flagged", None),
        ("r2", "hunt", 0.2),
        ("r3", "random", 0.5),
        ("r4", "file", None),
    ]
    told = [by_person(row, "negative", chance, queue=queue) for row, queue, chance in asked]
    write_labels(project, ANN, told)
    assert labels(project).looked_wrong() == {"r0", "r1"}
    write_labels(project, ben, [by_person("r1", "negative", teacher=ben)])
    assert labels(project).looked_wrong() == {"r0", "r1"}
