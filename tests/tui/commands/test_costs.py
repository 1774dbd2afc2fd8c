from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.project import Project
from tests.engine.costs.world import ANN, GPT, ask, make_ledger_project, teach, work
from tui.cli import main


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_ledger_project(tmp_path / "work")


def test_an_untouched_project_says_that_there_is_nothing_to_pay(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["costs", str(project.root)]) == 0
    assert capsys.readouterr().out == "Nothing has been written or labelled yet, and nobody was asked.\n"


def test_people_read_tables_and_reasons_and_scripts_one_object(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    for teacher in (ANN, GPT):
        teach(project, teacher, "B1", "abstraction")
    ask(project, "abstraction", "B1")
    work(project, "teach", "B1", 100)
    assert main(["costs", str(project.root)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Costs in EUR; wage 36.00 an hour; prices of 2026-11-01\n")
    (row,) = (line for line in out.splitlines() if line.startswith("cost per pattern"))
    assert row.split()[3:] == ["1.00", "0.0020", "500"]
    assert "there is no proof of arm human yet" in out
    assert main(["costs", str(project.root), "--json"]) == 0
    book = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in book["teachers"]] == ["ann", "gpt"]
    assert book["teachers"][1]["calls"]["tokens_in"] == 1000
    assert book["ratios"][0] == {
        "of": "pattern",
        "human": {"value": 1.0, "why": ""},
        "llm": {"value": pytest.approx(0.002), "why": ""},
        "ratio": {"value": pytest.approx(500), "why": ""},
    }


def test_the_command_answers_to_the_name_it_had_before(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    told = []
    for name in ("costs", "ledger"):
        assert main([name, str(project.root)]) == 0
        told.append(capsys.readouterr().out)
    assert told[0] == told[1]
