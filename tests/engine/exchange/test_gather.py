"""What may leave: nothing sealed, no proof row unless it is asked for, and each row with where it comes from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from engine.exchange.export_folder import export
from engine.exchange.format import format_names
from engine.exchange.gather import Gathered
from engine.files import append_line, read_json, write_json
from engine.labelling.guidelines import guideline_hash, guideline_of
from engine.llm.call_log import CALLS_FILE, Call
from engine.project import Project
from engine.schema import RowLabel
from engine.text import row_hash
from tests.builders.discovery import save_discovery
from tests.builders.labels import by_llm, by_person, write_labels
from tests.engine.exchange.world import ANN, GPT, TEXTS, contents, make_source, out_of, review_of, rows_of
from tests.engine.review.world import annotator, judgement, reviewer
from tests.engine.teaching.world import make_project

OF_OTHERS = ("A person is named", "staff** are praised", *TEXTS)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return make_source(tmp_path_factory.mktemp("source") / "work")


def words_of(out: Gathered) -> str:
    return repr([(table.kind, [dict(row) for row in table.rows]) for table in out.tables])


def test_who_has_decided_nothing_exports_nothing_that_others_wrote(source: Project, tmp_path: Path) -> None:
    out = out_of(source, by="nobody")
    assert {table.kind for table in out.tables} == {"labels", "marks"}
    assert any("what others wrote on B1, B2, B3, which is sealed for nobody" in one for one in out.left_out)
    assert not any(secret in words_of(out) for secret in OF_OTHERS)
    for name in format_names():
        if name == "checklist":
            continue  # it holds nothing but samples
        export(out, name, tmp_path / name, wanted=["labels", "samples", "patterns", "judgements"])
        written = b"".join(path.read_bytes() for path in (tmp_path / name).rglob("*") if path.is_file())
        assert not any(secret.encode() in written for secret in OF_OTHERS), name


def test_a_decision_opens_what_was_sealed_on_that_blind_spot(source: Project) -> None:
    assert {row["blind_spot"] for row in rows_of(out_of(source, by="ann"), "patterns")} == {"B1", "B2", "B3"}
    own = {row["teacher"] for row in rows_of(out_of(source, by="ann"), "patterns")}
    assert own == {"ann", "gpt"}


def test_who_has_still_to_judge_blind_is_not_told_who_wrote_what(tmp_path: Path) -> None:
    project = make_source(tmp_path / "work")
    out = out_of(project, by="rev")  # who has declined everywhere and judged B1 alone
    assert {row["blind_spot"] for row in rows_of(out, "samples")} == {"B1", "B3"}  # on B3 there is nothing to judge
    judged = rows_of(out, "judgements")
    assert {row["blind_spot"] for row in judged} == {"B1"}
    assert {row["teacher"] for row in judged if row["about"] == "sample"} == {"ann", "gpt"}
    late = reviewer(project, "late")
    assert rows_of(out_of(project, by="late"), "judgements") == []
    assert {row["blind_spot"] for row in rows_of(out_of(project, by="late"), "patterns")} == {"B3"}
    for entry in late.queue():
        if entry.blind_spot == "B1":
            late.judge(judgement(late, entry.id))
    assert {row["reviewer"] for row in rows_of(out_of(project, by="late"), "judgements")} == {"rev", "late"}


def test_a_judgement_names_whose_side_was_better_and_what_was_said_of_each_text(source: Project) -> None:
    review = review_of(source, "rev")
    rows = rows_of(out_of(source, by="rev"), "judgements")
    items = [row for row in rows if row["about"] == "item"]
    assert len(items) == sum(entry.state == "judged" for entry in review.queue())
    for row in items:
        sources = review.reveal(str(row["item"]))
        assert row["preference"] == sources.left.name
    fixed = [row for row in rows if row["verdict"] == "fix"]
    assert fixed
    assert {row["fixed_text"] for row in fixed} == {"A mended text about boots."}
    assert {row["useful"] for row in rows if row["about"] == "pattern"} == {True}


def test_proof_rows_leave_only_where_that_is_asked_for(source: Project) -> None:
    closed, opened = out_of(source, proof=False), out_of(source, proof=True)
    assert {row["split"] for row in rows_of(closed, "labels")} == {"pool"}
    assert "cold stare from the counter" not in words_of(closed)
    assert any(one.startswith("left out: 2 labels of proof rows") for one in closed.left_out)
    assert (closed.proof, opened.proof) == (0, 2)
    assert {row["id"] for row in rows_of(opened, "labels") if row["split"] == "proof"} == {"x1", "x2"}


def test_pool_rows_that_nearly_equal_a_proof_row_are_treated_as_such(tmp_path: Path) -> None:
    project = make_project(tmp_path / "work")
    manifest = read_json(project.root / "manifest.json")
    row = project.rows("pool", ["r2"])["r2"]
    write_json(project.root / "manifest.json", manifest | {"withheld": [row_hash(row.text)]})
    project = Project.open(project.root)
    write_labels(project, ANN, [by_person("r2", "positive"), by_person("r1", "negative")])
    assert [row["id"] for row in rows_of(out_of(project, ["labels"], proof=False), "labels")] == ["r1"]
    opened = out_of(project, ["labels"], proof=True)
    assert {row["id"]: row["withheld"] for row in rows_of(opened, "labels")} == {"r1": False, "r2": True}
    export(opened, "hf", tmp_path / "hf", wanted=["labels"])
    assert sorted(path.name for path in (tmp_path / "hf" / "labels").iterdir()) == ["pool.parquet", "withheld.parquet"]


def test_a_row_that_is_held_back_is_not_told_as_one_of_its_blind_spot(tmp_path: Path) -> None:
    project = make_project(tmp_path / "work")
    found = project.discovery()
    assert found is not None
    spot, *others = found.blind_spots
    rows = (*spot.rows, "d1", "d2", "s1", "r3")
    save_discovery(project, replace(found, blind_spots=(replace(spot, rows=rows), *others)))
    write_labels(project, ANN, [by_person(row, "negative") for row in rows])

    def told() -> set[str]:
        labels = rows_of(out_of(project, ["labels"]), "labels")
        return {str(row["id"]) for row in labels if row["blind_spot"] == "B1" and row["predicted"]}

    before = told()
    assert before < set(rows)
    annotator(project, "ann").decline("B1", "no idea")
    assert told() == set(rows)


def test_each_row_says_where_it_comes_from(tmp_path: Path) -> None:
    project = make_source(tmp_path / "work")
    guideline = guideline_of(project)
    write_labels(project, GPT, [by_llm("p2", "positive", guideline=guideline.number)])
    seen = next(pattern for pattern in rows_of(out_of(project), "patterns") if pattern["teacher"] == "gpt")["evidence"]
    call = Call("k", 1.0, 1.0, "gpt", "gpt-9", "h", "abstraction", "B1", "json", "ok", evidence=str(seen), prompt="aa")
    about = guideline_hash(guideline, project.labels)
    labelled = replace(call, step="label", blind_spot="", evidence=about, prompt="bb", rows=("p2",))
    for one in (call, labelled, replace(labelled, evidence="other", prompt="cc")):
        append_line(project.llm_dir / CALLS_FILE, orjson.dumps(one.as_json()))
    out = out_of(project)
    (pattern,) = [row for row in rows_of(out, "patterns") if row["prompt"]]
    assert (pattern["prompt"], pattern["llm_model"], pattern["kind"]) == ("aa", "gpt-9", "abstraction")
    assert (pattern["blind_spot"], pattern["gold"], pattern["predicted"]) == ("B1", "negative", "positive")
    (label,) = [row for row in rows_of(out, "labels") if row["id"] == "p2"]
    assert (label["prompt"], label["llm_model"], label["guideline_hash"]) == ("bb", "gpt-9", about)
    assert (label["blind_spot"], label["round"], label["model"], label["confidence"]) == ("B2", 1, "none", 0.95)
    assert all(row["time"] for table in out.tables for row in table.rows)


def test_the_label_that_counts_stands_beside_each_label(tmp_path: Path) -> None:
    project = make_project(tmp_path / "work")
    write_labels(project, ANN, [by_person("r1", "negative"), RowLabel("r2", "", 0, ANN, "random")])
    write_labels(project, GPT, [by_llm("r1", "positive"), by_llm("r3", "positive")])
    found = contents(out_of(project, ["labels"]), "labels", ("id", "label", "settled"))
    expected = [("r1", "negative", "negative"), ("r1", "positive", "negative"), ("r2", "", ""), ("r3", "positive", "")]
    assert sorted(found) == expected
