from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from engine.operations import machine
from engine.operations.create_project import create_project
from engine.operations.diagnosis import check
from engine.operations.machine import MachineFinding
from engine.project import Project
from engine.schema import RowMark
from engine.settings import ComputeSettings
from engine.teaching.store import Store


@pytest.fixture
def project(tmp_path: Path, files: dict[str, Path]) -> Project:
    return create_project(tmp_path / "work", **files, text="text", label="label")  # type: ignore[arg-type]


def findings(root: Path | None = None) -> dict[str, MachineFinding]:
    return {finding.name: finding for finding in check(root)}


def test_a_machine_and_a_new_project_are_well(project: Project) -> None:
    found = findings(project.root)
    assert [name for name, finding in found.items() if not finding.ok] == []
    assert {"python", "packages", "compute", "disk", "terminal", "settings", "jobs"} <= found.keys()
    assert [name for name in found if name.startswith("split")] == [f"split {name}" for name in project.manifest.splits]
    assert all(found[f"split {name}"].detail.endswith("unchanged") for name in project.manifest.splits)


def test_the_installed_weights_are_the_official_ones() -> None:
    finding = findings()["weights all-MiniLM-L6-v2"]
    assert finding.state == "ok"
    assert "from the package" in finding.detail
    assert "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db (the official weights)" in finding.detail


def test_without_a_folder_only_the_machine_is_looked_at() -> None:
    assert not {"settings", "jobs", "project"} & findings().keys()


def test_a_folder_without_a_project(tmp_path: Path) -> None:
    finding = findings(tmp_path / "nowhere")["project"]
    assert (finding.state, finding.ok) == ("problem", False)
    assert "there is no Blindspot project in this folder" in finding.detail
    assert "blindspot init" in finding.hint


def test_changed_and_missing_splits_are_all_named(project: Project) -> None:
    project.split_path("train").unlink()
    with project.split_path("proof").open("a") as out:
        out.write("\n")
    found = findings(project.root)
    assert "is missing" in found["split train"].detail
    assert "has changed" in found["split proof"].detail
    assert [found[f"split {name}"].state for name in ("train", "pool", "proof")] == ["problem", "ok", "problem"]


def test_a_mistake_in_the_settings_and_a_damaged_manifest(project: Project) -> None:
    settings = project.root / "blindspot.toml"
    whole = settings.read_text()
    settings.write_text(whole.replace("tau = 0.9", "tau = 9.0"))
    assert "`discovery.tau` is 9.0" in findings(project.root)["project"].detail
    settings.write_text(whole)
    (project.root / "manifest.json").write_text('{"version": "0"')
    assert "the manifest is damaged" in findings(project.root)["project"].detail


def test_changed_sources_are_only_a_warning(project: Project, files: dict[str, Path]) -> None:
    files["test"].unlink()
    files["pool"].write_text("changed")
    found = findings(project.root)
    assert (found["source test.jsonl"].state, found["source pool.jsonl"].state) == ("warning", "warning")
    assert "is gone" in found["source test.jsonl"].detail
    assert "has changed" in found["source pool.jsonl"].detail
    assert "source train.jsonl" not in found


def test_annotations_are_counted_and_damage_is_told_without_touching_the_file(project: Project) -> None:
    store = Store(project.teaching_dir, "ann")
    for row in ("r1", "r2"):
        with store.edit("mark a row") as edit:
            edit.put("mark", row, RowMark(row, "ambiguous"))
    assert findings(project.root)["annotations ann"].detail == "2 records in 2 revisions"
    damaged = store.path.read_bytes()[:-40]
    store.path.write_bytes(damaged)
    finding = findings(project.root)["annotations ann"]
    assert finding.state == "warning"
    assert "was damaged" in finding.detail
    assert store.path.read_bytes() == damaged


def test_weights_that_are_not_here_are_not_fetched() -> None:
    (finding,) = machine.check_weights(["nobody/nothing-of-that-name"])
    assert (finding.state, finding.detail) == ("warning", "not on this machine")


@pytest.mark.parametrize(("name", "detail"), [("", "no config.json"), ("gone", "there is no such folder")])
def test_weights_that_cannot_be_used(tmp_path: Path, name: str, detail: str) -> None:
    (finding,) = machine.check_weights([str(tmp_path / name)])
    assert finding.state == "problem"
    assert detail in finding.detail


def test_a_device_that_is_not_there() -> None:
    finding = machine.check_compute(ComputeSettings(device="mps" if sys.platform != "darwin" else "cuda"))
    assert finding.state == "problem"
    assert "device on this machine" in finding.detail


@pytest.mark.parametrize(
    ("env", "encoding", "state", "detail"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, "utf-8", "ok", "16 million colours"),
        ({"TERM": "tmux-256color", "TMUX": "/tmp/tmux"}, "utf-8", "ok", "256 colours"),
        ({"TERM": "xterm", "NO_COLOR": "1"}, "utf-8", "ok", "no colour (NO_COLOR)"),
        ({"TERM": "dumb"}, "utf-8", "warning", "TERM=dumb"),
        ({}, "utf-8", "warning", "TERM=(unset)"),
        ({"TERM": "xterm"}, "iso8859-1", "warning", "iso8859-1"),
    ],
)
def test_the_colours_of_the_terminal_are_diagnosed(
    env: dict[str, str], encoding: str, state: str, detail: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TERM", "COLORTERM", "NO_COLOR", "TMUX", "STY", "SSH_CONNECTION"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding=encoding))
    found = machine.check_terminal()
    assert (found.state, detail in found.detail) == (state, True), found
    assert ("tmux" in found.detail.split(", ")) == ("TMUX" in env)
