from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.project import Project
from engine.schema import Teacher
from engine.teaching.records import Teaching
from engine.teaching.views import Board
from engine.teaching.writer import Annotator
from tests.builders.project import copy_project
from tests.engine.teaching.world import make_project


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What every `project` is a copy of."""
    return make_project(tmp_path_factory.mktemp("world") / "work").root


@pytest.fixture
def project(world: Path, tmp_path: Path) -> Project:
    """A project with three blind spots and a scattered row."""
    return copy_project(world, tmp_path / "work")


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


@pytest.fixture
def held_back_annotator(annotator: Annotator) -> Annotator:
    """The annotator where B1 has a fifth row, so that one of the five is held back."""
    found = annotator.discovery
    spot, *others = found.blind_spots
    row = replace(found.predictions["d1"], id="n5", text="Nobody came when we rang, twice.")
    annotator.discovery = replace(
        found,
        blind_spots=(replace(spot, rows=(*spot.rows, row.id)), *others),
        predictions={**found.predictions, row.id: row},
    )
    return annotator
