"""The whole job in a real terminal of 80x24, by keys alone, with the real model: read, mark, describe, write, undo,
retrain, lose the terminal in the middle, come back, and find the verdict."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine import jobs
from engine.operations.job_records import DiscoverOptions
from engine.project import SETTINGS_FILE, Project
from engine.settings import read_settings, write_settings
from tests.e2e.terminal import Terminal
from tests.jobs_here import jobs_here
from tests.waiting import until

ANNOTATOR = "ada"


@pytest.fixture
def discovered(project: Project) -> Project:
    """A project whose blind spots have been found by the real model."""
    path = project.root / SETTINGS_FILE
    settings = read_settings(path)
    training = replace(settings.training, epochs=1, learning_rate=1e-3)
    write_settings(path, replace(settings, training=training, proof=replace(settings.proof, seeds=(13,))))
    with jobs_here():
        job_id = jobs.start(project.root, DiscoverOptions())
    assert jobs.find_job(project.root, job_id).state == "done", jobs.find_job(project.root, job_id).message
    return Project.open(project.root)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal(tmp_path)
    yield terminal
    terminal.kill()


def open_app(terminal: Terminal, project: Project) -> None:
    terminal.start(sys.executable, "-m", "tui", "open", str(project.root), "--annotator", ANNOTATOR)


def test_the_whole_loop_by_keys(discovered: Project, terminal: Terminal) -> None:
    found = discovered.discovery()
    assert found is not None
    spot = found.blind_spots[0]
    uus = len(found.uus)
    other = next(label for label in found.labels if label != spot.gold)
    label_keys = {label: ["C-l"] * (number + 1) for number, label in enumerate(found.labels)}

    open_app(terminal, discovered)
    terminal.wait(f"{uus} UUs", spot.id)
    terminal.keys("Enter")
    terminal.wait("model says", f"row {spot.rows[0]}")
    terminal.keys("w")
    terminal.wait(f"right is {other}", f"{uus - 1} UUs")

    terminal.keys("d")
    terminal.wait("New pattern")
    terminal.type("The verdict stands in a plain fact.")
    terminal.wait("plain fact.")
    terminal.keys("C-j")
    terminal.wait("P1", "New sample")
    terminal.type("They came back the next day to finish it.")
    terminal.keys(*label_keys[spot.gold])
    terminal.wait(f"label {spot.gold}", "next day to finish it.")
    terminal.keys("C-j")
    terminal.wait("targets 1/6")
    terminal.type("It will be finished when they come back.")
    terminal.wait("when they come back.")
    terminal.keys("C-j")
    terminal.wait("targets 2/6")
    terminal.keys("Escape")
    terminal.wait("i write")
    terminal.keys("u")
    terminal.wait("targets 1/6", "Undone")
    terminal.keys("C-r")
    terminal.wait("targets 2/6")

    terminal.keys("r")
    terminal.wait("[x] human", "2 samples")
    terminal.keys("S")
    terminal.wait("retrain-2", "running")
    until(lambda: jobs.find_job(discovered.root, "retrain-2").done > 0, seconds=120)
    terminal.kill()
    assert jobs.find_job(discovered.root, "retrain-2").state == "running"

    until(lambda: jobs.find_job(discovered.root, "retrain-2").state != "running", seconds=240)
    open_app(terminal, discovered)
    terminal.wait("retrain-2", "done")
    terminal.keys("p")
    screen = terminal.wait("human", "accuracy")
    assert any(word in screen for word in ("proven", "less confident only", "no change", "worse"))
