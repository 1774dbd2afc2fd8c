"""How many passes an arm is trained for, chosen by cross-validation over the pool's blind spots.

Each fold is trained with the samples of the other folds' blind spots and looked at, after every pass, on the UUs of its
own and on the rows beside them that the model gets right: what is learned must carry over to blind spots that nobody
wrote samples for. Proof and test rows take no part.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.files import content_key, read_json, write_json
from engine.model.classifier import Classifier
from engine.model.compute import choose_compute
from engine.model.library import plan_of, starting_weights
from engine.model.training import train as fine_tune
from engine.progress import Monitor, Silent
from engine.project import Project
from engine.proof.metrics import Scored, errors_among_most_confident
from engine.schema import BlindSpot, Discovery, Example, Record

FOLDS = 3


@dataclass(frozen=True, slots=True)
class Passes(Record):
    """What was chosen.

    Attributes:
        passes: the first number of passes with the fewest errors. of: how many were tried.
        errors: after each pass, among as many of the most confident rows as the round's model covers at tau, over all
            folds. rows: that were looked at.
    """

    passes: int
    of: int
    errors: tuple[float, ...]
    rows: int


def folds(blind_spots: Sequence[BlindSpot], count: int = FOLDS) -> list[list[BlindSpot]]:
    """Blind spots dealt out, largest first, each to the fold with the fewest rows so far; the same each time."""
    dealt: list[list[BlindSpot]] = [[] for _ in range(min(count, len(blind_spots)))]
    for spot in sorted(blind_spots, key=lambda spot: (-len(spot.rows), spot.id)):
        min(dealt, key=lambda fold: sum(len(one.rows) for one in fold)).append(spot)
    return dealt


def choose_passes(
    project: Project,
    discovery: Discovery,
    samples: Sequence[Example],
    spot_of: Mapping[str, str],
    *,
    steps: int,
    seed: int,
    monitor: Monitor,
) -> Passes:
    """Choose the passes of training from scratch on train and samples.

    Args:
        project: gives train rows and settings.
        discovery: with at least two blind spots.
        samples: of the arm.
        spot_of: the blind spot of each sample, by its id.
        steps: of a run.
        seed: of the runs.
        monitor: told of steps, and asked whether to go on; finished folds are kept.

    Raises:
        ModelError, Cancelled: as `engine.model.training.train`.
    """
    train = project.examples("train")
    total, rows = np.zeros(project.settings.training.epochs), 0
    for number, fold in enumerate(folds(discovery.blind_spots), start=1):
        inside = {spot.id for spot in fold}
        others = [sample for sample in samples if spot_of.get(sample.id) not in inside]
        asked = _asked(discovery, fold)
        monitor.note(f"fold {number}: {len(others)} samples of other blind spots, {len(asked)} rows to look at")
        total += _fold(project, discovery, [*train, *others], asked, seed=seed, monitor=monitor)
        rows += len(asked)
    errors = tuple(round(float(value), 2) for value in total)
    return Passes(1 + errors.index(min(errors)), len(errors), errors, rows)


def _asked(discovery: Discovery, fold: Sequence[BlindSpot]) -> list[Example]:
    uus = [row for spot in fold for row in spot.rows]
    beside = dict.fromkeys(row for uu in uus for row in discovery.neighbours.get(uu, ()))
    found = [discovery.predictions[row] for row in (*uus, *beside)]
    return [Example(row.id, row.text, row.label, row.text_pair) for row in found]


def _fold(
    project: Project,
    discovery: Discovery,
    rows: Sequence[Example],
    asked: Sequence[Example],
    *,
    seed: int,
    monitor: Monitor,
) -> list[float]:
    """Errors after each pass; kept by content."""
    start = starting_weights(project, monitor=monitor)
    plan = plan_of(project, start, seed=seed)
    key = content_key("fold", plan.key(rows), [[row.text, row.text_pair, row.label] for row in asked], discovery.tau)
    path = project.cache_dir / f"fold-{key}.json"
    if path.is_file():
        return [float(value) for value in read_json(path)]
    gold = np.array([project.labels.index(row.label) for row in asked])
    covered = sum(discovery.predictions[row.id].confidence >= discovery.tau for row in asked)
    errors: list[float] = []

    def look(classifier: Classifier) -> None:
        logits = classifier.logits(asked, monitor=Silent())
        errors.append(errors_among_most_confident(Scored.from_logits(logits, gold), covered))

    out = Path(project.cache_dir / f"fold-{key}")
    fine_tune(plan, rows, out=out, compute=choose_compute(project.settings.compute), monitor=monitor, after_pass=look)
    shutil.rmtree(out)
    write_json(path, errors)
    return errors
