"""Cross-validation over the pool's blind spots: train on some, evaluate on the others.

Each fold is trained with the samples of the other folds' blind spots and looked at on the UUs of its own, and on the
rows beside them that the model gets right. Proof and test rows take no part.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from engine.discovery.calibration import gold_of
from engine.files import content_key, read_json, write_json
from engine.model.text_classifier import Plan, Scorer, classifier_of
from engine.model.training_plan import DistillationTarget
from engine.progress import Monitor, Silent
from engine.project import Project
from engine.proof.metrics import Scored, errors_among_most_confident
from engine.schema import BlindSpot, Discovery, Example

FOLDS = 3


@dataclass(frozen=True)
class Fold:
    """One part of the blind spots.

    Attributes:
        spots: ids of its blind spots.
        uus: ids of their rows.
        test_rows: their rows, and the rows beside them that the model gets right.
        covered: how many of these the round's model is sure of at tau.
    """

    spots: frozenset[str]
    uus: frozenset[str]
    test_rows: tuple[Example, ...]
    covered: int


def deal(blind_spots: Sequence[BlindSpot]) -> list[list[BlindSpot]]:
    """Blind spots dealt out, largest first, each to that of `FOLDS` with the fewest rows so far; the same each time."""
    dealt: list[list[BlindSpot]] = [[] for _ in range(min(FOLDS, len(blind_spots)))]
    for spot in sorted(blind_spots, key=lambda spot: (-len(spot.rows), spot.id)):
        min(dealt, key=lambda fold: sum(len(one.rows) for one in fold)).append(spot)
    return dealt


def folds(discovery: Discovery) -> list[Fold]:
    """The folds of a discovery, at most `FOLDS`."""
    found = []
    for spots in deal(discovery.blind_spots):
        uus = [row for spot in spots for row in spot.rows]
        rows = [discovery.predictions[row] for row in dict.fromkeys((*uus, *discovery.beside(uus)))]
        covered = sum(row.confidence >= discovery.tau for row in rows)
        test_rows = tuple(Example.of(row) for row in rows)
        found.append(Fold(frozenset(spot.id for spot in spots), frozenset(uus), test_rows, covered))
    return found


def errors_of(
    project: Project,
    fold: Fold,
    plan: Plan,
    rows: Sequence[Example],
    kept: Sequence[DistillationTarget] = (),
    *,
    monitor: Monitor,
) -> list[float]:
    """Errors among the fold's most confident rows, as many as are covered: after each pass, then of the finished model.

    A program that trains shows no passes, so there is one number, of the finished model. The numbers are cached by
    content; the model is removed.

    Raises:
        ModelError, Stopped: as `engine.model.training.train`.
    """
    texts = [[row.text, row.text_pair, row.label] for row in fold.test_rows]
    key = content_key("fold", plan.key(rows, kept), texts, fold.covered)
    path = project.cache_dir / f"fold-{key}.json"
    if path.is_file():
        return [float(value) for value in read_json(path)]
    gold = gold_of(fold.test_rows, project.labels)
    classifier = classifier_of(project)
    errors: list[float] = []

    def look(scorer: Scorer) -> None:
        logits = scorer.logits(fold.test_rows, monitor=Silent())
        errors.append(errors_among_most_confident(Scored.from_logits(logits, gold), fold.covered))

    out = Path(project.cache_dir / f"fold-{key}")
    classifier.train(plan, rows, kept=kept, out=out, monitor=monitor, after_pass=look)
    with closing(classifier.load(out)) as finished:
        look(finished)
    shutil.rmtree(out)
    write_json(path, errors)
    return errors
