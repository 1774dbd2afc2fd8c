"""The regression suite run as in CI: a real classifier, a real job, the exit status and the JUnit file."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
import torch
from transformers import BertModel

from engine.files import write_json
from engine.model.training import train
from engine.progress import Silent
from engine.project import Project
from engine.suite.frozen import Case, FrozenSpot, suite_dir
from tests.engine.model.conftest import CPU, config, make_project, rows, save
from tests.engine.model.test_training import plan
from tui.cli import main


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base without a classification head."""
    torch.manual_seed(3)
    return save(BertModel(config()), tmp_path_factory.mktemp("weights") / "base")


@pytest.fixture(scope="module")
def trained(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A classifier that gets every row right."""
    return train(plan(base), rows(44), out=tmp_path_factory.mktemp("trained") / "model", compute=CPU, monitor=Silent())


@pytest.fixture
def frozen(tmp_path: Path, base: Path) -> Project:
    """A project with two frozen blind spots; every case of B2 asks for the wrong label."""
    project = make_project(tmp_path / "work", base=base)
    found = rows(16)
    flipped = {"bad": "good", "good": "bad"}
    for name, labels in (("B1", {"bad": "bad", "good": "good"}), ("B2", flipped)):
        cases = tuple(Case(row.id, "row" if number < 12 else "sample", row.text, labels[row.label])
                      for number, row in enumerate(found))  # fmt: skip
        spot = FrozenSpot(name, "bad", "good", 1, "aaaa1111", "llm", "scratch", cases)
        write_json(suite_dir(project) / f"{name}.json", spot.as_json())
    return project


def test_a_blind_spot_that_is_open_again_fails_the_check(
    frozen: Project, trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    junit = tmp_path / "out.xml"
    assert main(["check", str(frozen.root), "--model", str(trained), "--junit", str(junit)]) == 1
    out = capsys.readouterr().out
    assert "B1   12 of 12 rows right, at least 90 % must be: closed" in out
    assert "B1   4 of 4 samples right, at least 80 % must be: closed" in out
    assert "B2   0 of 12 rows right, at least 90 % must be: OPEN AGAIN" in out
    assert "r0: bad (" in out
    cases = {case.get("name"): case for case in ElementTree.parse(junit).iter("testcase")}
    assert set(cases) == {"B1 rows", "B1 samples", "B2 rows", "B2 samples"}
    failed = {name for name, case in cases.items() if case.find("failure") is not None}
    assert failed == {"B2 rows", "B2 samples"}
    failure = cases["B2 rows"].find("failure")
    assert failure is not None
    assert len((failure.text or "").splitlines()) == 12


def test_what_holds_passes_and_json_has_every_case(
    frozen: Project, trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (suite_dir(frozen) / "B2.json").unlink()
    assert main(["check", str(frozen.root), "--model", str(trained), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["holds"] is True
    assert [(one["blind_spot"], one["origin"], one["right"]) for one in found["checked"]] == [
        ("B1", "row", 12),
        ("B1", "sample", 4),
    ]


def test_a_base_without_a_head_is_refused(frozen: Project, base: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(frozen.root), "--model", str(base)]) == 1
    assert "no classification head" in capsys.readouterr().err


def test_without_a_suite_it_says_how_to_get_one(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(project.root)]) == 1
    assert "promote a proven arm" in capsys.readouterr().err
