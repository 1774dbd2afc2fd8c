"""What one run is trained on and from: its recipe applied to its arm."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.model.library import ModelRef, current_model, starting_weights
from engine.model.plan import ALL_BUT_HEAD
from engine.model.weights import Weights
from engine.progress import Monitor
from engine.project import Project
from engine.proof.arms import Run, training_rows
from engine.proof.controls import usable_pool
from engine.proof.recipes import RECIPES
from engine.schema import Discovery, Example


@dataclass(frozen=True)
class Lesson:
    """Where a run starts, its rows, the rows that are kept as the start says, and how its plan differs."""

    start: Weights | ModelRef
    rows: list[Example]
    kept: list[Example] = field(default_factory=list)
    changes: dict[str, Any] = field(default_factory=dict)


def lesson(project: Project, run: Run, train: Sequence[Example], kept: Sequence[Example], monitor: Monitor) -> Lesson:
    """The lesson of a run.

    An arm without samples is the baseline. A run of the current model goes on from the baseline of its own seed, unless
    the round has a model of its own.

    Args:
        project: gives models and settings.
        run: its arm, recipe and seed.
        train: all train rows.
        kept: `kept_rows` of the project.
        monitor: told of steps, should the model it starts from be missing.
    """
    if not run.arm.samples:
        return Lesson(starting_weights(project, monitor=monitor), list(train))
    recipe = RECIPES[run.recipe]
    changes = {"steps": run.steps, "smoothing": recipe.smoothing, "average": recipe.average}
    if recipe.head_only:
        changes["frozen_layers"] = ALL_BUT_HEAD
    start: Weights | ModelRef = starting_weights(project, monitor=monitor)
    if recipe.start == "current":
        start = current_model(project, seed=run.seed, monitor=monitor)
    own = {row.id for row in run.arm.samples}
    left = [row for row in kept if row.id not in own] if recipe.keep else []
    return Lesson(start, training_rows(run, train), left, changes)


def kept_rows(
    project: Project, discovery: Discovery | None, recipes: Sequence[str], doubtful: Collection[str]
) -> list[Example]:
    """Pool rows that are no UUs, for recipes that keep them as the model says; none where no recipe does.

    Raises:
        ProjectError: a recipe does, and nothing has been discovered yet.
    """
    if not any(RECIPES[name].keep for name in recipes if name in RECIPES):
        return []
    pool = usable_pool(project, discovery, doubtful)
    uus = {row.id for row in pool.uus}
    return [row for row in pool.rows if row.id not in uus]
