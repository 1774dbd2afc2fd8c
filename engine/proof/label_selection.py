"""The recipe `auto` for arms of labels: recipe and rows are chosen on labels held out inside the pool.

No choice fits all. On sentiment and inference it was best to train on all of an LLM's labels and to keep the weights
that training ends with. On paraphrases it was best to train on the rows on which LLM and model differ. Each choice was
poor or harmful where the other won. Where a person and an LLM have labelled a row, the person's label is used. It gets
no more weight than an LLM's: a label that is right in .95 of the cases, as those above the floor are, tells
(2 x .95 - 1)^2 = .81 of what a right one does.

A candidate that loses more accuracy on dev than the margin of the proof is chosen only if there is no other. Within the
margin a difference counts as errors, as the verdict asks for accuracy that is shown to be kept: of few labels held out
recipes differ by a handful of errors, where dev tells them apart by a point. Dev alone is too small
to tell what the last part of the way from the old weights to the new ones costs: two trainings of one plan differed by
a point there. So the weights go only a part of the way where that has most of the gain.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from engine.discovery.pool_scoring import score_pool
from engine.labelling.answers import SURE
from engine.model.model_registry import current_model, predictions
from engine.model.text_classifier import classifier_of
from engine.progress import Monitor
from engine.project import Project
from engine.proof.arms import Arm, plan_runs
from engine.proof.held_out_labels import HeldOutOutcome, HeldOutTrial, outcomes
from engine.proof.label_arms import LLM_LABELS
from engine.proof.metrics import IntArray, Scored, errors_among_most_confident
from engine.proof.proof_spec import RecipeChoice
from engine.proof.recipes import ALL_ROWS, FLAGGED_ROWS, RECIPES, label_recipes, rows_to_try
from engine.proof.training_labels import TrainingLabel, held_out_parts
from engine.proof.training_sets import training_task

_FEWEST_FLAGGED = 10  # for that choice of rows to be worth a training
_SEED = 13
# Of the gain of the best candidate. Three quarters of the way had .91 and .83 of that of all the way on the pools of
# inference and sentiment, half the way .64 and .60 (tests/bench/README.md).
_ENOUGH = 0.8
# Of the errors before: how many fewer a candidate must have that stands behind another one by all of the margin on dev.
# On the pool of sentiment eight errors of 185 stood against a point and a half of accuracy.
_MARGIN_IN_ERRORS = 0.2


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
    if arm.name.partition("+")[0] == LLM_LABELS and len(differ) >= _FEWEST_FLAGGED:
        rows.append(FLAGGED_ROWS)
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
            name: _trial(project, _with_labels(arm, _chosen(rest, kind, pool)), recipe, seed, monitor)
            for name, (recipe, kind) in candidates.items()
        }
        for name, outcome in outcomes(project, trials, [one.row for one in part], covered, monitor=monitor).items():
            found[name].append(outcome)
    errors = {name: round(sum(one.errors for one in seen), 2) for name, seen in found.items()}
    accuracies, accuracy_before = _accuracies(project, found, seed, monitor)
    ways = {name: RECIPES[recipe].average for name, (recipe, _) in candidates.items()}
    margin = project.settings.proof.margin
    recipe, kind = candidates[_best(errors, before, ways, accuracies, accuracy_before, margin)]
    choice = RecipeChoice(
        recipe,
        errors,
        sum(map(len, parts)),
        chosen_rows=kind,
        parts=len(parts),
        errors_before=round(before, 2),
        accuracies=accuracies,
        accuracy_before=accuracy_before,
    )
    return choice, _with_labels(arm, _chosen(arm.labels, kind, pool))


def _name(recipe: str, kind: str) -> str:
    return recipe if kind == ALL_ROWS else f"{recipe} on {kind} rows"


def _trial(project: Project, arm: Arm, recipe: str, seed: int, monitor: Monitor) -> HeldOutTrial:
    """The training of the recipe, as the proof would plan it for this arm alone."""
    run = plan_runs(project, [arm], seeds=[seed], recipes=[recipe])[-1]
    train = project.examples("train")
    return HeldOutTrial(training_task(project, run, train, [], stop=None, monitor=monitor), run.work)


def _accuracies(
    project: Project, found: Mapping[str, Sequence[HeldOutOutcome]], seed: int, monitor: Monitor
) -> tuple[dict[str, float], float | None]:
    """Accuracy on dev, 0..1: mean of each candidate, and that of the model they go on from; nothing without dev."""
    if not project.has_split("dev"):
        return {}, None
    dev = project.examples("dev")
    gold = np.array([project.labels.index(row.label) for row in dev])
    model = current_model(project, seed=seed, monitor=monitor)
    right = predictions(project, model, dev, split_key="dev", monitor=monitor).argmax(axis=1) == gold
    means = {name: sum(one.right for one in seen) / len(seen) / len(dev) for name, seen in found.items()}
    return {name: round(mean, 4) for name, mean in means.items()}, round(float(right.mean()), 4)


def _best(
    errors: Mapping[str, float],
    before: float,
    ways: Mapping[str, float],
    accuracies: Mapping[str, float],
    accuracy_before: float | None,
    margin: float,
) -> str:
    """The candidate of least cost, of equals the first; all the way only where no part of it has `_ENOUGH` of the gain.

    The cost of a model is its errors, and for its distance on dev from the most accurate model errors too: all of the
    margin counts as the share `_MARGIN_IN_ERRORS` of those before. Candidates that lose more than the margin are left
    out; where all do, it is the most accurate one.

    Args:
        errors: by name of candidate.
        before: those of the model they go on from.
        ways: share of the way that the weights of each go.
        accuracies: on dev.
        accuracy_before: of the model they go on from; None: there is no dev.
        margin: accuracy that may be lost.
    """
    costs = dict(errors)
    if accuracy_before is not None:
        fit = {name: accuracies[name] for name in errors if round(accuracy_before - accuracies[name], 4) <= margin}
        if not fit:
            return max(errors, key=lambda name: accuracies[name])
        most, per_accuracy = max(accuracy_before, *fit.values()), _MARGIN_IN_ERRORS * before / (margin or 1.0)
        costs = {name: errors[name] + per_accuracy * (most - accuracy) for name, accuracy in fit.items()}
        before += per_accuracy * (most - accuracy_before)
    least = min(costs.values())
    enough = least + (1 - _ENOUGH) * max(0.0, before - least)
    parts = [name for name in costs if ways[name] < 1 and costs[name] <= enough]
    return min(parts or costs, key=lambda name: costs[name])


def _chosen(labels: Sequence[TrainingLabel], kind: str, pool: _Pool) -> list[TrainingLabel]:
    """All labels; or those that differ from what the model is sure of, and half as many that surely agree with it.

    Without rows that agree, whatever the model is sure of would be taught to be wrong.
    """
    if kind == ALL_ROWS:
        return list(labels)
    flagged = {one.row.id for one in labels if pool.differs(one)}
    agreed = sorted(
        one.row.id for one in labels if one.row.id not in flagged and pool.is_sure(one) and one.certainty == SURE
    )
    drawn = random.Random(f"agreed/{_SEED}").sample(agreed, min(len(agreed), (len(flagged) + 1) // 2))
    return [one for one in labels if one.row.id in flagged.union(drawn)]


def _with_labels(arm: Arm, labels: Sequence[TrainingLabel]) -> Arm:
    """The arm with these labels in place of its own; its samples stay."""
    samples = arm.samples[len(arm.labels) :]
    return replace(arm, samples=(*(one.row for one in labels), *samples), labels=tuple(labels))
