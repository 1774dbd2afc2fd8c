"""A part of an arm's labels is held out: what is trained on the rest is looked at on that part and on dev.

Proof and test rows take no part.
"""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from engine.files import content_key, read_record, write_json
from engine.model.classifier import Classifier
from engine.model.device import choose_compute
from engine.model.training import go_back, start_of, train
from engine.model.training_plan import TrainingPlan
from engine.progress import Monitor, Silent
from engine.project import Project
from engine.proof.metrics import Scored, errors_among_most_confident
from engine.schema import Example, Record


@dataclass(frozen=True)
class Trial:
    """A training: its plan and its rows."""

    plan: TrainingPlan
    rows: Sequence[Example]


@dataclass(frozen=True, slots=True)
class Outcome(Record):
    """What a trial makes of the rows held out, and of dev.

    ``errors``: among as many of its most confident rows as the round's model covers at tau. ``right``: of dev.
    """

    errors: float
    right: int


def outcomes(
    project: Project, trials: Mapping[str, Trial], asked: Sequence[Example], covered: int, *, monitor: Monitor
) -> dict[str, Outcome]:
    """What each of some trials makes of the rows held out and of dev. That is kept by content, no model is.

    Trials that differ in how far they go from the start alone are trained once.

    Args:
        project: gives dev and labels.
        trials: by name.
        asked: the rows held out, with their labels.
        covered: how many of these the round's model is sure of at tau.
        monitor: told of steps, and asked whether to go on.

    Raises:
        ModelError, Cancelled: as `engine.model.training.train`.
    """
    dev = project.examples("dev") if project.has_split("dev") else []
    looked_at = [[row.text, row.text_pair, row.label] for row in (*asked, *dev)]
    files: dict[str, Path] = {}
    alike: defaultdict[str, list[str]] = defaultdict(list)
    for name, trial in trials.items():
        key = content_key("held out", trial.plan.key(trial.rows), looked_at, covered, len(asked))
        files[name] = project.cache_dir / f"held-out-{key}.json"
        alike[replace(trial.plan, average=1.0).key(trial.rows)].append(name)
    for key, names in alike.items():
        missing = [name for name in names if not files[name].is_file()]
        if missing:
            first, folder = trials[missing[0]], project.cache_dir / f"held-out-{key}"
            compute = choose_compute(project.settings.compute)
            monitor.note(f"training {' and '.join(missing)}")
            train(replace(first.plan, average=1.0), first.rows, out=folder, compute=compute, monitor=monitor)
            for name in missing:
                model = _mixed(project, folder, trials[name].plan)
                write_json(files[name], _outcome(project, model, asked, dev, covered).as_json())
            shutil.rmtree(folder)
    return {name: read_record(path, Outcome.from_json, hint="delete the file") for name, path in files.items()}


def _mixed(project: Project, folder: Path, plan: TrainingPlan) -> Classifier:
    """What a plan ends with, from the folder of the same plan gone all the way."""
    compute = choose_compute(project.settings.compute)
    trained = Classifier.load(folder, labels=plan.labels, max_length=plan.max_length, compute=compute)
    if plan.average < 1:
        go_back(trained.model, start_of(plan, compute).model.state_dict(), plan.average)
    return trained


def _outcome(
    project: Project, model: Classifier, asked: Sequence[Example], dev: Sequence[Example], covered: int
) -> Outcome:
    gold = np.array([project.labels.index(row.label) for row in (*asked, *dev)])
    logits = model.logits([*asked, *dev], monitor=Silent())
    found = Scored.from_logits(logits[: len(asked)], gold[: len(asked)])
    right = int((logits[len(asked) :].argmax(axis=1) == gold[len(asked) :]).sum())
    return Outcome(errors_among_most_confident(found, covered), right)
