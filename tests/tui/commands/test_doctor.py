from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from tui.cli import main


def test_a_problem_has_its_mend_and_status_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", str(tmp_path)]) == 1
    lines = capsys.readouterr().out.splitlines()
    place = next(index for index, line in enumerate(lines) if line.startswith("PROBLEM  project"))
    assert "there is no Blindspot project in this folder" in lines[place]
    assert "-> name another folder, or make one with `blindspot init`" in lines[place + 1]
    assert lines[-1].startswith("1 problem")


def test_json_without_a_project(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    assert main(["doctor", "--json"]) == 0
    found = orjson.loads(capsys.readouterr().out)
    assert found["ok"]
    assert {finding["name"] for finding in found["findings"]} >= {"python", "packages", "compute", "disk", "terminal"}
    assert all(finding.keys() == {"name", "state", "detail", "hint"} for finding in found["findings"])


def test_help_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["doctor", "--help"])
    assert "blindspot doctor work" in capsys.readouterr().out
