"""The recipe `auto`: chosen by cross-validation inside the pool.

Proof and test rows take no part, so the verdict on the chosen recipe is as honest as on one that was named before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from engine.model.model_registry import plan_of
from engine.model.text_classifier import classifier_of
from engine.model.training_plan import DistillationTarget
from engine.progress import Monitor
from engine.project import Project
from engine.proof.arms import BASELINE, Arm, Run, plan_runs
from engine.proof.cross_validation import Fold, errors_of, folds
from engine.proof.label_selection import choose_by_labels
from engine.proof.proof_spec import RecipeChoice
from engine.proof.recipes import AUTO, label_recipes, possible_recipes, usual_recipes
from engine.proof.request import refuse_few_spots
from engine.proof.training_sets import training_set
from engine.schema import Discovery, Sample


def choose_recipe(
    project: Project,
    discovery: Discovery,
    runs: Sequence[Run],
    spot_of: Mapping[str, str],
    kept: Sequence[DistillationTarget],
    *,
    monitor: Monitor,
) -> RecipeChoice:
    """Choose among the recipes of some runs of one arm.

    Args:
        project: gives train rows, models and settings.
        discovery: with at least two blind spots.
        runs: one of each recipe, all of the same arm and seed.
        spot_of: the blind spot of each sample, by its id; UUs among the samples are known by their own.
        kept: `engine.proof.training_sets.kept_rows`.
        monitor: told of steps, and asked whether to go on; finished folds are kept.

    Raises:
        ModelError, Stopped: as `engine.model.training.train`.
    """
    train, parts = project.examples("train"), folds(discovery)
    errors = {}
    for run in runs:
        found = []
        for number, fold in enumerate(parts, start=1):
            monitor.note(f"{run.arm.name}: {run.recipe}, fold {number} of {len(parts)}")
            outside = _outside(run, fold, spot_of)
            test_ids = {row.id for row in fold.test_rows}
            given = training_set(project, outside, train, [one for one in kept if one.row.id not in test_ids], monitor)
            plan = plan_of(project, given.start, seed=run.seed, **given.changes)
            found.append(errors_of(project, fold, plan, given.rows, given.kept, monitor=monitor)[-1])
        errors[run.recipe] = round(sum(found), 2)
    best = min(errors, key=lambda name: errors[name])
    return RecipeChoice(best, errors, sum(len(fold.test_rows) for fold in parts))


def _outside(run: Run, fold: Fold, spot_of: Mapping[str, str]) -> Run:
    """The run without the samples that belong to a fold, and without the rows it is looked at on."""
    test_ids = {row.id for row in fold.test_rows}
    samples = tuple(row for row in run.arm.samples if row.id not in test_ids and spot_of.get(row.id) not in fold.spots)
    return replace(run, arm=Arm(run.arm.name, samples))


def recipes_to_use(project: Project, recipes: Sequence[str] | None, arms: Sequence[Arm]) -> list[str]:
    """The recipes that may be used: those that were named, or the usual ones, and those that `auto` may choose."""
    classifier = classifier_of(project)
    wanted = list(usual_recipes(classifier) if recipes is None else recipes)
    if AUTO not in wanted:
        return wanted
    by_spots = any(not arm.labels for arm in arms)
    return [*wanted, *(possible_recipes(classifier) if by_spots else label_recipes(classifier))]


def runs_and_choices(
    project: Project,
    arms: Sequence[Arm],
    *,
    seeds: Sequence[int] | None,
    recipes: Sequence[str] | None,
    kept: Sequence[DistillationTarget],
    samples: Sequence[Sample],
    discovery: Discovery | None,
    monitor: Monitor,
) -> tuple[list[Run], dict[str, RecipeChoice]]:
    """The runs of a proof (`engine.proof.arms.plan_runs`), and by arm what was chosen where `auto` is a recipe.

    An arm of labels is chosen by these (`engine.proof.label_selection`), and planned by itself, as it was tried: its
    runs have the rows that were chosen, with every recipe.

    Args:
        project: gives settings, train rows and models.
        arms: to compare.
        seeds: as `plan_runs`; the first is the one to choose with.
        recipes: as `plan_runs`; `auto` may be among them.
        kept: `engine.proof.training_sets.kept_rows`.
        samples: of all teachers, for the blind spot of each.
        discovery: of the round.
        monitor: told of steps, and asked whether to go on.

    Raises:
        ProjectError: as `plan_runs`; or `auto` is asked for, and there are too few blind spots to choose by.
        ModelError, Stopped: as `engine.model.training.train`.
    """
    named = None if recipes is None else [name for name in recipes if name != AUTO]
    if recipes is None or AUTO not in recipes:
        return plan_runs(project, arms, seeds=seeds, recipes=named, kept=len(kept)), {}
    possible = possible_recipes(classifier_of(project))
    by_spots = [arm for arm in arms if not arm.labels]
    if any(arm.samples for arm in by_spots):
        refuse_few_spots(project, discovery)
    every = plan_runs(project, by_spots, seeds=seeds, recipes=possible, kept=len(kept))
    spot_of = {sample.id: sample.blind_spot for sample in samples}
    spot_of |= {row: spot.id for spot in (discovery.blind_spots if discovery else ()) for row in spot.rows}
    seed, choices = every[0].seed, {}
    found = [run for run in every if run.arm.name == BASELINE]
    for arm in arms:
        if arm.labels:
            choices[arm.name], chosen = choose_by_labels(project, arm, seed=seed, monitor=monitor)
            monitor.note(f"{arm.name}: {choices[arm.name].sentence}")
            own = {choices[arm.name].recipe, *(named or ())}
            alone = plan_runs(project, [chosen], seeds=seeds, recipes=possible, kept=len(kept))
            found += [run for run in alone if run.arm.name == arm.name and run.recipe in own]
            continue
        mine = [run for run in every if run.arm.name == arm.name]
        if arm.samples and discovery:
            candidates = [run for run in mine if run.seed == seed]
            choices[arm.name] = choose_recipe(project, discovery, candidates, spot_of, kept, monitor=monitor)
            mine = [run for run in mine if run.recipe in {choices[arm.name].recipe, *(named or ())}]
        found += mine
    return found, choices
