"""A project with a hunt that has begun."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.project import Project
from tests.builders.hunt import hunted_project
from tests.builders.project import copy_project


@pytest.fixture(scope="package")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of such a project."""
    return hunted_project(tmp_path_factory.mktemp("hunt")).root


@pytest.fixture
def hunted(made: Path, tmp_path: Path) -> Project:
    """A copy of it."""
    return copy_project(made, tmp_path / "work")
