"""The very small BERT that the tests here start from."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.project import Project
from tests.builders.tiny_bert import body, classifier, make_project


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base without a classification head."""
    return body(tmp_path_factory.mktemp("weights") / "base")


@pytest.fixture(scope="session")
def good_bad(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A classifier of the labels in their order."""
    return classifier(tmp_path_factory.mktemp("weights") / "classifier")


@pytest.fixture
def small_project(tmp_path: Path, base: Path) -> Project:
    """A project that fine-tunes the small base."""
    return make_project(tmp_path / "work", base=base)
