"""The recipe `auto` for arms of labels: recipe and rows are chosen on labels held out inside the pool.

No choice fits all. On sentiment and inference it was best to train on all of an LLM's labels and to go most of the way
to the weights that training ends with. On paraphrases it was best to go half the way, and to leave out the rows whose
label the model already gives surely: they make it no better, and hold what is wrong in place. Where a person and an LLM
have labelled a row, the person's label is used. It gets no more weight than an LLM's: a label that is right in .95 of
the cases, as those above the floor are, tells (2 x .95 - 1)^2 = .81 of what a right one does.

A candidate that loses more accuracy on dev than the margin of the proof is chosen only if there is no other. Of the
others the one is chosen from which the most can be expected to be proven: the errors that it saves on the labels held
out, times the chance that the verdict will see accuracy kept on test (`_OnDev.chance`). The further the weights go, the
more answers change, and the less surely is accuracy seen to be kept, whatever dev says: two trainings of one plan
differed by a point there. So the weights also go only a part of the way where that is worth most of all the way.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np

from engine.discovery.pool_scoring import score_pool
from engine.labelling.answers import SURE
from engine.model.model_registry import current_model, predictions
from engine.model.text_classifier import classifier_of
from engine.progress import Monitor
from engine.project import Project
from engine.proof.arms import Arm, plan_runs, run_apart
from engine.proof.held_out_labels import HeldOutOutcome, HeldOutTrial, outcomes
from engine.proof.label_arms import LLM_LABELS
from engine.proof.metrics import IntArray, Scored, errors_among_most_confident
from engine.proof.proof_spec import RecipeChoice
from engine.proof.recipes import (
    ALL_ROWS,
    MERGED_ALL,
    MERGED_ROWS,
    RECIPES,
    UNLEARNED_ROWS,
    label_recipes,
    rows_to_try,
)
from engine.proof.training_labels import TrainingLabel, held_out_parts
from engine.proof.training_sets import training_task

_FEWEST_UNLEARNED = 10  # for that choice of rows to be worth a training
# Of what the best candidate is worth. Two trainings of one plan differ on dev by more than the last part of the way
# costs, which was .002 to .010 in each of six pairs. Three quarters of the way saved .91 and .83 of the errors that all
# the way did on the pools of inference and sentiment, half the way .64 and .60 (tests/bench/README.md).
_ENOUGH = 0.8


class _Pool:
    """What the round's model says of the pool."""

    def __init__(self, project: Project, monitor: Monitor) -> None:
        scored = score_pool(project, current_model(project, monitor=monitor), monitor=monitor)
        self._places = {row: place for place, row in enumerate(scored.rows.ids)}
        self._labels = project.labels
        self._predicted = scored.scores.predicted.astype(np.int64)
        self._confidence = scored.scores.confidence.astype(np.float64)
        self._sure = self._confidence >= project.settings.discovery.tau

    def is_sure(self, one: TrainingLabel) -> bool:
        """Whether the model is sure of the row at tau."""
        return bool(self._sure[self._places[one.row.id]])

    def differs(self, one: TrainingLabel) -> bool:
        """Whether it is, and says another label."""
        place = self._places[one.row.id]
        return self.is_sure(one) and self._labels[self._predicted[place]] != one.row.label

    def errors(self, labels: Sequence[TrainingLabel], covered: int) -> float:
        """Its errors among so many of the rows, the most confident ones."""
        places = [self._places[one.row.id] for one in labels]
        gold: IntArray = np.array([self._labels.index(one.row.label) for one in labels])
        found = Scored(gold, self._predicted[places], self._confidence[places], len(self._labels))
        return errors_among_most_confident(found, covered)


