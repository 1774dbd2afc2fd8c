"""What a program says of a text while it is typed: from one process that is kept, and exchanged as the model is."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import ModelError
from engine.model.model_registry import current_model, predictions, trained
from engine.operations.outside_uses import outside_uses
from engine.progress import Silent
from engine.project import SETTINGS_FILE, Project
from engine.scorer.protocol import ScorerState
from engine.scorer.resident import Resident
from engine.settings import write_settings
from engine.trust import NotTrusted, agree
from tests import leftovers
from tests.builders.programs import SCORE, command, program_project
from tests.builders.rows import rows
from tests.waiting import until

TEXT = "the room was fine"


def test_a_verdict_equals_what_the_predictions_say_and_one_process_gives_all(tmp_path: Path) -> None:
    project = program_project(tmp_path / "work")
    model, (row, *_) = current_model(project, monitor=Silent()), rows(1)
    (logits,) = predictions(project, model, [row], split_key="x", monitor=Silent())
    states: list[ScorerState] = []
    resident = Resident(project.root, states.append)
    said = resident.verdict(row.text)
    running = set(leftovers.bearers())
    assert said.label == project.labels[int(logits.argmax())]
    assert said.key == model.key
    assert sum(said.probabilities) == pytest.approx(1, abs=1e-5)
    resident.verdict(TEXT)
    assert set(leftovers.bearers()) == running
    assert [state.name for state in states] == ["loading", "ready"]
    resident.close()
    until(lambda: not leftovers.bearers())


def test_a_killed_program_is_started_again_for_the_next_text(tmp_path: Path) -> None:
    project = program_project(tmp_path / "work", train="")
    resident = Resident(project.root)
    before = resident.verdict(TEXT)
    for process in leftovers.bearers():
        os.kill(process, signal.SIGKILL)
    assert resident.verdict(TEXT) == before
    resident.close()


def test_a_program_that_failed_may_do_better_with_the_next_text(tmp_path: Path) -> None:
    fails = SCORE.replace("    found = []", "    assert 'zebra' not in line, 'a zebra'\n    found = []")
    resident = Resident(program_project(tmp_path / "work", train="", scorer=fails).root)
    resident.verdict(TEXT)
    with pytest.raises(ModelError, match="AssertionError: a zebra"):
        resident.verdict("zebra")
    assert resident.verdict(TEXT).probabilities == (0.5, 0.5)
    resident.close()


def test_a_promoted_model_takes_the_place_of_the_first(tmp_path: Path) -> None:
    project = program_project(tmp_path / "work")
    current_model(project, monitor=Silent())
    resident = Resident(project.root)
    first = resident.verdict(TEXT)
    other = trained(project, rows(6), seed=9, monitor=Silent())
    record = {"name": "arm example", "path": f"models/{other.folder.name}", "key": other.key, "round": 2}
    (project.root / "rounds" / "002").mkdir(parents=True)
    (project.root / "rounds" / "002" / "model.json").write_text(json.dumps(record))
    second = resident.verdict(TEXT)
    assert (second.model, second.key) == ("arm example", other.key)
    assert second.key != first.key
    resident.close()


def test_a_changed_program_answers_only_once_it_is_agreed_to(tmp_path: Path) -> None:
    project = program_project(tmp_path / "work", train="")
    resident = Resident(project.root)
    before = resident.verdict(TEXT)
    (project.root / "score.py").write_text(SCORE.replace("labels = start", "open('ran', 'w')\nlabels = start"))
    with pytest.raises(NotTrusted, match=r"score\.py"):
        resident.verdict(TEXT)
    assert not (project.root / "ran").exists()
    agree(project.root, outside_uses(project))
    assert resident.verdict(TEXT).key != before.key
    resident.close()


def test_another_command_in_the_settings_is_another_classifier(tmp_path: Path) -> None:
    project = program_project(tmp_path / "work", train="")
    resident = Resident(project.root)
    resident.verdict(TEXT)
    (project.root / "other.py").write_text(SCORE.replace("keywords", "others"))
    other = replace(project.settings.classifier, score=command("other.py"))
    write_settings(project.root / SETTINGS_FILE, replace(project.settings, classifier=other))
    with pytest.raises(NotTrusted, match=r"other\.py"):
        resident.verdict(TEXT)
    agree(project.root, outside_uses(Project.open(project.root)))
    assert "other.py" in resident.verdict(TEXT).model
    resident.close()
