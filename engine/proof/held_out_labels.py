"""A part of an arm's labels is held out: what is trained on the rest is looked at on that part and on dev.

Proof and test rows take no part.
"""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.files import content_key, read_record, write_json
from engine.model.text_classifier import Plan, Scorer, classifier_of
from engine.progress import Monitor, Silent
from engine.project import Project
from engine.proof.metrics import Scored, errors_among_most_confident
from engine.schema import Example, Record


@dataclass(frozen=True)
class Trial:
    """A training: its plan and its rows."""

    plan: Plan
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
    classifier = classifier_of(project)
    files: dict[str, Path] = {}
    alike: defaultdict[str, list[str]] = defaultdict(list)
    for name, trial in trials.items():
        key = content_key("held out", trial.plan.key(trial.rows), looked_at, covered, len(asked))
        files[name] = project.cache_dir / f"held-out-{key}.json"
        alike[trial.plan.all_the_way.key(trial.rows)].append(name)
    for key, names in alike.items():
        missing = [name for name in names if not files[name].is_file()]
        if missing:
            first, folder = trials[missing[0]], project.cache_dir / f"held-out-{key}"
            monitor.note(f"training {' and '.join(missing)}")
            classifier.train(first.plan.all_the_way, first.rows, out=folder, monitor=monitor)
            for name in missing:
                with closing(classifier.load_result(trials[name].plan, folder)) as model:
                    write_json(files[name], _outcome(project, model, asked, dev, covered).as_json())
            shutil.rmtree(folder)
    return {name: read_record(path, Outcome.from_json, hint="delete the file") for name, path in files.items()}


def _outcome(
    project: Project, model: Scorer, asked: Sequence[Example], dev: Sequence[Example], covered: int
) -> Outcome:
    gold = np.array([project.labels.index(row.label) for row in (*asked, *dev)])
    logits = model.logits([*asked, *dev], monitor=Silent())
    found = Scored.from_logits(logits[: len(asked)], gold[: len(asked)])
    right = int((logits[len(asked) :].argmax(axis=1) == gold[len(asked) :]).sum())
    return Outcome(errors_among_most_confident(found, covered), right)
