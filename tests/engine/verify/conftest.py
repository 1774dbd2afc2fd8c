"""Copies of a whole project that somebody may change behind the tools."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from tests.builders.project import copy_project


@pytest.fixture
def copied(whole: Path, tmp_path: Path) -> Path:
    """A copy that may be tampered with; on this machine nothing of it was sealed, and its encoder is agreed to."""
    return copy_project(whole, tmp_path / "work").root


def edit_json(path: Path, change: Callable[[dict[str, object]], object]) -> None:
    """Change a JSON file as somebody with an editor would."""
    values = orjson.loads(path.read_bytes())
    change(values)
    path.write_bytes(orjson.dumps(values, option=orjson.OPT_INDENT_2))
