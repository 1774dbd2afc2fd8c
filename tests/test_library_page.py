"""The examples of the docs run as they stand there, in their order, over a project of a very small model."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.operations.outside_uses import outside_uses
from engine.project import Project
from engine.schema import RowLabel, Teacher
from engine.settings import ProofSettings, TrainingSettings
from engine.teaching.records import Teaching
from engine.trust import agree
from tests.builders.project import lay_out
from tests.builders.rows import LABELS, sentences
from tests.builders.tiny_bert import untrained

PAGES = Path(__file__).parents[1] / "docs" / "pages" / "tasks"


def examples(page: str, language: str = "python") -> list[str]:
    """The blocks of a page in a language."""
    return re.findall(rf"```{language}\n(.*?)```", (PAGES / page).read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project in the folder `work` where the examples run; somebody has labelled half of its pool."""
    settings = replace(
        untrained(tmp_path / "weights"),
        training=TrainingSettings(epochs=1, batch_size=8, learning_rate=1e-2),
        proof=ProofSettings(seeds=(5, 6), bootstrap=200),
    )
    rows = [
        {"id": f"r{number}", "text": text, "label": LABELS[good]} for number, (text, good) in enumerate(sentences())
    ]
    splits = {"train": rows[:24], "pool": rows[24:72], "proof": rows[72:112]}
    project = lay_out(tmp_path / "work", splits, settings)
    agree(project.root, outside_uses(project))
    with Teaching(project.teaching_dir, "ann").store.edit("label") as edit:
        for row in splits["pool"][::2]:
            label = RowLabel(row["id"], row["label"], 3, Teacher("ann", "human"), "file")
            edit.put("label", label.key, label)
    monkeypatch.chdir(tmp_path)
    return project


@pytest.mark.usefixtures("work", "in_process_jobs")
def test_the_examples_of_the_library_run_as_they_stand(capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, Any] = {}
    for number, example in enumerate(examples("library.md"), start=1):
        exec(compile(example, f"example {number} of library.md", "exec"), names)
    assert "nothing to check" in capsys.readouterr().out
    assert names["found"].blind_spots, "the loops over blind spots ran over some"
