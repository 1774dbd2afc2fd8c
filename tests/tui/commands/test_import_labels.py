"""`blindspot import-labels`: what it prints, and that it can be taken back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.files import write_jsonl
from engine.teaching.labels import Labels
from engine.teaching.records import Records
from tests.builders.stream import stream_project
from tui.cli import main


def test_labels_are_imported_told_and_taken_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = stream_project(tmp_path / "work", proof=2)
    file = tmp_path / "l.jsonl"
    write_jsonl(file, [{"id": "r0", "label": "negative", "certainty": 1}, {"id": "h1", "label": "positive"}])
    words = ["import-labels", str(project.root), str(file), "--teacher", "gpt", "--kind", "llm"]
    assert main(words) == 0
    assert capsys.readouterr().out.splitlines() == [
        "2 new labels, 0 changed, 0 already there",
        "rows: 1 of pool, 1 of proof",
        "certainty: 1 of 3, 1 of 1",
        f"to take it back: blindspot undo {project.root} --annotator import-gpt",
    ]
    assert main([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["already"] == 2
    assert main(["undo", str(project.root), "--annotator", "import-gpt"]) == 0
    assert Labels(Records(project.teaching_dir)).llms == {}


def test_the_kind_of_labeller_has_to_be_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["import-labels", str(tmp_path), "l.jsonl", "--teacher", "gpt"])
    assert left.value.code == 2
    assert "--kind" in capsys.readouterr().err
