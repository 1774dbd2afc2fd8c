"""What a retrain shall be made of, as it is ticked: arms, recipes, which samples, seeds; and what comes of it.

Knows nothing of the terminal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from engine.errors import BlindspotError
from engine.proof.budget_matching import Equal
from engine.proof.recipes import AUTO, RECIPES, USUAL
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
    "llm": "written by a language model",
    "example": "bundled or imported examples",
    "both": "people and language models together",
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
_ABOUT_AUTO = "each arm's own, chosen inside the pool: 3 trainings more for each recipe and arm"
_EQUAL: tuple[Equal | None, ...] = (None, "count", "cost")  # what a tick goes through
_ABOUT_EQUAL = {
    None: "all samples of each arm; space: equal count, equal cost",
    "count": "count: each arm cut down to as many as the smallest",
    "cost": "cost: each arm cut down to what the cheapest cost",
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
        self._blind_spots = 0
        self.seeds: tuple[int, ...] = ()
        self.rows: list[RunRow] = []
        self.refusal: str | None = None
        self.sentence = ""

    def work_out(self, workbench: Workbench) -> None:
        """Take in what the records are now."""
        from engine.proof.arms import choose_arms

        self.seeds = self.seeds or workbench.project.settings.proof.seeds
        samples = self._samples(workbench)
        self._blind_spots = len(workbench.board.discovery.blind_spots) if workbench.board else 0
        self._arms = choose_arms(samples) if samples else []
        chosen, self.refusal = [arm for arm in self._arms if self._on(arm.name)], self._why_not()
        if self._equal is not None and self.refusal is None:
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
        return [recipe for recipe in (*RECIPES, AUTO) if self._on(recipe)]

    def _on(self, name: str) -> bool:
        """Whether a line is ticked: at first all arms and the usual recipes are."""
        at_first = name != CONTROLS and (name not in (*RECIPES, AUTO) or name in USUAL)
        return at_first != (name in self._changed)

    def _samples(self, workbench: Workbench) -> list[Sample]:
        samples = list(workbench.teaching.samples())
        if not self._reviewed:
            return samples
        from engine.review.outcome import reviewed_samples

        return reviewed_samples(workbench.project, workbench.teaching, samples)

    def _cut(self, workbench: Workbench, samples: list[Sample]) -> list[Arm]:
        """The ticked arms, cut down to each other."""
        from engine.proof.arms import choose_arms

        project, costs = workbench.project, None
        if self._equal == "cost":
            from engine.costs.cost_book import costs_of_kinds

            costs = costs_of_kinds(project)
        currency = project.settings.cost.currency
        return choose_arms(samples, self.arms, equal=self._equal, costs=costs, currency=currency)

    def _lines(self, sizes: dict[str, int]) -> list[RunRow]:
        rows = []
        for arm in self._arms:
            size = sizes[arm.name]
            about = f"{size:>5} {'sample ' if size == 1 else 'samples'}   {ARMS[arm.name]}"
            rows.append(RunRow("arm", arm.name, about, self._on(arm.name)))
        about = "beside them: UUs, anchors, pool, eda, temperature, pool+each"
        rows.append(RunRow("arm", CONTROLS, about, self._on(CONTROLS)))
        rows += [RunRow("recipe", name, recipe.says, self._on(name)) for name, recipe in RECIPES.items()]
        rows.append(RunRow("recipe", AUTO, _ABOUT_AUTO, self._on(AUTO)))
        rows.append(
            RunRow("samples", REVIEWED, "without what reviewers reject, with their corrections", self._reviewed)
        )
        rows.append(RunRow("samples", EQUAL, _ABOUT_EQUAL[self._equal], self._equal is not None))
        rows.append(RunRow("seeds", "seeds", ", ".join(map(str, self.seeds))))
        return rows

    def _plan(self, workbench: Workbench, chosen: list[Arm]) -> str:
        from engine.proof.arms import estimate_seconds, plan_runs
        from engine.proof.controls import planned_controls

        discovery = workbench.board.discovery if workbench.board else None
        if discovery and self._on(CONTROLS):
            chosen = [*chosen, *planned_controls(discovery, chosen)]
        kept = max(0, round(discovery.coverage * discovery.n_labelled) - len(discovery.uus)) if discovery else 0
        recipes = list(RECIPES) if AUTO in self._recipes else self._recipes
        runs = plan_runs(workbench.project, chosen, seeds=self.seeds, recipes=recipes, kept=kept)
        tries: list[Run] = []
        if AUTO in self._recipes:
            tries = [run for run in runs if run.arm.samples and run.seed == self.seeds[0]] * _FOLDS
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
            if run.recipe not in self._recipes and (place not in longest or run.work > longest[place].work):
                longest[place] = run
        others = longest.values()
        return [run for run in runs if run.recipe in self._recipes or run in others or not run.arm.samples]

    def _why_not(self) -> str | None:
        if not self._arms and self._reviewed:
            return "Reviewers have rejected every sample: space on `reviewed` takes them all."
        if not self._arms:
            return "There are no samples to train with yet: d on a blind spot goes to the form."
        if not any(self._on(arm.name) for arm in self._arms):
            return "Choose an arm: space on its line."
        if not self._recipes:
            return "Choose a recipe: space on its line."
        if AUTO in self._recipes and self._blind_spots < 2:
            return "`auto` chooses by two blind spots or more, and there are fewer: choose another recipe."
        return None
