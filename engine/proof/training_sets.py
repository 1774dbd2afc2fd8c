"""What one run is trained on and from: its recipe applied to its arm."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine.data.pool_rows import known_labels
from engine.discovery.pool_scoring import score_pool
from engine.model.model_registry import ModelRef, current_model, scratch
from engine.model.training_plan import ALL_BUT_HEAD, DistillationTarget, PlanChanges
from engine.model.training_task import StartOfTraining, TrainingApart, TrainingTask
from engine.progress import Monitor
from engine.project import Project
from engine.proof.arms import Run, run_apart, training_rows
from engine.proof.controls import usable_pool
from engine.proof.proof_spec import EpochChoice
from engine.proof.recipes import MERGED_ALL, MERGED_UNLEARNED, RECIPES
from engine.schema import Discovery, Example

_DIGITS = 3  # of probabilities: what is not scored again in fp32 may differ in the next one


@dataclass(frozen=True)
class TrainingSet:
    """Where a run starts, its rows, the rows that are kept as the start says, and how its plan differs."""

    start: ModelRef
    rows: list[Example]
    kept: list[DistillationTarget] = field(default_factory=list)
    changes: PlanChanges = field(default_factory=PlanChanges)


def training_set(
    project: Project, run: Run, train: Sequence[Example], kept: Sequence[DistillationTarget], monitor: Monitor
) -> TrainingSet:
    """The training set of a run.

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
        return TrainingSet(scratch(project, monitor=monitor), list(train))
    recipe = RECIPES[run.recipe]
    changes: PlanChanges = {"steps": run.steps, "smoothing": recipe.smoothing, "average": recipe.average}
    if run.merges:
        changes |= {"average": MERGED_ALL, "merged_share": MERGED_UNLEARNED}
    if recipe.head_only:
        changes["frozen_layers"] = ALL_BUT_HEAD
    # Rows of the stream shift how readily each label is given. Of samples, which people and LLMs write in pairs of
    # labels, it was not measured.
    if recipe.start == "current" and run.arm.labels and project.has_split("dev"):
        changes["output_bias"] = project.manifest.splits["dev"].sha256
    start = scratch(project, monitor=monitor)
    if recipe.start == "current":
        start = current_model(project, seed=run.seed, monitor=monitor)
    own = {row.id for row in run.arm.samples}
    left = [one for one in kept if one.row.id not in own] if recipe.keep else []
    return TrainingSet(start, training_rows(run, train), left, changes)


def training_task(
    project: Project,
    run: Run,
    train: Sequence[Example],
    kept: Sequence[DistillationTarget],
    *,
    stop: EpochChoice | None,
    monitor: Monitor,
) -> TrainingTask:
    """The training of a run, as a process that trains takes it; ``stop``: passes of training from scratch.

    The other arguments are those of `training_set`.
    """
    given = training_set(project, run, train, kept, monitor)
    changes: dict[str, Any] = {**given.changes}
    if stop and run.recipe == "scratch":
        changes["stop"] = stop.passes
    start = given.start
    path = None if start.path is None else str(start.path)
    begin = StartOfTraining(start.name, path, start.key)
    apart = None
    if second := run_apart(project, run):
        apart = TrainingApart(tuple(training_rows(second, train)), second.steps)
    return TrainingTask(tuple(given.rows), run.seed, begin, tuple(given.kept), changes, apart=apart)


def kept_rows(
    project: Project,
    discovery: Discovery | None,
    recipes: Sequence[str],
    doubtful: Collection[str],
    *,
    labels: Mapping[str, str] | None = None,
    monitor: Monitor,
) -> list[DistillationTarget]:
    """Pool rows to be kept, for the recipes that do so: those the round's model is sure of at tau and gets right.

    Rows that it is not sure of are left out: on PAWS half of them are wrong, and keeping them undid what was learned.
    So are rows without a label: among those that it is sure of some are wrong, and nobody knows which.

    Raises:
        ProjectError: a recipe keeps rows, and nothing has been discovered yet.
        ModelError, Stopped: as `engine.discovery.pool_scoring.score_pool`.
    """
    if not any(RECIPES[name].keep for name in recipes if name in RECIPES):
        return []
    usable = {row.id for row in usable_pool(project, discovery, doubtful, labels).rows}
    model, known = current_model(project, monitor=monitor), known_labels(discovery, labels)
    scored = score_pool(project, model, labels=known, monitor=monitor)
    sure = (scored.scores.confidence >= project.settings.discovery.tau) & scored.scores.right
    return [
        DistillationTarget(
            scored.rows[place], tuple(round(float(value), _DIGITS) for value in scored.scores.probabilities[place])
        )
        for place in np.flatnonzero(sure)
        if scored.rows.ids[place] in usable
    ]
