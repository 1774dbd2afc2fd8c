"""Choosing on held-out labels: a model trained on a part of an arm's labels is evaluated on the other part and on dev.

Proof and test rows take no part.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.discovery.calibration import gold_of
from engine.files import content_key, read_record, write_json
from engine.model.side_by_side import QueuedTraining, train_side_by_side
from engine.model.text_classifier import Scorer, classifier_of
from engine.model.training_task import TrainingTask, is_trained
from engine.progress import Monitor, Silent
from engine.project import Project
from engine.proof.metrics import Scored, errors_among_most_confident
from engine.proof.train_ahead import room_side_by_side
from engine.schema import Example, Record


@dataclass(frozen=True)
class HeldOutTrial:
    """A training, and how much work it is, in row-passes, without that of a training apart."""

    task: TrainingTask
    work: int
    apart_work: int = 0

    @property
    def parts(self) -> list[HeldOutTrial]:
        """The training itself, and the one apart if it has one."""
        first = self.task.first
        return [self, *([HeldOutTrial(first, self.apart_work)] if first else [])]


@dataclass(frozen=True, slots=True)
class HeldOutOutcome(Record):
    """What a trial makes of the rows held out, and of dev.

    ``errors``: among as many of its most confident rows as the round's model covers at tau. ``wrong``: places of the
    rows of dev that it gets wrong, in their order; of biases fitted to dev with those that the other rows give.
    """

    errors: float
    wrong: tuple[int, ...]


def outcomes(
    project: Project, trials: Mapping[str, HeldOutTrial], held_out: Sequence[Example], covered: int, *, monitor: Monitor
) -> dict[str, HeldOutOutcome]:
    """What each of some trials makes of the rows held out and of dev. That is kept by content, no model is.

    Trials that differ only in what is done to the weights in the end are trained once. Where the machine has room,
    trainings run side by side.

    Args:
        project: gives dev and labels.
        trials: by name.
        held_out: the rows held out, with their labels.
        covered: how many of these the round's model is sure of at tau.
        monitor: told of steps, and asked whether to go on.

    Raises:
        ModelError, Stopped: as `engine.model.training.train`.
    """
    dev = project.examples("dev") if project.has_split("dev") else []
    looked_at = [[row.text, row.text_pair, row.label] for row in (*held_out, *dev)]
    files: dict[str, Path] = {}
    trainings: dict[Path, _Shared] = {}
    for name, trial in trials.items():
        key = content_key(
            "held out, wrong rows of dev held out too",
            trial.task.plan(project).key(trial.task.rows),
            looked_at,
            covered,
            len(held_out),
        )
        files[name] = project.cache_dir / f"held-out-{key}.json"
        for part in trial.parts if not files[name].is_file() else ():
            task = part.task.all_the_way(project)
            trainings.setdefault(task.folder(project), _Shared(task, part.work, [])).names.append(name)
    _train_side_by_side(project, list(trainings.values()), monitor)
    for folder, shared in trainings.items():
        if not is_trained(folder):
            monitor.note(f"training {' and '.join(shared.names)}")
            shared.task.run(project, monitor)
    for name in dict.fromkeys(name for shared in trainings.values() for name in shared.names):
        folder, *apart = (part.task.all_the_way(project).folder(project) for part in trials[name].parts)
        plan = trials[name].task.plan(project, *apart)
        with closing(classifier_of(project).load_result(plan, folder)) as model:
            write_json(files[name], _outcome(project, model, held_out, dev, covered).as_json())
    for folder in trainings:
        shutil.rmtree(folder)
    return {name: read_record(path, HeldOutOutcome.from_json, hint="delete the file") for name, path in files.items()}


@dataclass(frozen=True)
class _Shared:
    """A training, how much work it is, and the trials that need it."""

    task: TrainingTask
    work: int
    names: list[str]


def _train_side_by_side(project: Project, trainings: Sequence[_Shared], monitor: Monitor) -> None:
    """Train what has not been trained, if there is room for two at a time."""

    def wanted(one: _Shared) -> QueuedTraining:
        return QueuedTraining(" and ".join(one.names), one.work, lambda: one.task)

    missing = [wanted(one) for one in trainings if not is_trained(one.task.folder(project))]
    if not missing:
        return
    if room := room_side_by_side(project, [one.work for one in missing], trainings[0].task.start, monitor):
        train_side_by_side(project, missing, room, monitor)


def _outcome(
    project: Project, model: Scorer, held_out: Sequence[Example], dev: Sequence[Example], covered: int
) -> HeldOutOutcome:
    from engine.model.output_bias import held_out_predictions

    gold = gold_of([*held_out, *dev], project.labels)
    logits = model.logits([*held_out, *dev], monitor=Silent())
    found = Scored.from_logits(logits[: len(held_out)], gold[: len(held_out)])
    on_dev, right = logits[len(held_out) :], gold[len(held_out) :]
    said = on_dev.argmax(axis=1)
    if model.fitted_biases is not None:
        said = held_out_predictions(on_dev - model.fitted_biases, right)
    wrong = np.flatnonzero(said != right)
    return HeldOutOutcome(errors_among_most_confident(found, covered), tuple(wrong.tolist()))
