"""Number of epochs of an arm trained from scratch, chosen by cross-validation over the pool's blind spots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from engine.model.model_registry import plan_of, scratch
from engine.progress import Monitor
from engine.project import Project
from engine.proof.cross_validation import errors_of, folds
from engine.proof.proof_spec import EpochChoice
from engine.schema import Discovery, Example


def choose_passes(
    project: Project,
    discovery: Discovery,
    samples: Sequence[Example],
    spot_of: Mapping[str, str],
    *,
    steps: int,
    seed: int,
    monitor: Monitor,
) -> EpochChoice:
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
        ModelError, Stopped: as `engine.model.training.train`.
    """
    train, start = project.examples("train"), scratch(project, monitor=monitor)
    plan = plan_of(project, start, seed=seed, steps=steps)
    found, rows = [], 0
    for number, fold in enumerate(folds(discovery), start=1):
        others = [sample for sample in samples if spot_of.get(sample.id) not in fold.spots]
        monitor.note(
            f"fold {number}: {len(others)} samples of other blind spots, {len(fold.test_rows)} rows to look at"
        )
        found.append(errors_of(project, fold, plan, [*train, *others], monitor=monitor)[:-1])
        rows += len(fold.test_rows)
    passes = min(map(len, found))  # with many samples a fold may need fewer passes for the same steps
    errors = tuple(round(float(value), 2) for value in np.sum([one[:passes] for one in found], axis=0))
    return EpochChoice(1 + errors.index(min(errors)), passes, errors, rows)
