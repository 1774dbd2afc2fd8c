from __future__ import annotations

import json

import pytest

from engine.project import Project
from tests.builders.models import lay_out_model
from tests.tui.commands.conftest import Run


def test_it_lists_and_removes_only_after_a_yes(run: Run, project: Project) -> None:
    assert run("clean")[:2] == (0, "there are no trained models\n")
    folder = lay_out_model(project, "0123456789abcdef", size=90_900_000)
    listed = (
        "goes     90.9 MB  models/0123456789abcdef  41 s to train again\n"
        "      no proof names it\n"
        "1 (90.9 MB) could go, of 1 listed\n"
    )
    assert run("clean", "--dry-run") == (0, listed, "")
    status, out, err = run("clean")
    assert (status, out) == (1, listed)
    assert err.endswith("nothing was removed; --yes removes without asking.\n")
    shown = json.loads(run("clean", "--json")[1])
    assert (shown["removed"], [part["path"] for part in shown["parts"]]) == ([], ["models/0123456789abcdef"])
    assert folder.is_dir()
    assert run("clean", "--yes") == (0, f"{listed}removed: 1 (90.9 MB)\n", "")
    assert not folder.exists()


def test_a_wrong_name_of_what_to_keep_is_refused(
    run: Run, project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        run("clean", "--keep", "proved")
    assert left.value.code == 2
    assert "there is no proved to keep; use promoted, proven, baseline, unfinished, last" in capsys.readouterr().err
