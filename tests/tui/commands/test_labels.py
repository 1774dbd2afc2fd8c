"""`blindspot labels` and `guidelines`: what they say of the labels of a project, and what they keep to themselves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.labelling.guidelines import guideline_of
from engine.project import Project
from engine.schema import RowLabel, Teacher
from tests.builders.labels import ANN, GPT, by_llm, by_person, write_labels
from tests.builders.project import copy_project
from tests.builders.stream import stream_project
from tests.tui.commands.conftest import Run
from tui.cli import main

BEN = Teacher("ben", "human")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return stream_project(tmp_path / "work", rows=60, proof=3)


def labelled(project: Project) -> None:
    """Ann has labelled 30 rows, ben 3 of them; the LLM all, and differs on r0 and r1 and on the proof row h0.

    On the proof row h1 ann and ben differ.
    """
    write_labels(project, GPT, [by_llm(f"r{n}", "negative", 2 if n == 1 else 3) for n in range(60)])
    write_labels(project, GPT, [by_llm("h0", "negative", split="proof")])
    said = [by_person(f"r{n}", "positive" if n < 2 else "negative") for n in range(30)]
    held_out = [by_person(row, "positive", split="proof", queue="audit") for row in ("h0", "h1")]
    write_labels(project, ANN, [*said, *held_out])
    write_labels(project, BEN, [by_person("h1", "negative", split="proof", queue="audit", teacher=BEN)])
    bens = [("r2", "negative"), ("r3", "negative"), ("r4", "positive")]
    write_labels(project, BEN, [*(by_person(row, label, teacher=BEN) for row, label in bens)])
    write_labels(project, BEN, [RowLabel("r50", "", 0, BEN, "random", "pool", 0.5)])


def test_nothing_is_labelled_yet(run: Run, project: Project) -> None:
    status, out, _ = run("labels")
    assert status == 0
    assert out.splitlines() == [
        "0 of 60 pool rows have a label from people.",
        f"next: label rows: blindspot label {project.root}, or let an LLM: blindspot label {project.root} --by llm",
    ]
    assert run("labels", "--disagreements")[1] == "people and LLMs differ on no row that both have labelled\n"


@pytest.mark.parametrize(
    ("with_ann", "who"), [(False, "the bundled examples"), (True, "people or the bundled examples")]
)
def test_bundled_labels_are_not_said_to_be_from_people(run: Run, project: Project, with_ann: bool, who: str) -> None:
    bundled = Teacher("bundled", "example")
    write_labels(project, bundled, [by_person("r1", "negative", teacher=bundled)])
    if with_ann:
        write_labels(project, ANN, [by_person("r2", "negative")])
    assert f"of 60 pool rows have a label from {who}." in run("labels")[1]


def test_where_every_row_came_with_a_label_discover_is_next(
    created: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = copy_project(created, tmp_path / "work").root
    assert main(["labels", str(root)]) == 0
    assert capsys.readouterr().out.endswith(f"next: every pool row came with a label: blindspot discover {root}\n")


def test_it_says_who_labelled_how_far_they_agree_and_how_good_the_llm_is(run: Run, project: Project) -> None:
    labelled(project)
    status, out, err = run("labels")
    assert (status, err) == (0, "")
    words = " ".join(out.split())
    assert "29 of 60 pool rows have a label from people; on 1 row they differ; 1 proof row has one." in words
    for line in ("ann human 30 0", "ben human 3 1", "llm-gpt llm 60 0"):
        assert line in words
    assert "People agree on 2 of 3 rows that two or more labelled: 0.67" in words
    assert "rows drawn at random 30 27 0.90" in words
    assert "gpt and people differ on 2 rows that can be read." in words
    assert "They differ on 1 row of the proof part too, which nobody is shown." in words
    assert "nothing trains on it" in words
    assert f"next: decide on 1 row where people differ: blindspot label {project.root} --queue conflict" in words
    held_out = "decide on 1 row of the proof part where people differ"
    assert f"next: {held_out}: blindspot label {project.root} --queue proof-conflict" in words
    assert "more rows at random" in words
    found = json.loads(run("labels", "--json")[1])
    (llm,) = found["llms"]
    assert (llm["quality"]["all"]["rows"], llm["usability"]["usable"]) == (30, False)


def test_disagreements_have_text_and_both_labels_and_no_row_that_people_have_yet_to_label(
    run: Run, project: Project
) -> None:
    labelled(project)
    out = run("labels", "--disagreements")[1]
    assert out.splitlines()[:3] == [
        "text number 0 of the stream",
        "people: positive   LLM: negative, sure",
        "row r0, drawn at random",
    ]
    assert "people: positive   LLM: negative, likely" in out
    assert out.count("people:") == 2
    everything = out + run("labels", "--disagreements", "--json")[1] + run("labels", "--json")[1]
    assert "held out words" not in everything
    assert not [n for n in range(30, 60) if f'"r{n}"' in everything]
    rows = json.loads(run("labels", "--disagreements", "--json")[1])["llm-gpt"]
    assert [(row["row"], row["text"]) for row in rows] == [(f"r{n}", f"text number {n} of the stream") for n in (0, 1)]


def test_versions_of_the_guideline_with_their_labels_and_what_an_edit_makes_stale(run: Run, project: Project) -> None:
    assert "There is no guideline" in run("guidelines")[1]
    path = project.root / "guidelines.md"
    path.write_text("# positive\nPraise.\n# negative\nBlame.\n")
    guideline_of(project)
    write_labels(project, ANN, [by_person("r0", "positive", guideline=1), by_person("r1", "negative", guideline=1)])
    write_labels(project, GPT, [by_llm(f"r{n}", "negative", guideline=1) for n in range(5)])
    path.write_text("# positive\nPraise, also faint.\n# negative\nBlame.\n")
    status, out, err = run("guidelines")
    assert (status, err) == (0, "")
    words = " ".join(out.split())
    assert "version 1 4 2 5 version 2, as it stands 4 0 0" in words
    assert "version 2 touched what is said of positive (--diff 2 shows it)" in words
    root = project.root
    assert (
        f"1 label of ann may be wrong since the guideline was edited: blindspot label {root} --queue stale "
        "--labeller ann" in words
    )
    assert f"5 labels of llm-gpt came under an earlier guideline: blindspot label {root} --by llm" in words
    diff = run("guidelines", "--diff", "2")[1].splitlines()
    assert "-Praise." in diff
    assert "+Praise, also faint." in diff
    assert run("guidelines", "--diff", "7")[2].endswith("there is no version 7; there are 1, 2.\n")
    found = json.loads(run("guidelines", "--json")[1])
    assert (found["now"], found["touched"], found["stale"]) == (2, ["positive"], {"ann": 1})
