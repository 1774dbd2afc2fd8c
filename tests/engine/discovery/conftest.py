"""Worlds with planted themes, and projects over them."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.project import Project
from tests.engine.discovery.world import World, make_project, planted


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """Six themes of twelve UUs, asked in place of a model."""
    made = planted()
    made.install(monkeypatch)
    return made


@pytest.fixture
def planted_project(world: World, tmp_path: Path) -> Project:
    """A project over the planted world."""
    return make_project(tmp_path, world.rows)
