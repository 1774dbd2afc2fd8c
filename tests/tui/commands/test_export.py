"""`blindspot export` and `blindspot import`, as they are typed."""

from __future__ import annotations

import shutil
from pathlib import Path

import orjson
import pytest

from tests.engine.exchange.world import make_source
from tests.engine.teaching.world import make_project
from tui.cli import main


def test_records_go_out_and_come_in_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_source(tmp_path / "work")
    make_project(tmp_path / "fresh")
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> tuple[int, str, str]:
        status = main([*words])
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    status, out, _ = run("export", "work", "--what", "all", "--to", "csv", "--annotator", "ann")
    lines = out.splitlines()
    assert status == 0
    assert lines[0].startswith("work-all-csv: 8 lines of labels, 2 lines of marks, 20 lines of samples")
    assert lines[1].startswith("left out: 2 labels of proof rows")
    assert "would be read as a formula" in lines[-1]
    status, out, _ = run("import", "fresh", "work-all-csv")
    assert out.splitlines()[0] == "8 new labels, 0 changed, 0 already there"
    assert "2 new marks, 0 changed, 0 already there" in out
    assert "to take it back: blindspot undo fresh --annotator import-ann" in out
    assert run("undo", "fresh", "--annotator", "import-gpt", "--times", "2")[0] == 0

    tools = ("--what", "labels", "--to", "label-studio", "--out", "tasks", "--annotator", "ann")
    status, out, _ = run("export", "work", *tools, "--proof", "--json")
    told = orjson.loads(out)
    assert (told["counts"], told["proof"], told["format"]) == ({"labels": 10}, 2, "label-studio")
    assert set(told["files"]) == {"README.md", "annotators.json", "config.xml", "tasks.json"}
    status, _, err = run("export", "work", *tools)
    assert (status, "there is an export already" in err) == (1, True)
    status, out, _ = run("import", "fresh", "tasks", "--json")
    assert orjson.loads(out)["labels"]["splits"] == {"pool": 8, "proof": 2}
    status, out, _ = run("import", "fresh", "tasks/tasks.json")
    assert (status, out.splitlines()[0]) == (0, "0 new labels, 0 changed, 10 already there")
    shutil.copy("tasks/tasks.json", "alone.json")
    status, _, err = run("import", "fresh", "alone.json")
    assert (status, "say --from argilla or csv" in err) == (1, True)
    status, _, err = run("export", "work", "--what", "samples", "--to", "checklist", "--out", "x", "--annotator", "new")
    assert (status, "sealed for new" in err) == (1, True)
    assert not (tmp_path / "x").exists()


def test_formulas_are_escaped_in_csv_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_project(tmp_path / "work")
    words = ["export", str(tmp_path / "work"), "--what", "labels", "--to", "jsonl", "--escape-formulas"]
    assert main(words) == 1
    assert "jsonl has no formulas" in capsys.readouterr().err
