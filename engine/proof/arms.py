"""The arms of a proof: one training set for each kind of teaching, and the runs trained on it.

Light, so that the app can show what a proof would take. Train rows are never changed, only added to; equal teaching
gives equal rows in equal order, so that finished runs are found again by their content.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from math import ceil
from statistics import median

from engine.errors import FileError, ProjectError
from engine.figure import Figure
from engine.files import find_files, read_record
from engine.model.text_classifier import classifier_of
from engine.project import Project
from engine.proof.budget_matching import BudgetLimit, Equal, cut_down
from engine.proof.recipes import AUTO, RECIPES, Recipe, possible_recipes, usual_recipes, why_not
from engine.proof.training_labels import LabelSources, TrainingLabel, sources_of
from engine.schema import TEACHER_KINDS, Example, Record, Sample, TeacherKind
from engine.settings import MOST_SEED
from engine.text import row_hash

BASELINE = "baseline"
BOTH = "both"
ALL = "all"


@dataclass(frozen=True, slots=True)
class Arm:
    """A training set to compare: train plus these samples; ``limit`` is what it was cut down to, if it was.

    ``labels``: those of real rows among the samples, for arms made of them (`engine.proof.label_arms`); ``labeller``:
    the LLM that gave some of them. ``apart``: samples that another training has alone, with which that of all samples
    is merged (`engine.proof.recipes.MERGED_ROWS`).
    """

    name: str
    samples: tuple[Example, ...]
    limit: BudgetLimit | None = None
    labels: tuple[TrainingLabel, ...] = ()
    labeller: str = ""
    apart: tuple[Example, ...] = ()

    @property
    def sources(self) -> LabelSources | None:
        """Who gave the labels of real rows; None for an arm without such rows."""
        return sources_of(self.labels, self.labeller) if self.labels else None


@dataclass(frozen=True, slots=True)
class Run:
    """One training run: an arm, a recipe and a seed.

    ``rows``: of a pass, those that are kept as they are left out. ``steps``: in all, equal for all arms of a recipe; 0:
    as many as a program takes. ``work``: rows over all steps, without those of a training apart; of a program its rows.
    """

    arm: Arm
    recipe: str
    seed: int
    rows: int
    steps: int
    work: int

    @property
    def name(self) -> str:
        """What it is called in messages."""
        return f"{self.arm.name} {self.recipe} seed {self.seed}"

    @property
    def merges(self) -> bool:
        """Whether it is merged with a training of the samples apart: only the recipe that `auto` tries so is."""
        return bool(self.arm.apart) and RECIPES[self.recipe].passes > 1


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
        equal: cut the arms down to equal count or equal cost, as `engine.proof.budget_matching.cut_down` does.
        costs: what the samples of each kind cost, and their currency; for equal cost.
        currency: of the costs.

    Raises:
        ProjectError: there are no samples, or none for an arm that was asked for; or costs are not known.
    """
    given = _by_kind(samples)
    if not given:
        raise ProjectError(
            "there are no samples to train with",
            hint="write some with `blindspot open` or `blindspot sample`, bring some with `blindspot import-teaching`, "
            "or label rows with `blindspot label`",
        )
    possible = _possible(tuple(given))
    for name in names or ():
        if name not in possible:
            raise ProjectError(f"there is no teaching for arm `{name}`", hint=f"use one of {', '.join(possible)}")
    chosen = {name: kinds for name, kinds in possible.items() if names is None or name in names}
    if equal is None or not chosen:
        return [Arm(name, _examples(row for kind in kinds for row in given[kind])) for name, kinds in chosen.items()]
    limit, drawn = cut_down(given, chosen, equal, costs=costs or {}, currency=currency)
    return [Arm(name, _examples(rows), limit) for name, rows in drawn.items()]


def teaching_arms(samples: Iterable[Sample]) -> tuple[str, ...]:
    """The names of the arms that there are of these samples."""
    return tuple(_possible(tuple(_by_kind(samples))))


def _by_kind(samples: Iterable[Sample]) -> dict[TeacherKind, list[Sample]]:
    by_kind: dict[TeacherKind, list[Sample]] = {kind: [] for kind in TEACHER_KINDS}
    for sample in samples:
        by_kind[sample.teacher.kind].append(sample)
    return {kind: _unique(rows) for kind, rows in by_kind.items() if rows}


def _possible(given: Sequence[TeacherKind]) -> dict[str, tuple[TeacherKind, ...]]:
    """The kinds of each arm; `both` and `all` only where they are no second name for another."""
    possible: dict[str, tuple[TeacherKind, ...]] = {kind: (kind,) for kind in given}
    if {"human", "llm"} <= set(given):
        possible[BOTH] = ("human", "llm")
    if len(given) > 1 and possible.get(BOTH) != tuple(given):
        possible[ALL] = tuple(given)
    return possible


def kinds_of(arm: str) -> tuple[TeacherKind, ...]:
    """The kinds of teachers whose samples an arm is trained on, by its name; none for a control without teaching."""
    name = arm.rpartition("+")[2]  # pool+llm has what llm has
    if name in (ALL, BOTH):
        return TEACHER_KINDS if name == ALL else ("human", "llm")
    return tuple(kind for kind in TEACHER_KINDS if kind == name)


