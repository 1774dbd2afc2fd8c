"""A short run of `tests.fuzz.malformed`; BLINDSPOT_FUZZ_TRIALS makes it a long one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.builders.project import copy_project
from tests.fuzz.malformed import main, make_template

pytestmark = pytest.mark.xdist_group("whole project")  # it is made once


@pytest.fixture(scope="module")
def template(whole: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in which every file there can be is there."""
    return make_template(copy_project(whole, tmp_path_factory.mktemp("fuzz") / "work"))


def test_one_bad_file_costs_that_file_and_never_the_command(template: Path) -> None:
    trials = int(os.environ.get("BLINDSPOT_FUZZ_TRIALS", "50"))
    survived, tried, failures = main(trials, 13, template=template)
    told = [f"{one.file}: {one.how}: {words}\n{story}" for one in failures for words, story in one.failed.items()]
    assert told == []
    assert survived == tried == trials


def test_what_is_left_out_is_said_once_and_the_rest_is_shown(
    template: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import shutil

    from tui.cli import main as command

    root = Path(shutil.copytree(template, tmp_path / "work"))
    (root / "jobs" / "retrain-2" / "spec.json").write_bytes(b"{}")
    (root / "proofs" / "0badbad0").mkdir()
    (root / "proofs" / "0badbad0" / "report.json").write_bytes(b'{"verdict": "proven"}')
    assert command(["jobs", str(root)]) == 0
    out, err = capsys.readouterr()
    assert "discover-1" in out
    assert "retrain-2" not in out
    assert err.count("Left out: ") == 1
    assert "retrain-2/spec.json: this file is damaged: `created` is not there; delete the folder." in err
    assert command(["rounds", str(root)]) == 0
    assert "0badbad0/report.json: this file is damaged: `arms` is not there" in capsys.readouterr().err
    assert command(["report", str(root), "--id", "0badbad0"]) == 1
    assert "0badbad0/report.json: this file is damaged" in capsys.readouterr().err