def choose_by_labels(project: Project, arm: Arm, *, seed: int, monitor: Monitor) -> tuple[RecipeChoice, Arm]:
    """Choose recipe and rows of an arm of labels.

    Args:
        project: gives train, pool and dev rows, models and settings.
        arm: of `engine.proof.label_arms`.
        seed: to train with.
        monitor: told of steps, and asked whether to go on; finished trainings are found again.

    Returns:
        What was chosen, and the arm with the rows that were.

    Raises:
        ModelError, Stopped: as `engine.model.training.train`.
    """
    pool = _Pool(project, monitor)
    differ = {one.row.id for one in arm.labels if pool.differs(one)}
    rows = [ALL_ROWS]
    if arm.name.partition("+")[0] == LLM_LABELS and len(_unlearned(arm.labels, pool)) >= _FEWEST_UNLEARNED:
        rows += [UNLEARNED_ROWS, MERGED_ROWS]
    recipes = label_recipes(classifier_of(project))
    candidates = {
        _name(recipe, kind): (recipe, kind) for kind in rows for recipe in recipes if kind in rows_to_try(recipe, rows)
    }
    parts, before = held_out_parts(arm.labels, differ), 0.0
    found: dict[str, list[HeldOutOutcome]] = {name: [] for name in candidates}
    for number, part in enumerate(parts, start=1):
        monitor.note(f"{arm.name}: part {number} of {len(parts)} held out, {len(part)} labels")
        covered, held = sum(map(pool.is_sure, part)), {one.row.id for one in part}
        rest = [one for one in arm.labels if one.row.id not in held]
        before += pool.errors(part, covered)
        trials = {
            name: _trial(project, _with_labels(arm, rest, kind, pool), recipe, seed, monitor)
            for name, (recipe, kind) in candidates.items()
        }
        for name, outcome in outcomes(project, trials, [one.row for one in part], covered, monitor=monitor).items():
            found[name].append(outcome)
    errors = {name: round(sum(one.errors for one in seen), 2) for name, seen in found.items()}
    on_dev = _OnDev.of(project, seed, monitor) if project.has_split("dev") else None
    changes = {name: on_dev.change(seen) for name, seen in found.items()} if on_dev else {}
    accuracies = {name: round(on_dev.accuracy + one.mean, 4) for name, one in changes.items()} if on_dev else {}
    ways = {
        name: MERGED_ALL if kind == MERGED_ROWS else RECIPES[recipe].average
        for name, (recipe, kind) in candidates.items()
    }
    name = _best(errors, before, changes, project.settings.proof.margin, ways)
    recipe, kind = candidates[name]
    choice = RecipeChoice(
        recipe,
        errors,
        sum(map(len, parts)),
        chosen_rows=kind,
        parts=len(parts),
        errors_before=round(before, 2),
        accuracies=accuracies,
        accuracy_before=round(on_dev.accuracy, 4) if on_dev else None,
        chances={name: round(change.chance, 3) for name, change in changes.items()},
    )
    return choice, _with_labels(arm, arm.labels, kind, pool)


def _name(recipe: str, kind: str) -> str:
    if kind == MERGED_ROWS:
        return f"{recipe} merged with unlearned rows"
    return recipe if kind == ALL_ROWS else f"{recipe} on {kind} rows"


def _trial(project: Project, arm: Arm, recipe: str, seed: int, monitor: Monitor) -> HeldOutTrial:
    """The training of the recipe, as the proof would plan it for this arm alone."""
    run = plan_runs(project, [arm], seeds=[seed], recipes=[recipe])[-1]
    train = project.examples("train")
    apart = run_apart(project, run)
    task = training_task(project, run, train, [], stop=None, monitor=monitor)
    return HeldOutTrial(task, run.work, apart.work if apart else 0)


@dataclass(frozen=True)
class _Change:
    """How a candidate's accuracy on dev differs from that before (-1..1), and `_OnDev.chance` of it."""

    mean: float
    chance: float


