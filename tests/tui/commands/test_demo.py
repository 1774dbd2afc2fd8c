"""The demo project brings what it takes to work without a network, and a pool whose labels are to be found out."""

from __future__ import annotations

from collections import Counter

import orjson
import pytest

import sample_data
from engine.label_queue.label_overview import label_overview
from engine.project import Project
from engine.schema import UNLABELLED
from engine.teaching.labels import Labels
from engine.teaching.records import Records
from tui.cli import main
from tui.commands.demo import EXAMPLES, LLM, make_project

OWN = {
    line["id"]: line["label"]
    for line in map(orjson.loads, (sample_data.FOLDER / "data" / "pool.jsonl").read_bytes().splitlines())
}
"""The labels that the data came with, of which the project knows nothing."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return make_project(tmp_path_factory.mktemp("made") / "demo")


def test_a_demo_project_has_the_recorded_answers_where_a_replay_looks_for_them(project: Project) -> None:
    bundled = sample_data.FOLDER / "teaching" / "recorded.jsonl"
    assert (project.llm_dir / "recorded.jsonl").read_bytes() == bundled.read_bytes()


def test_the_pool_has_no_labels_and_proof_and_test_keep_theirs(project: Project) -> None:
    assert {row.label for row in project.examples("pool")} == {UNLABELLED}
    unlabelled = {name: split.unlabelled for name, split in project.manifest.splits.items()}
    assert unlabelled == {"train": 0, "pool": len(OWN), "proof": 0, "test": 0, "dev": 0}


def test_most_rows_have_an_example_label_and_all_an_llms_that_is_recorded(project: Project) -> None:
    given = Labels(Records(project.teaching_dir))
    assert {one.given.teacher for said in given.people.values() for one in said} == {EXAMPLES}
    settled = given.settled()
    assert len(settled) == 445
    assert settled.items() <= OWN.items()
    (said,) = given.llms.values()
    assert {one.teacher for one in said.values()} == {LLM}
    assert {row: one.label for row, one in said.items()} == OWN
    assert Counter(one.certainty for one in said.values()) == {3: 485, 2: 9}


def test_enough_labels_are_of_rows_drawn_at_random_that_the_llms_may_train(project: Project) -> None:
    (llm,) = label_overview(project, Records(project.teaching_dir)).llms
    assert (llm.quality.all.rows, llm.quality.hunted) == (60, 385)
    assert llm.usability.usable


def test_the_command_labels_tells_of_the_llm(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["labels", str(project.root)]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "demo-llm (llm, recorded), beside the bundled examples; 485 sure, 9 likely" in told
    assert "certainty 2 and 3 agree with the bundled examples in 1.00" in told
    assert "with people" not in told  # nobody has labelled anything
