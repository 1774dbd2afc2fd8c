"""The conformance check of a classifier: what passes, and what is told of one that does not keep to the protocol."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.operations.classifier_check import check_classifier
from engine.operations.machine import MachineFinding
from engine.operations.outside_uses import outside_uses
from engine.programs import process
from engine.project import Project
from engine.trust import NotTrusted, agree
from tests.builders.programs import SCORE, TRAIN, program_project, program_settings
from tests.builders.project import lay_out
from tests.builders.rows import rows

ALONE = """\
import json, sys, random
json.loads(sys.stdin.readline())
print(json.dumps({"protocol": 1, "labels": ["bad", "good"]}))
for line in sys.stdin:
    request = json.loads(line)
    good = [sum(word in row["text"] for word in ("fine", "warm", "kind", "quick")) for row in request["rows"]]
    found = [[0.05, 0.95] if one else [0.95, 0.05] for one in good]
    CHANGE
    print(json.dumps({"id": request["id"], "probabilities": found}))
"""


def check(project: Project) -> dict[str, MachineFinding]:
    return {finding.name: finding for finding in check_classifier(project)}


def alone(tmp_path: Path, change: str = "pass", end: str = "") -> dict[str, MachineFinding]:
    """What is found of a program without training that knows its rows, but for a change."""
    return check(program_project(tmp_path / "work", scorer=ALONE.replace("CHANGE", change) + end, train=""))


def test_all_that_is_asked_of_programs_that_keep_to_the_protocol(tmp_path: Path) -> None:
    project = program_project(tmp_path / "work", continues=True)
    found = check(project)
    assert list(found) == [
        "training",
        "start",
        "one row",
        "100 rows",
        "the same twice",
        "another order",
        "odd texts",
        "labels",
        "end",
        "training goes on",
    ]
    assert {finding.state for finding in found.values()} == {"ok"}
    assert not project.models_dir.exists()
    assert not list(project.cache_dir.glob("classifier-check*"))


def test_one_that_cannot_be_trained_is_examined_as_it_is(tmp_path: Path) -> None:
    found = alone(tmp_path)
    assert {finding.state for finding in found.values()} == {"ok"}
    assert "not retrained" in found["training"].detail
    assert found["labels"].detail == "24 of 24 train rows get their label"


@pytest.mark.parametrize("label", ["", None])
def test_a_project_without_train_rows_is_asked_about_its_pool(tmp_path: Path, label: str | None) -> None:
    pool = [row.as_json() | ({} if label is None else {"label": label}) for row in rows(12)]
    project = lay_out(tmp_path / "work", {"pool": pool}, program_settings(train=""))
    (project.root / "score.py").write_text(ALONE.replace("CHANGE", "pass"))
    agree(project.root, outside_uses(project))
    found = check(project)
    assert {finding.state for finding in found.values()} == {"ok"}
    known = "no row that was asked about has a label to compare with"
    assert found["labels"].detail == (known if label == "" else "12 of 12 pool rows get their label")


def test_training_is_not_tried_without_train_rows(tmp_path: Path) -> None:
    project = lay_out(tmp_path / "work", {"pool": [row.as_json() for row in rows(4)]}, program_settings())
    agree(project.root, outside_uses(project))
    assert "no train rows" in check(project)["training"].detail


@pytest.mark.parametrize(
    ("change", "name", "state", "said"),
    [
        ("found = [one[::-1] for one in found]", "labels", "problem", "bad is called good, good is called bad"),
        ("found = [[.5, .5]] * len(found)", "100 rows", "warning", "0% have a confidence of tau"),
        ("x = random.random(); found = [[x, 1 - x]] * len(found)", "the same twice", "warning", "apart"),
        ("found = [found[0]] * len(found)", "another order", "problem", "in another order"),
        (
            "found = [one for one, row in zip(found, request['rows']) if row['text']]",
            "odd texts",
            "problem",
            "2 rows where 3",
        ),
        ("found[0] = [.5, .4]", "one row", "problem", "add up to 0.9"),
    ],
)
def test_what_does_not_pass_is_named_with_how_to_mend_it(
    tmp_path: Path, change: str, name: str, state: str, said: str
) -> None:
    finding = alone(tmp_path, change)[name]
    assert finding.state == state
    assert said in finding.detail
    assert finding.hint


def test_one_that_has_learned_twenty_rows_may_be_sure_of_none(tmp_path: Path) -> None:
    unsure = ALONE.replace("CHANGE", "found = [[.4, .6] if one else [.6, .4] for one in good]")
    found = check(program_project(tmp_path / "work", scorer=unsure))
    assert "0% have a confidence of tau" in found["100 rows"].detail
    assert {finding.state for finding in found.values()} == {"ok"}


def test_one_that_does_not_start_is_not_asked_more(tmp_path: Path) -> None:
    found = check(program_project(tmp_path / "work", scorer="raise SystemExit('no model')", train=""))
    assert list(found) == ["start", "training"]
    assert "no model" in found["start"].detail


def test_one_that_stays_after_its_input_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "GRACE", 0.1)
    assert "was killed" in alone(tmp_path, end="import time; time.sleep(99)")["end"].detail


def test_a_failed_training_is_told_and_nothing_is_scored(tmp_path: Path) -> None:
    found = check(program_project(tmp_path / "work", trainer="raise SystemExit('no memory')"))
    assert list(found) == ["training"]
    assert "no memory" in found["training"].detail


def test_pairs_are_asked_as_pairs(tmp_path: Path) -> None:
    settings: Any = program_settings(train="")
    pairs = [replace(row, text_pair="and more").as_json() for row in rows(24)]
    root = tmp_path / "work"
    project = lay_out(root, {"train": pairs, "pool": pairs}, replace(settings, task=replace(settings.task, pair=True)))
    (root / "score.py").write_text(ALONE.replace("CHANGE", "assert all(row['text_pair'] for row in request['rows'])"))
    agree(root, outside_uses(project))
    found = check(project)
    assert {finding.state for finding in found.values()} == {"ok"}
    assert found["one row"].detail.startswith("a pair: ")


def test_nothing_runs_that_nobody_has_agreed_to(tmp_path: Path) -> None:
    mark = "open('ran', 'w').close()\n"
    project = program_project(tmp_path / "work", scorer=mark + SCORE, trainer=mark + TRAIN, agreed=False)
    with pytest.raises(NotTrusted):
        list(check_classifier(project))
    assert not (project.root / "ran").exists()
