"""The trainings of a proof side by side, before the first of them is scored, where the machine has room, or on Ray."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from engine.counted import counted
from engine.errors import BlindspotError, ModelError
from engine.model.side_by_side import QueuedTraining, Room, room_for, train_side_by_side
from engine.model.training_task import StartOfTraining, TrainingTask, is_trained
from engine.progress import Monitor
from engine.project import Project
from engine.proof.aggregate_progress import AggregateProgress
from engine.proof.arms import BASELINE, Run, seconds_of
from engine.proof.recipes import RECIPES
from engine.shards.parts import do_parts
from engine.shards.where import Where, asked_where
from engine.shards.work_shard import project_of_worker

# A process imports the model libraries first, which takes 5 s of its core.
LEAST_SECONDS = 40.0


def train_ahead(
    project: Project, runs: Sequence[Run], task: Callable[[Run], TrainingTask], overall: AggregateProgress
) -> bool:
    """Train all runs that have not been trained, and return whether that was done; False: they come one by one.

    A run that goes on from the current model waits for the baseline of its seed, which may be that model.

    Args:
        project: whose proof it is.
        runs: the baseline's first.
        task: makes a run's; for one that goes on from the current model that may train it.
        overall: told of all together.

    Raises:
        ModelError, Stopped: as `engine.model.side_by_side.train_side_by_side`.
    """
    if (where := asked_where()).kind == "ray":
        _train_on_ray(project, runs, task, where, overall)
        return True
    if room_for(project, len(runs), 0).processes < 2:
        return False
    baselines = {run.seed: place for place, run in enumerate(runs) if run.arm.name == BASELINE}
    firsts = {place: task(runs[place]) for place in baselines.values()}
    missing = {place for place, one in firsts.items() if not is_trained(one.folder(project))}
    wanted, to_do = [], []
    for run in runs:
        follows = bool(run.arm.samples) and RECIPES[run.recipe].start == "current"
        after = baselines[run.seed] if follows and baselines[run.seed] in missing else None
        if after is not None or not is_trained(task(run).folder(project)):
            to_do.append(run)
        wanted.append(QueuedTraining(run.name, run.work, partial(task, run), after))
    room = room_side_by_side(project, [run.work for run in to_do], firsts[0].start, overall)
    if room is None:
        return False
    overall.begin("train", sum(run.work for run in runs), own_names=True)
    train_side_by_side(project, wanted, room, overall)
    return True


def room_side_by_side(project: Project, work: Sequence[int], start: StartOfTraining, monitor: Monitor) -> Room | None:
    """The room for trainings at the same time; None: they are short, or there is none for two.

    Args:
        project: whose trainings they are.
        work: of each, in row-passes.
        start: where they start.
        monitor: told how many there will be at a time.
    """
    seconds = seconds_of(project, sum(work))
    if seconds is not None and seconds < LEAST_SECONDS:
        return None
    room = room_for(project, len(work), 0 if start.path is None else _weights(Path(start.path)))
    if room.processes < 2:
        return None
    monitor.note(f"training {room.processes} models at a time, {counted(room.threads, 'CPU thread')} each")
    return room


def _train_on_ray(
    project: Project, runs: Sequence[Run], task: Callable[[Run], TrainingTask], where: Where, overall: AggregateProgress
) -> None:
    """Train all runs on Ray: baselines first, as others may start from them, and each model once.

    Raises:
        ModelError: trainings failed; models that were trained stay.
        JobError, Stopped: as `engine.shards.parts.do_parts`.
    """
    threads, failed = project.settings.compute.threads, list[str]()
    for with_samples in (False, True):
        some = [run for run in runs if bool(run.arm.samples) == with_samples]
        overall.begin("train on Ray", sum(run.work for run in some))
        tasks = {one.folder(project): (run.name, one) for run in some for one in [task(run)]}
        missing = [part for folder, part in tasks.items() if not is_trained(folder)]
        load = partial(TrainingWorker, project.root, threads)
        for (name, _), result in do_parts(load, missing, where=where, threads=threads, monitor=overall):
            if isinstance(result, BlindspotError):
                failed.append(f"{name}: {result}")
        if failed:
            raise ModelError(f"{counted(len(failed), 'training')} failed: {' '.join(failed)}")


class TrainingWorker:
    """Trains on Ray, in a process of its own that sees the same project folder.

    Args:
        root: of the project. threads: CPU threads; 0: as the settings say.
        monitor: told of steps.
    """

    def __init__(self, root: Path, threads: int, monitor: Monitor) -> None:
        self._project, self._monitor = project_of_worker(root, threads), monitor

    def __call__(self, named: tuple[str, TrainingTask]) -> str:
        """The name of the model that was trained."""
        return named[1].run(self._project, self._monitor).name

    def close(self) -> None:
        """Nothing is kept between trainings."""


def _weights(folder: Path) -> int:
    """Bytes of the weights in a folder."""
    return sum(path.stat().st_size for kind in ("*.safetensors", "*.bin") for path in folder.glob(kind))
