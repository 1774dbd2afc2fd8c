"""Running commands on a project."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.project import Project
from tui.cli import main

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(project: Project, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command on the module's project, without a terminal: its exit status, stdout and stderr."""

    def command(name: str, *words: str) -> tuple[int, str, str]:
        status = main([name, str(project.root), *words])
        out, err = capsys.readouterr()
        return status, out, err

    return command
