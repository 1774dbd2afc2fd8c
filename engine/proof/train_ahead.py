"""The trainings of a proof side by side, before the first of them is scored, where the machine has room for that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from engine.model.side_by_side import Wanted, room_for, train_side_by_side
from engine.model.training_task import TrainingTask, is_trained
from engine.project import Project
from engine.proof.aggregate_progress import AggregateProgress
from engine.proof.arms import BASELINE, Run, estimate_seconds
from engine.proof.recipes import RECIPES

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
        ModelError, Cancelled: as `engine.model.side_by_side.train_side_by_side`.
    """
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
        wanted.append(Wanted(f"{run.arm.name} {run.recipe} seed {run.seed}", run.work, partial(task, run), after))
    seconds = estimate_seconds(project, to_do)
    if seconds is not None and seconds < LEAST_SECONDS:
        return False
    start = firsts[0].start.path
    room = room_for(project, len(to_do), 0 if start is None else _weights(Path(start)))
    if room.processes < 2:
        return False
    each = f"{room.threads} CPU thread{'s' if room.threads > 1 else ''}"
    overall.note(f"training {room.processes} models at a time, {each} each")
    overall.begin("train", sum(run.work for run in runs), own_names=True)
    train_side_by_side(project, wanted, room, overall)
    return True


def _weights(folder: Path) -> int:
    """Bytes of the weights in a folder."""
    return sum(path.stat().st_size for kind in ("*.safetensors", "*.bin") for path in folder.glob(kind))
