from __future__ import annotations

from pathlib import Path

import pytest

from engine.project import Project
from engine.schema import Teacher
from engine.teaching.annotate import Annotator
from engine.teaching.board import Board
from engine.teaching.records import Teaching
from tests.engine.teaching.world import make_project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with three blind spots and a scattered row."""
    return make_project(tmp_path / "work")


@pytest.fixture
def teaching(project: Project) -> Teaching:
    return Teaching(project.teaching_dir, "ann")


@pytest.fixture
def annotator(project: Project, teaching: Teaching) -> Annotator:
    discovery = project.discovery()
    assert discovery is not None
    return Annotator(project, discovery, teaching, Teacher("ann", "human"))


@pytest.fixture
def board(annotator: Annotator) -> Board:
    return Board(annotator.project, annotator.discovery, annotator.teaching)
