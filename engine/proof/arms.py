"""Which training sets are compared: one arm per kind of teaching, each with the rows that its runs are trained on.

Light, so that the app can show what a proof would take. Train rows are never changed, only added to; equal teaching
gives equal rows in equal order, so that finished runs are found again by their content.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal, get_args

from engine.data.text import row_hash
from engine.errors import ProjectError
from engine.files import read_json
from engine.ledger.figure import Figure
from engine.project import Project
from engine.proof.equal import Equal, Limit, cut_down
from engine.schema import TEACHER_KINDS, Example, Sample, TeacherKind

Recipe = Literal["scratch", "continue"]

RECIPES: tuple[Recipe, ...] = get_args(Recipe)
BASELINE = "baseline"
BOTH = "both"
ALL = "all"


@dataclass(frozen=True, slots=True)
class Arm:
    """A training set to compare: train plus these samples; ``limit`` is what it was cut down to, if it was."""

    name: str
    samples: tuple[Example, ...]
    limit: Limit | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """One training run: an arm, a recipe and a seed, with the number of rows and the passes over them."""

    arm: Arm
    recipe: Recipe
    seed: int
    rows: int
    epochs: int


def choose_arms(
    samples: Iterable[Sample],
    names: Sequence[str] | None = None,
    *,
    equal: Equal | None = None,
    costs: Mapping[TeacherKind, Figure] | None = None,
    currency: str = "",
) -> list[Arm]:
    """The arms to compare with the baseline, in the order human, llm, example, both, all.

    An arm has the samples of all teachers of its kind, whatever their role; equal samples count once. ``both`` is
    human and llm; ``all`` has every kind. They exist only where they are not a second name for another arm.

    Args:
        samples: of all teachers.
        names: arms to compare; default: all there are.
        equal: cut the arms down to equal count or equal cost, as `engine.proof.equal.cut_down` does.
        costs: what the samples of each kind cost, and their currency; for equal cost.
        currency: of the costs.

    Raises:
        ProjectError: there are no samples, or none for an arm that was asked for; or costs are not known.
    """
    by_kind: dict[TeacherKind, list[Sample]] = {kind: [] for kind in TEACHER_KINDS}
    for sample in samples:
        by_kind[sample.teacher.kind].append(sample)
    given = {kind: _unique(rows) for kind, rows in by_kind.items() if rows}
    if not given:
        raise ProjectError("there are no samples to train with",
                           mend="write some with `blindspot open` or `blindspot sample`, or bring some with "
                           "`blindspot import-teaching`")  # fmt: skip
    possible: dict[str, tuple[TeacherKind, ...]] = {kind: (kind,) for kind in given}
    if given.keys() >= {"human", "llm"}:
        possible[BOTH] = ("human", "llm")
    if len(given) > 1 and possible.get(BOTH) != tuple(given):
        possible[ALL] = tuple(given)
    for name in names or ():
        if name not in possible:
            raise ProjectError(f"there is no teaching for arm `{name}`", mend=f"use one of {', '.join(possible)}")
    chosen = {name: kinds for name, kinds in possible.items() if names is None or name in names}
    if equal is None or not chosen:
        return [Arm(name, _examples(row for kind in kinds for row in given[kind])) for name, kinds in chosen.items()]
    limit, drawn = cut_down(given, chosen, equal, costs=costs or {}, currency=currency)
    return [Arm(name, _examples(rows), limit) for name, rows in drawn.items()]


def _unique(samples: Iterable[Sample]) -> list[Sample]:
    """Samples without repetitions, in an order that depends on their content alone."""
    found: dict[tuple[str, str], Sample] = {}
    for sample in sorted(samples, key=lambda one: (one.text, one.text_pair or "", one.id)):
        found.setdefault((row_hash(sample.text, sample.text_pair), sample.label), sample)
    return [found[key] for key in sorted(found)]


def _examples(samples: Iterable[Sample]) -> tuple[Example, ...]:
    """Samples as training rows, each once."""
    return tuple(Example(one.id, one.text, one.label, one.text_pair) for one in _unique(samples))


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
        untrained: tuple[Recipe, ...] = ("scratch",)  # the baseline itself, with its confidence corrected
        wanted = RECIPES if recipes is None else tuple(dict.fromkeys(recipes))
        for recipe in wanted if arm.samples else untrained:
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
