"""After tau was edited in the settings, the app and every command that needs the blind spots ask to find them anew."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.files import write_json, write_jsonl
from engine.project import SETTINGS_FILE, Project
from engine.settings import change_setting
from tests.tui.app.opening import opened
from tests.tui.app.projects import write_project
from tui.cli import main
from tui.view_models.workbench import Workbench

EDITS = {"tau": 0.97, "apply_temperature": True}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_project(tmp_path / "work")


@pytest.mark.parametrize("key", EDITS)
@pytest.mark.parametrize(
    "words",
    [
        ("list",),
        ("show", "B1"),
        ("show", "scattered"),
        ("suspects",),
        ("mark", "B1", "--done"),
        ("describe", "B1", "--kind", "abstraction", "--text", "facts"),
        ("sample", "B1", "--text", "New.", "--label", "negative", "--role", "target"),
        ("perturb", "n1", "--text", "New.", "--label", "positive"),
        ("preview", "B1"),
        ("commit", "B1"),
        ("test-pattern",),
        ("import-teaching", "FILE", "--teacher", "x", "--kind", "llm"),
        ("teach", "--estimate"),
        ("teach", "--replay"),
        ("retrain",),
        ("retrain", "--quick"),
        ("review",),
        ("verdict", "a text"),
    ],
    ids=" ".join,
)
def test_a_command_refuses_and_starts_no_job(
    tmp_path: Path, words: tuple[str, ...], key: str, capsys: pytest.CaptureFixture[str]
) -> None:
    root = write_project(tmp_path / "work", live_verdict=True)
    change_setting(root / SETTINGS_FILE, "discovery", key, EDITS[key])
    write_jsonl(root / "llm" / "recorded.jsonl", [])
    file = tmp_path / "teaching.jsonl"
    write_jsonl(file, [{"text": "New.", "label": "negative", "kind": "anchor"}])
    assert main([words[0], str(root), *(str(file) if word == "FILE" else word for word in words[1:])]) == 1
    err = capsys.readouterr().err
    assert (err.count("\n"), f"`discovery.{key}` is" in err) == (1, True)
    assert f"run `blindspot discover {root}` to find" in err
    assert not list(root.glob("jobs/*-*"))


@pytest.mark.parametrize("key", EDITS)
async def test_the_app_says_so_when_it_opens(root: Path, key: str) -> None:
    change_setting(root / SETTINGS_FILE, "discovery", key, EDITS[key])
    async with opened(root, size=(200, 30)) as driver:
        await driver.until(lambda: f"`discovery.{key}` is" in driver.words)
        await driver.press("M")
        await driver.until(lambda: f"run`blindspotdiscover{root}`" in driver.pane)


def test_the_app_takes_up_the_settings_of_a_discovery_made_elsewhere(root: Path) -> None:
    workbench = Workbench.open(root, "ann")
    change_setting(root / SETTINGS_FILE, "discovery", "tau", 0.97)
    found = replace(Project.open(root).discovery(), tau=0.97)  # type: ignore[type-var]
    write_json(root / "rounds" / "001" / "discovery.json", found.as_json())
    workbench.load(found)
    assert workbench.project.discovered().tau == 0.97
    assert workbench.repairs == []
    workbench.close()
