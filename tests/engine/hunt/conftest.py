"""A project with a hunt that has begun."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from engine.operations.outside_uses import outside_uses
from engine.project import Project
from engine.trust import agree
from tests.builders.hunt import hunted_project


@pytest.fixture(scope="package")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of such a project."""
    return hunted_project(tmp_path_factory.mktemp("hunt")).root


@pytest.fixture
def hunted(made: Path, tmp_path: Path) -> Project:
    """A copy of it."""
    root = shutil.copytree(made, tmp_path / "work")
    agree(root, outside_uses(Project.open(root)))
    return Project.open(root)
