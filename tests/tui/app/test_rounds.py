"""The history on screen and as a command."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from engine.files import write_json
from engine.project import Project
from engine.regression.promotion import Promotion
from tests.tui.app.opening import opened
from tests.tui.app.projects import write_project
from tui.cli import main
from tui.screens.rounds_screen import RoundsScreen


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two rounds: of three blind spots one is not found again in the second."""
    root = write_project(tmp_path / "work")
    project = Project.open(root)
    found = project.discovered()
    made = Promotion(2, "m", "models/m", "k", "aaaa1111", "llm", "keep", 13, "proven")
    write_json(project.round_dir(2) / "model.json", made.as_json())
    later = replace(found, round=2, blind_spots=found.blind_spots[1:])
    write_json(project.round_dir(2) / "discovery.json", later.as_json())
    return root


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_the_history_is_a_table_and_a_sentence_a_round(root: Path, size: tuple[int, int]) -> None:
    async with opened(root, size=size) as driver:
        await driver.press("H")
        await driver.until(lambda: isinstance(driver.screen, RoundsScreen))
        assert "round 1: model baseline-13" in driver.words
        assert "not found  new" in driver.text
        assert "round 2: starts from llm, keep: proven; kept B2 B3; not found again B1" in driver.words
        await driver.press("q")
        assert not isinstance(driver.screen, RoundsScreen)


def test_the_rounds_command_prints_the_same_history(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rounds", str(root)]) == 0
    out = capsys.readouterr().out
    assert "round 2: starts from llm, keep: proven; kept B2 B3; not found again B1" in out
    assert main(["rounds", str(root), "--json"]) == 0
    rounds = json.loads(capsys.readouterr().out)
    assert [one["uus"] for one in rounds] == [15, 9]
    assert rounds[1]["change"] == {
        "closed": [],
        "kept": ["B2", "B3"],
        "split": [],
        "merged": [],
        "not_found": ["B1"],
        "new": [],
    }