@dataclass(frozen=True)
class _OnDev:
    """What the model that the candidates go on from makes of dev.

    Attributes:
        wrong: places of the rows that it gets wrong.
        rows: of dev. test_rows: of test, or of dev where there is no test.
        margin, interval: of the proof.
    """

    wrong: frozenset[int]
    rows: int
    test_rows: int
    margin: float
    interval: float

    @classmethod
    def of(cls, project: Project, seed: int, monitor: Monitor) -> _OnDev:
        """The model of that seed; raises as `engine.model.training.train`."""
        dev, splits, proof = project.examples("dev"), project.manifest.splits, project.settings.proof
        gold = np.array([project.labels.index(row.label) for row in dev])
        model = current_model(project, seed=seed, monitor=monitor)
        found = predictions(project, model, dev, split_key="dev", monitor=monitor).argmax(axis=1)
        wrong = frozenset(np.flatnonzero(found != gold).tolist())
        return cls(wrong, len(dev), splits["test" if "test" in splits else "dev"].rows, proof.margin, proof.interval)

    @property
    def accuracy(self) -> float:
        """Its share of rows that are right."""
        return 1 - len(self.wrong) / self.rows

    def change(self, seen: Sequence[HeldOutOutcome]) -> _Change:
        """What a candidate's models make of dev instead, one for each part held out: their mean."""
        mean = sum(len(self.wrong) - len(one.wrong) for one in seen) / len(seen) / self.rows
        changed = sum(len(self.wrong.symmetric_difference(one.wrong)) for one in seen) / len(seen) / self.rows
        return _Change(mean, self.chance(mean, changed))

    def chance(self, mean: float, changed: float) -> float:
        """The chance that the interval of the change of test accuracy will lie above the margin, 0..1.

        The assurance of a trial (O'Hagan et al. 2005, Pharmaceutical Statistics 4(3), section 2) with one seed: the
        change on test is as likely as dev says, without other knowledge, and the verdict sees it with the noise of so
        many rows of test.

        Args:
            mean: change of accuracy on dev, -1..1.
            changed: share of the rows of dev that became right or wrong.
        """
        if not changed:
            return float(mean > -self.margin)
        half_width = NormalDist().inv_cdf((1 + self.interval) / 2) * math.sqrt(changed / self.test_rows)
        spread = math.sqrt(changed / self.rows + changed / self.test_rows)
        return NormalDist().cdf((mean + self.margin - half_width) / spread)


def _best(
    errors: Mapping[str, float],
    before: float,
    changes: Mapping[str, _Change],
    margin: float,
    ways: Mapping[str, float],
) -> str:
    """The candidate from which the most saved errors can be expected to be proven, of equals the first.

    Candidates that lose more accuracy than the margin are left out; where all do, it is the most accurate one. Where
    none saves an error, it is the one that surest keeps accuracy. All the way only where no part has `_ENOUGH`.

    Args:
        errors: by name of candidate.
        before: those of the model they go on from.
        changes: on dev, by name; empty: there is no dev, and saved errors alone count.
        margin: accuracy that may be lost.
        ways: share of the way that the weights of each go.
    """
    fit = [name for name in errors if not changes or round(changes[name].mean, 4) >= -margin]
    if not fit:
        return max(errors, key=lambda name: changes[name].mean)
    if min(errors[name] for name in fit) >= before:
        return max(fit, key=lambda name: (changes[name].chance if changes else 0.0, -errors[name]))
    chances = {name: changes[name].chance if changes else 1.0 for name in fit}
    expected = {name: max(0.0, before - errors[name]) * chance for name, chance in chances.items()}
    enough = _ENOUGH * max(expected.values())
    parts = [name for name in fit if ways[name] < 1 and expected[name] >= enough]
    return max(parts or fit, key=lambda name: expected[name])


def _unlearned(labels: Sequence[TrainingLabel], pool: _Pool) -> list[TrainingLabel]:
    """Those of unlearned rows (`engine.proof.recipes.UNLEARNED_ROWS`)."""
    return [one for one in labels if one.certainty == SURE and (pool.differs(one) or not pool.is_sure(one))]


def _with_labels(arm: Arm, labels: Sequence[TrainingLabel], kind: str, pool: _Pool) -> Arm:
    """The arm with these labels in place of its own, as a choice of rows says; its samples stay."""
    samples = arm.samples[len(arm.labels) :]
    unlearned = [] if kind == ALL_ROWS else _unlearned(labels, pool)
    chosen = unlearned if kind == UNLEARNED_ROWS else labels
    apart = tuple(one.row for one in unlearned) if kind == MERGED_ROWS else ()
    return replace(arm, samples=(*(one.row for one in chosen), *samples), labels=tuple(chosen), apart=apart)
