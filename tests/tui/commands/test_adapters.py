"""The scikit-learn adapter as the two programs of a project, from rows to blind spots."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.project import Project
from tests.builders.tiny_bert import classifier, rows
from tests.conftest import write_rows
from tests.jobs_here import jobs_here
from tui.cli import main

PROGRAM = "python -m engine.adapters.scikit_learn"  # of whatever environment the shell's own `python` is


def test_scikit_learn_is_trained_and_its_blind_spots_are_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = [{"text": f"{row.text} {number}", "label": row.label} for number, row in enumerate(rows(80))]
    pool = [{"text": f"not {row['text']}", "label": "good" if row["label"] == "bad" else "bad"} for row in made[:24]]
    options = ["--train", str(write_rows(tmp_path / "train.jsonl", made)), "--text", "text", "--label", "label"]
    options += ["--pool", str(write_rows(tmp_path / "pool.jsonl", [*pool, *made[:24]])), "--drop-duplicates"]
    options += ["--encoder", str(classifier(tmp_path / "encoder")), "--tau", "0.6"]
    root = str(tmp_path / "work")
    assert main(["init", root, *options, "--score", f"{PROGRAM} score", "--train-with", f"{PROGRAM} train"]) == 0
    with jobs_here():
        assert main(["discover", root]) == 0
    assert "12 pool rows, accuracy 0.000; " in capsys.readouterr().out  # `not` was in no row that it learned
    found = Project.open(tmp_path / "work").discovered()
    assert found.model.endswith("scikit_learn train + 80 rows (seed 13)")
    assert found.blind_spots
