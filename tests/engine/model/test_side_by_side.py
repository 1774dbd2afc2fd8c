"""Trainings side by side in processes of their own: what comes of them, and how they end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from engine.errors import ModelError, Stopped
from engine.model import side_by_side
from engine.model.hugging_face import HuggingFace
from engine.model.side_by_side import QueuedTraining, Room, free_memory, room_for, train_side_by_side
from engine.model.training_task import StartOfTraining, TrainingTask, is_trained
from engine.progress import Silent
from engine.project import SETTINGS_FILE, Project
from engine.settings import write_settings
from tests.builders.monitor import Recorder
from tests.builders.rows import rows
from tests.builders.tiny_bert import make_project
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("forked_processes")
TWO = Room(processes=2, threads=1)
LONG = 1_000_000  # passes


def task(project: Project, base: Path, seed: int, epochs: int = 1) -> TrainingTask:
    return TrainingTask(tuple(rows(24)), seed, StartOfTraining("base", str(base), "k"), changes={"epochs": epochs})


def wanted(project: Project, base: Path, *seeds: int, epochs: int = 1) -> list[QueuedTraining]:
    return [QueuedTraining(f"seed {seed}", 10, partial(task, project, base, seed, epochs)) for seed in seeds]


def children(of: int) -> list[int]:
    """Processes that this one has started, and that have not ended."""
    found = []
    for file in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it ended meanwhile
            state, parent = file.read_text().rpartition(")")[2].split()[:2]
            if int(parent) == of and state != "Z":
                found.append(int(file.parent.name))
    return found


@pytest.fixture
def endless(small_project: Project, base: Path) -> list[QueuedTraining]:
    """One training that ends, and two that nobody would wait for."""
    return [*wanted(small_project, base, 1), *wanted(small_project, base, 2, 3, epochs=LONG)]


def is_deep(stage: str, _: int) -> bool:
    """The first has ended, and both others are being trained."""
    return "1 finished: seed 2, seed 3" in stage or "1 finished: seed 3, seed 2" in stage


def test_models_are_those_of_trainings_one_after_another(small_project: Project, base: Path, tmp_path: Path) -> None:
    """Seed 2 is asked for twice, as the baseline and a control without samples are one model."""
    monitor = Recorder()
    train_side_by_side(small_project, wanted(small_project, base, 1, 2, 2), TWO, monitor)
    made = {path.name: (path / "model.safetensors").read_bytes() for path in small_project.models_dir.iterdir()}
    alone = make_project(tmp_path / "alone", base=base)
    for seed in (1, 2):
        task(alone, base, seed).run(alone, Silent())
    assert made == {path.name: (path / "model.safetensors").read_bytes() for path in alone.models_dir.iterdir()}
    assert len(made) == 2
    done = [step for _, step, _, _ in monitor.steps]
    assert done == sorted(done)
    assert monitor.steps[-1][:3] == ("train 3 models, 3 finished", 30, 30)
    assert not children(os.getpid())


def test_what_comes_after_another_begins_once_that_has_ended(small_project: Project, base: Path) -> None:
    first = wanted(small_project, base, 1)[0]
    folder = first.task().folder(small_project)

    def follow() -> TrainingTask:
        assert is_trained(folder)
        return TrainingTask(tuple(rows(8)), 1, StartOfTraining("first", str(folder), "k1"))

    train_side_by_side(small_project, [first, QueuedTraining("second", 5, follow, after=0)], TWO, Silent())
    assert is_trained(follow().folder(small_project))


def test_stopped_trainings_leave_a_checkpoint_and_no_process(
    small_project: Project, endless: list[QueuedTraining]
) -> None:
    with pytest.raises(Stopped):
        train_side_by_side(small_project, endless, TWO, Recorder(is_deep))
    assert not children(os.getpid())
    assert is_trained(endless[0].task().folder(small_project))
    left = sorted(path.parent.name for path in small_project.models_dir.glob("*/training.pt"))
    assert left == sorted(f"{one.task().folder(small_project).name}.partial" for one in endless[1:])


def test_a_killed_process_is_told_and_what_was_finished_is_kept(
    small_project: Project, endless: list[QueuedTraining]
) -> None:
    def kill(stage: str, done: int) -> bool:
        if is_deep(stage, done):
            os.kill(children(os.getpid())[0], signal.SIGKILL)
        return False

    with pytest.raises(ModelError, match=r"process that trained seed [23] was ended by SIGKILL; finished trainings"):
        train_side_by_side(small_project, endless, TWO, Recorder(kill))
    assert not children(os.getpid())
    assert is_trained(endless[0].task().folder(small_project))


def test_what_is_wrong_with_a_training_is_told_as_it_is_of_one_alone(small_project: Project, base: Path) -> None:
    wrong = QueuedTraining("wrong", 1, lambda: task(small_project, base / "nowhere", 1))
    with pytest.raises(ModelError, match="nowhere"):
        train_side_by_side(small_project, [wrong], TWO, Silent())


def test_trainings_end_with_their_owner_however_it_ends(small_project: Project, base: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from engine.project import Project; from engine.progress import Silent\n"
        "from tests.engine.model.test_side_by_side import TWO, LONG, train_side_by_side, wanted\n"
        "project, base = Project.open(Path(sys.argv[1])), Path(sys.argv[2])\n"
        "train_side_by_side(project, wanted(project, base, 1, 2, epochs=LONG), TWO, Silent())"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(small_project.root), str(base)]) as owner:
        until(lambda: len(list(small_project.models_dir.glob("*.partial"))) == 2)
        started = children(owner.pid)
        owner.kill()
    assert len(started) == 2
    until(lambda: not any(Path(f"/proc/{process}").exists() for process in started))


def test_one_at_a_time_where_there_is_no_room(small_project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def room(project: Project, trainings: int, *, memory: float = 64e9) -> Room:
        monkeypatch.setattr(side_by_side, "free_memory", lambda: int(memory))
        return room_for(project, trainings, 90_000_000)

    settings = small_project.settings
    write_settings(small_project.root / SETTINGS_FILE, replace(settings, compute=replace(settings.compute, threads=4)))
    four = Project.open(small_project.root)
    assert room(four, 6) == Room(4, 1)
    assert room(four, 2) == Room(2, 2)
    assert room(four, 6, memory=3e9) == Room(2, 2)
    assert room(four, 1).processes == room(four, 6, memory=1e9).processes == room(small_project, 6).processes == 1
    monkeypatch.setattr(HuggingFace, "has_weights", False)
    assert room(four, 6).processes == 1


def test_free_memory_is_a_number_of_bytes_or_not_known() -> None:
    assert free_memory() == 0 or free_memory() > 10_000_000
