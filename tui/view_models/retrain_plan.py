"""What a retrain shall be made of, as it is ticked: arms, recipes, which samples, seeds; and what comes of it.

Knows nothing of the terminal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from engine.counted import counted
from engine.errors import BlindspotError
from engine.model.text_classifier import trainable
from engine.proof.budget_matching import Equal
from engine.proof.label_arms import LABEL_ARMS, LLM_LABELS
from engine.proof.recipes import (
    ALL_ROWS,
    AUTO,
    RECIPES,
    UNLEARNED_ROWS,
    USUAL,
    label_recipes,
    possible_recipes,
    rows_to_try,
    usual_recipes,
)
from engine.proof.training_labels import ONE_PART_FROM, PARTS
from engine.schema import Record
from tui.reporting.durations import duration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.operations.job_records import RetrainOptions
    from engine.proof.arms import Arm, Run
    from engine.schema import Sample
    from tui.view_models.workbench import Workbench

PlanPart = Literal["arm", "recipe", "samples", "seeds"]

ARMS = {
    "human": "written by people",
    "llm": "written by an LLM",
    "example": "bundled or imported examples",
    "both": "people and LLMs together",
    "all": "everything together",
}
CONTROLS, REVIEWED, EQUAL = "controls", "reviewed", "equal"


@dataclass(frozen=True, slots=True)
class RunRow:
    """One line: an arm, a recipe or a way to choose samples that is on or off, or the seeds."""

    part: PlanPart
    name: str
    about: str
    on: bool = True


_FOLDS = 3  # as `auto` makes: it learns from two and is looked at on the third
_ABOUT_AUTO = "the best of these for each arm, tried on the pool"
_EQUAL: tuple[Equal | None, ...] = (None, "count", "cost")  # what a tick goes through
_ABOUT_EQUAL = {
    None: "all samples; space: equal count, then equal cost",
    "count": "count: each arm cut to as many as the smallest",
    "cost": "cost: each arm cut to what the cheapest cost",
}


@dataclass(frozen=True, slots=True)
class RetrainChoices(Record):
    """What was chosen, to be restored; ``changed``: lines whose tick is not what it is at first."""

    changed: tuple[str, ...] = ()
    seeds: tuple[int, ...] = ()
    equal: Equal | None = None
    reviewed: bool = False


class RetrainPlan:
    """The choices, and the plan that follows from them and the records of now.

    Attributes:
        rows: the lines to tick.
        refusal: why it cannot be started, as a sentence; None if it can.
        sentence: how many trainings it takes and how long; or the refusal.
    """

    def __init__(self) -> None:
        self._changed: set[str] = set()  # names whose tick is not what it is at first
        self._equal: Equal | None = None
        self._reviewed = False
        self._arms: list[Arm] = []
        self._labels: dict[str, Arm | str] = {}  # arms of labels by name, or why there is none
        self._labels_of: object = None  # the records that they were made of
        self._blind_spots = 0
        self._recipes_there: list[str] = list(RECIPES)  # those that make sense for the classifier
        self._usual: tuple[str, ...] = USUAL
        self._untrainable = ""  # why the classifier cannot be retrained
        self._of_labels: tuple[str, ...] = ()  # what `auto` chooses among for labels
        self.seeds: tuple[int, ...] = ()
        self.rows: list[RunRow] = []
        self.refusal: str | None = None
        self.sentence = ""

    def work_out(self, workbench: Workbench) -> None:
        """Take in what the records are now."""
        from engine.proof.arms import choose_arms

        self.seeds = self.seeds or workbench.project.settings.proof.seeds
        try:
            classifier, self._untrainable = trainable(workbench.project), ""
        except BlindspotError as error:
            self._untrainable = f"{error.what[0].upper()}{error.what[1:]}; {error.hint}."
        else:
            self._recipes_there, self._usual = possible_recipes(classifier), usual_recipes(classifier)
            self._of_labels = label_recipes(classifier)
        samples = self._samples(workbench)
        self._blind_spots = len(workbench.board.discovery.blind_spots) if workbench.board else 0
        self._arms = choose_arms(samples) if samples else []
        self._read_labels(workbench)
        chosen, self.refusal = [arm for arm in self._arms if self._on(arm.name)], self._why_not()
        if self._equal is not None and self.refusal is None and samples:
            try:
                chosen = self._cut(workbench, samples)
            except BlindspotError as error:
                self.refusal = str(error)
        self.rows = self._lines({arm.name: len(arm.samples) for arm in [*self._arms, *chosen]})
        self.sentence = self.refusal or self._plan(workbench, chosen)

    def tick(self, row: RunRow) -> None:
        """Tick a line or take its tick away."""
        if row.name == REVIEWED:
            self._reviewed = not self._reviewed
        elif row.name == EQUAL:
            self._equal = _EQUAL[(_EQUAL.index(self._equal) + 1) % len(_EQUAL)]
        else:
            self._changed ^= {row.name}

    @property
    def arms(self) -> tuple[str, ...]:
        """Names of the ticked arms."""
        return (*self.teaching, *(name for name in self._labels if self._on(name)))

    @property
    def teaching(self) -> tuple[str, ...]:
        """Those of them that teachers wrote, the one with the most teaching last."""
        return tuple(arm.name for arm in self._arms if self._on(arm.name))

    @property
    def options(self) -> RetrainOptions:
        """What the job is asked to do."""
        from engine.operations.job_records import RetrainOptions

        return RetrainOptions(
            arms=self.arms,
            recipes=tuple(self._recipes),
            controls=self._on(CONTROLS),
            seeds=self.seeds,
            equal=self._equal,
            reviewed=self._reviewed,
        )

    @property
    def chosen(self) -> RetrainChoices:
        """The choices, to be restored."""
        return RetrainChoices(tuple(sorted(self._changed)), self.seeds, self._equal, self._reviewed)

    def restore(self, chosen: RetrainChoices) -> None:
        """Return to those choices."""
        self._changed = set(chosen.changed)
        self.seeds = chosen.seeds or self.seeds
        self._equal = chosen.equal
        self._reviewed = chosen.reviewed

    @property
    def _recipes(self) -> list[str]:
        return [recipe for recipe in (*self._recipes_there, AUTO) if self._on(recipe)]

    def _on(self, name: str) -> bool:
        """Whether a line is ticked: at first all teaching is, without any the labels, and the usual recipes are."""
        at_first = name != CONTROLS and (name not in (*RECIPES, AUTO) or name in self._usual)
        if name in LABEL_ARMS:
            at_first = not self._arms and name == next(iter(self._labels), None)
        return at_first != (name in self._changed)

    def _samples(self, workbench: Workbench) -> list[Sample]:
        samples = list(workbench.teaching.samples())
        if not self._reviewed:
            return samples
        from engine.review.outcome import reviewed_samples

        return reviewed_samples(workbench.project, workbench.teaching, samples)

    def _read_labels(self, workbench: Workbench) -> None:
        """The arms of labels where anybody has labelled a pool row; the pool is read when records have changed."""
        from engine.proof.label_arms import TrainableLabels, label_arms
        from engine.teaching.labels import Labels

        records = workbench.teaching
        made_of = (workbench.project.root, records.version)
        if self._labels_of == made_of:
            return
        given = Labels(records)
        self._labels_of, self._labels = made_of, {}
        trainable = TrainableLabels(workbench.project, given, records.doubtful_rows())
        known = {name: bool(given.llms if name == LLM_LABELS else given.people) for name in LABEL_ARMS}
        for name in (name for name in LABEL_ARMS if known[name]):
            try:
                self._labels[name] = label_arms(trainable, [name], [])[0]
            except BlindspotError as error:
                self._labels[name] = str(error)

    def _cut(self, workbench: Workbench, samples: list[Sample]) -> list[Arm]:
        """The ticked arms, cut down to each other."""
        from engine.proof.arms import choose_arms

        project, costs = workbench.project, None
        if self._equal == "cost":
            from engine.costs.cost_book import costs_of_kinds

            costs = costs_of_kinds(project)
        currency = project.settings.cost.currency
        return choose_arms(samples, self.teaching, equal=self._equal, costs=costs, currency=currency)

    def _lines(self, sizes: dict[str, int]) -> list[RunRow]:
        rows = []
        for arm in self._arms:
            about = f"{counted(sizes[arm.name], 'sample'):<12}  {ARMS[arm.name]}"
            rows.append(RunRow("arm", arm.name, about, self._on(arm.name)))
        for name, labelled in self._labels.items():
            if not isinstance(labelled, str):
                labelled = f"{counted(len(labelled.labels), 'label'):<12}  {LABEL_ARMS[name]}"
            rows.append(RunRow("arm", name, labelled, self._on(name)))
        about = "UUs, anchors, pool, eda, temperature, pool+each"
        rows.append(RunRow("arm", CONTROLS, about, self._on(CONTROLS)))
        rows += [RunRow("recipe", name, RECIPES[name].summary, self._on(name)) for name in self._recipes_there]
        rows.append(RunRow("recipe", AUTO, _ABOUT_AUTO, self._on(AUTO)))
        rows.append(RunRow("samples", REVIEWED, "rejected samples left out, corrections taken", self._reviewed))
        rows.append(RunRow("samples", EQUAL, _ABOUT_EQUAL[self._equal], self._equal is not None))
        rows.append(RunRow("seeds", "seeds", ", ".join(map(str, self.seeds))))
        return rows

    def _plan(self, workbench: Workbench, chosen: list[Arm]) -> str:
        from engine.proof.arms import estimate_seconds, plan_runs
        from engine.proof.controls import planned_controls

        discovery = workbench.board.discovery if workbench.board else None
        controls = planned_controls(discovery, chosen) if discovery and self._on(CONTROLS) else []
        of_labels = [arm for name, arm in self._labels.items() if self._on(name) and not isinstance(arm, str)]
        chosen = [*chosen, *of_labels, *controls]
        kept = max(0, round(discovery.coverage * discovery.n_labelled) - len(discovery.uus)) if discovery else 0
        recipes = self._recipes_there if AUTO in self._recipes else self._recipes
        runs = plan_runs(workbench.project, chosen, seeds=self.seeds, recipes=recipes, kept=kept)
        tries: list[Run] = []
        if AUTO in self._recipes:
            first = [run for run in runs if run.arm.samples and run.seed == self.seeds[0]]
            tries = [run for run in first for _ in range(self._tries(run))]
            runs = self._at_most(runs)
        seconds = estimate_seconds(workbench.project, [*runs, *tries])
        time = f"at most about {duration(seconds)}" if seconds else "time unknown before the first one"
        own = sum(run.arm.name == "baseline" for run in runs)
        if tries:
            return f"at most {len(runs)} trainings, {own} of them the baseline, and {len(tries)} to choose by; {time}."
        return f"{len(runs)} trainings, {own} of them the baseline; {time}."

    def _at_most(self, runs: Sequence[Run]) -> list[Run]:
        """Of runs with every recipe those that `auto` may leave: the ticked ones, and the longest other of each arm."""
        longest: dict[tuple[str, int], Run] = {}
        for run in runs:
            place = run.arm.name, run.seed
            if run.arm.labels and run.recipe not in self._of_labels:
                continue
            if run.recipe not in self._recipes and (place not in longest or run.work > longest[place].work):
                longest[place] = run
        others = longest.values()
        return [run for run in runs if run.recipe in self._recipes or run in others or not run.arm.samples]

    def _why_not(self) -> str | None:
        if self._untrainable:
            return self._untrainable
        if not self._arms and not self._labels and self._reviewed:
            return "Reviewers have rejected every sample: space on `reviewed` takes them all."
        if not self._arms and not self._labels:
            return "There are no samples to train with yet: d on a blind spot goes to the form. # labels rows."
        if not self.arms:
            return "Choose an arm: space on its line."
        refused = [why for name, why in self._labels.items() if self._on(name) and isinstance(why, str)]
        if refused:
            return refused[0]
        if not self._recipes:
            return "Choose a recipe: space on its line."
        if AUTO in self._recipes and self._blind_spots < 2 and (self.teaching or self._on(CONTROLS)):
            return "`auto` chooses by two blind spots or more, and there are fewer: choose another recipe."
        return None

    def _tries(self, run: Run) -> int:
        """How often `auto` trains a recipe to choose: for each part that is held out, and for each choice of rows."""
        if not run.arm.labels:
            return _FOLDS
        recipe = RECIPES[run.recipe]
        if run.recipe not in self._of_labels or (recipe.average < 1 and recipe.passes == 1):  # part of `continue`'s way
            return 0
        kinds = rows_to_try(run.recipe, (ALL_ROWS, UNLEARNED_ROWS) if run.arm.name == LLM_LABELS else (ALL_ROWS,))
        return (PARTS if len(run.arm.labels) <= ONE_PART_FROM else 1) * len(kinds)
