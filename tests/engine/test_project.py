"""A project folder says what is wrong with it, and gives proof rows to nobody."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import ProjectError, SettingsError
from engine.project import SETTINGS_FILE, Project
from engine.settings import Settings, read_settings, write_settings


def test_proof_rows_are_not_to_be_had(project: Project) -> None:
    with pytest.raises(ProjectError, match="evaluator alone"):
        project.examples("proof")


def test_a_folder_without_a_project_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="blindspot init"):
        Project.open(tmp_path)


@pytest.mark.parametrize("split", ["train", "pool", "proof", "test", "dev"])
def test_a_changed_or_missing_split_is_named(project: Project, split: str) -> None:
    path = project.split_path(split)
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"a", b"e", 1))
    with pytest.raises(ProjectError, match=f"the {split} split has changed"):
        Project.open(project.root)
    path.unlink()
    with pytest.raises(ProjectError, match=f"the {split} split is missing"):
        Project.open(project.root)
    path.write_bytes(whole)
    assert Project.open(project.root).labels == project.labels


def test_a_label_that_the_settings_lost_is_named(project: Project) -> None:
    path = project.root / SETTINGS_FILE
    path.write_text(path.read_text().replace('"positive"', '"great"', 1))
    with pytest.raises(
        SettingsError, match=r"blindspot.toml: `task.labels` lacks 'positive', which rows of the .* split"
    ):
        Project.open(project.root)


@pytest.mark.parametrize("damage", [b"", b'{"key": "x"', b"[]", b'{"key": "x"}'])
def test_a_damaged_discovery_is_one_sentence(project: Project, damage: bytes) -> None:
    path = project.round_dir(1) / "discovery.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(damage)
    with pytest.raises(ProjectError, match="blindspot discover"):
        project.discovery()


def test_settings_come_back_as_they_were_written(tmp_path: Path) -> None:
    write_settings(tmp_path / SETTINGS_FILE, Settings())
    assert read_settings(tmp_path / SETTINGS_FILE) == Settings()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("[discovery]\ntua = 0.8", "did you mean `discovery.tau`"),
        ("[discovry]\ntau = 0.8", "did you mean `discovery`"),
        ("[discovery]\ntau = 1.8", "between 0.0 and 1.0"),
        ('[discovery]\ntau = "high"', "it must be a number"),
        ("[proof]\nseeds = [1, 2.5]", "a list, each item a whole number"),
        ('[compute]\ndevice = "tpu"', "one of auto, cuda, mps, cpu"),
        ('[discovery]\nclusterer = "kmean"', "`discovery.clusterer` is 'kmean'.*one of average-linkage, kmeans"),
        ("[compute]\nthreads = true", "a whole number"),
        ("discovery = 3", r"write it as \[discovery\]"),
        ("[discovery\ntau = 0.8", r"blindspot.toml:1"),
        pytest.param("[llm]\ntimeout = 1" + 400 * "0", r"`llm.timeout` is inf; it must be between", id="400 digits"),
        ("[proof]\nseeds = [99999999999999999999]", r"`proof.seeds` is \[9.*each item between 0 and 2147483647"),
        ("[proof]\nseeds = [true]", "each item a whole number"),
        pytest.param(f"[task]\nlabels = {list(range(5000))}", r"is \[0, 1.{,80}\.\.\.; it must be", id="5,000 items"),
        pytest.param("\ufeff[discovery]\ntau = 2.0", "`discovery.tau` is 2.0", id="byte order mark"),
    ],
)
def test_a_mistake_in_the_settings_names_the_key_and_the_cure(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / SETTINGS_FILE
    path.write_text(line)
    with pytest.raises(SettingsError, match=said):
        read_settings(path)