def _unique(samples: Iterable[Sample]) -> list[Sample]:
    """Samples without repetitions, in an order that depends on their content alone."""
    found: dict[tuple[str, str], Sample] = {}
    for sample in sorted(samples, key=lambda one: (one.text, one.text_pair or "", one.id)):
        found.setdefault((row_hash(sample.text, sample.text_pair), sample.label), sample)
    return [found[key] for key in sorted(found)]


def _examples(samples: Iterable[Sample]) -> tuple[Example, ...]:
    """Samples as training rows, each once."""
    return tuple(Example.of(one) for one in _unique(samples))


def plan_runs(
    project: Project,
    arms: Sequence[Arm],
    *,
    seeds: Sequence[int] | None = None,
    recipes: Sequence[str] | None = None,
    kept: int = 0,
) -> list[Run]:
    """All runs of a proof: the baseline with every seed, then each arm with every recipe and seed.

    A recipe that starts from the base takes as many steps as the baseline, or as one pass of its largest arm where that
    is more; one that goes on from the current model as many as its largest arm asks for, and smaller arms are filled up
    with more of train.

    Args:
        project: gives the settings, and the size of train.
        arms: to compare.
        seeds: default: those of the settings.
        recipes: default: the usual ones.
        kept: how many pool rows there are to be kept as they are.

    Raises:
        ProjectError: a recipe does not exist or makes no sense for the classifier, a seed is out of range, or there are
            none.
    """
    classifier = classifier_of(project)
    seeds = list(dict.fromkeys(project.settings.proof.seeds if seeds is None else seeds))
    if not seeds:
        raise ProjectError(
            "a proof needs at least one seed", hint="name seeds with --seeds, or set proof.seeds in blindspot.toml"
        )
    for seed in seeds:
        if not 0 <= seed <= MOST_SEED:
            raise ProjectError(f"{seed} is no seed", hint=f"seeds are whole numbers from 0 to {MOST_SEED}")
    wanted = list(dict.fromkeys(usual_recipes(classifier) if recipes is None else recipes))
    for name in wanted:
        problem = f"there is no recipe `{name}`" if name not in RECIPES else why_not(name, classifier)
        if problem:
            raise ProjectError(problem, hint=f"use one of {', '.join(possible_recipes(classifier))}, {AUTO}")
    n_train, training = project.manifest.splits["train"].rows, project.settings.training
    steps = training.epochs * ceil(n_train / training.batch_size)
    runs = [Run(Arm(BASELINE, ()), "scratch", seed, n_train, steps, steps * training.batch_size) for seed in seeds]
    largest = max((len(arm.samples) for arm in arms), default=0)
    for arm in arms:
        for name in wanted if arm.samples else ("scratch",):  # without samples: the baseline, its confidence corrected
            recipe = RECIPES[name]
            rows = n_train + recipe.weight * len(arm.samples)
            own = max(steps, ceil((n_train + recipe.weight * largest) / training.batch_size)) if arm.samples else steps
            if recipe.start == "current":
                full = _full(n_train, largest, recipe, training.replay)
                rows = min(full, n_train + recipe.weight * len(arm.samples))
                a_pass = ceil((full + (kept if recipe.keep else 0)) / training.batch_size)
                own = recipe.passes * training.continue_epochs * a_pass
            runs += [Run(arm, name, seed, rows, own, own * training.batch_size) for seed in seeds]
    return runs if classifier.has_weights else [replace(run, steps=0, work=run.rows) for run in runs]


def run_apart(project: Project, run: Run) -> Run | None:
    """The training apart that a run is merged with: `continue` on these samples; None: it is merged with none."""
    if not run.merges:
        return None
    alone = Arm(run.arm.name, run.arm.apart)
    return plan_runs(project, [alone], seeds=[run.seed], recipes=["continue"])[-1]


def _full(n_train: int, samples: int, recipe: Recipe, replay: float) -> int:
    """Rows in a pass of the largest arm of a recipe that replays train rows."""
    return recipe.weight * samples + min(n_train, round(replay * samples))


def training_rows(run: Run, train: Sequence[Example]) -> list[Example]:
    """The rows a run is trained on: all of train, or a seeded draw of it, and the arm's samples."""
    recipe = RECIPES[run.recipe]
    samples = list(run.arm.samples) * recipe.weight
    if recipe.start == "base":
        return [*train, *samples]
    count = min(len(train), run.rows - len(samples))
    drawn = sorted(random.Random(f"replay/{run.seed}").sample(range(len(train)), count))
    return [*(train[row] for row in drawn), *samples]


@dataclass(frozen=True, slots=True)
class _Speed(Record):
    """What of a training.json tells how fast this machine trains."""

    rows_per_second: float


def estimate_seconds(project: Project, runs: Sequence[Run]) -> float | None:
    """Seconds that the runs would take at the speed of earlier trainings; None before the first one.

    An upper bound: runs that are finished already cost nothing. Scoring is left out, it takes a few percent.
    """
    return seconds_of(project, sum(run.work for run in runs))


def seconds_of(project: Project, work: int) -> float | None:
    """The same of work in row-passes."""
    speeds = []
    for path in find_files(project.models_dir, "*/training.json"):
        with suppress(FileError, FileNotFoundError):  # a model that is damaged tells no speed
            speeds.append(read_record(path, _Speed.from_json).rows_per_second)
    speeds = [speed for speed in speeds if speed > 0]
    return work / median(speeds) if speeds else None
