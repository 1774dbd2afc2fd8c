"""Which training sets are compared: one arm per kind of teaching, each with the rows that its runs are trained on.

Light, so that the app can show what a proof would take. Train rows are never changed, only added to; equal teaching
gives equal rows in equal order, so that finished runs are found again by their content.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal, get_args

from engine.data.text import row_hash
from engine.errors import ProjectError
from engine.files import read_json
from engine.project import Project
from engine.schema import TEACHER_KINDS, Example, Sample

Recipe = Literal["scratch", "continue"]

RECIPES: tuple[Recipe, ...] = get_args(Recipe)
BASELINE = "baseline"
ALL = "all"


@dataclass(frozen=True, slots=True)
class Arm:
    """A training set to compare: train plus these samples."""

    name: str
    samples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """One training run: an arm, a recipe and a seed, with the number of rows and the passes over them."""

    arm: Arm
    recipe: Recipe
    seed: int
    rows: int
    epochs: int


def choose_arms(samples: Iterable[Sample], names: Sequence[str] | None = None) -> list[Arm]:
    """The arms to compare with the baseline, in the order human, llm, example, all.

    An arm has the samples of all teachers of its kind, whatever their role; equal samples count once. ``all`` has every
    kind and exists only where there are several, as it would else be a second name for the only one.

    Raises:
        ProjectError: there are no samples, or none for an arm that was asked for.
    """
    given = list(samples)
    kinds = [kind for kind in TEACHER_KINDS if any(sample.teacher.kind == kind for sample in given)]
    if not kinds:
        raise ProjectError("there are no samples to train with",
                           mend="write some with `blindspot open` or `blindspot sample`, or bring some with "
                           "`blindspot import-teaching`")  # fmt: skip
    possible: dict[str, list[Sample]] = {
        kind: [sample for sample in given if sample.teacher.kind == kind] for kind in kinds
    }
    if len(kinds) > 1:
        possible[ALL] = given
    for name in names or ():
        if name not in possible:
            raise ProjectError(f"there is no teaching for arm `{name}`", mend=f"use one of {', '.join(possible)}")
    return [Arm(name, _examples(rows)) for name, rows in possible.items() if names is None or name in names]


def _examples(samples: list[Sample]) -> tuple[Example, ...]:
    """Samples as training rows, without repetitions, in an order that depends on their content alone."""
    found: dict[tuple[str, str], Example] = {}
    for sample in sorted(samples, key=lambda one: (one.text, one.text_pair or "", one.id)):
        row = Example(sample.id, sample.text, sample.label, sample.text_pair)
        found.setdefault((row_hash(row.text, row.text_pair), row.label), row)
    return tuple(found[key] for key in sorted(found))


def plan_runs(
    project: Project,
    arms: Sequence[Arm],
    *,
    seeds: Sequence[int] | None = None,
    recipes: Sequence[Recipe] | None = None,
) -> list[Run]:
    """All runs of a proof: the baseline with every seed, then each arm with every recipe and seed.

    The default is the seeds of the settings and both recipes.

    Raises:
        ProjectError: a recipe does not exist, or there are no seeds.
    """
    seeds = list(dict.fromkeys(project.settings.proof.seeds if seeds is None else seeds))
    if not seeds:
        raise ProjectError(
            "a proof needs at least one seed", mend="name seeds with --seeds, or set proof.seeds in blindspot.toml"
        )
    for recipe in recipes or ():
        if recipe not in RECIPES:
            raise ProjectError(f"there is no recipe `{recipe}`", mend=f"use {' or '.join(RECIPES)}")
    n_train, training = project.manifest.splits["train"].rows, project.settings.training
    runs = [Run(Arm(BASELINE, ()), "scratch", seed, n_train, training.epochs) for seed in seeds]
    for arm in arms:
        n_replay = _replayed(n_train, len(arm.samples), training.replay)
        for recipe in RECIPES if recipes is None else dict.fromkeys(recipes):
            rows, epochs = (n_train, training.epochs) if recipe == "scratch" else (n_replay, training.continue_epochs)
            runs += [Run(arm, recipe, seed, rows + len(arm.samples), epochs) for seed in seeds]
    return runs


def training_rows(run: Run, train: Sequence[Example], *, replay: float) -> list[Example]:
    """The rows a run is trained on: all of train, or for ``continue`` a seeded draw of it, and the arm's samples."""
    if run.recipe == "scratch":
        return [*train, *run.arm.samples]
    count = _replayed(len(train), len(run.arm.samples), replay)
    drawn = sorted(random.Random(f"replay/{run.seed}").sample(range(len(train)), count))
    return [*(train[row] for row in drawn), *run.arm.samples]


def _replayed(n_train: int, n_samples: int, replay: float) -> int:
    return min(n_train, round(replay * n_samples))


def estimate_seconds(project: Project, runs: Sequence[Run]) -> float | None:
    """Seconds that the runs would take at the speed of earlier trainings; None before the first one.

    An upper bound: runs that are finished already cost nothing. Scoring is left out, it takes a few percent.
    """
    paths = project.models_dir.glob("*/training.json")
    speeds = [speed for path in paths if (speed := float(read_json(path)["rows_per_second"])) > 0]
    return sum(run.rows * run.epochs for run in runs) / median(speeds) if speeds else None
