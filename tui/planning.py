"""What a retrain shall be made of, as it is ticked: arms, recipes, which samples, seeds; and what comes of it.

Knows nothing of the terminal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.errors import BlindspotError
from tui.duration import duration
from tui.widgets.run_rows import ARMS, EQUAL, RECIPES, REVIEWED, RunRow

if TYPE_CHECKING:
    from engine.proof.arms import Arm
    from engine.proof.equal import Equal
    from engine.schema import Sample
    from tui.workbench import Workbench

_EQUAL: tuple[Equal | None, ...] = (None, "count", "cost")  # what a tick goes through
_ABOUT_EQUAL = {
    None: "all samples of each arm; space: equal count, equal cost",
    "count": "count: each arm cut down to as many as the smallest",
    "cost": "cost: each arm cut down to what the cheapest cost",
}


class Planning:
    """The choices, and the plan that follows from them and the records of now.

    Attributes:
        rows: the lines to tick.
        refusal: why it cannot be started, as a sentence; None if it can.
        sentence: how many trainings it takes and how long; or the refusal.
    """

    def __init__(self) -> None:
        self._off: set[str] = set()
        self._equal: Equal | None = None
        self._reviewed = False
        self._arms: list[Arm] = []
        self.seeds: tuple[int, ...] = ()
        self.rows: list[RunRow] = []
        self.refusal: str | None = None
        self.sentence = ""

    def work_out(self, workbench: Workbench) -> None:
        """Take in what the records are now."""
        from engine.proof.arms import choose_arms

        self.seeds = self.seeds or workbench.project.settings.proof.seeds
        samples = self._samples(workbench)
        self._arms = choose_arms(samples) if samples else []
        chosen, self.refusal = [arm for arm in self._arms if arm.name not in self._off], self._why_not()
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
            self._off ^= {row.name}

    @property
    def options(self) -> dict[str, Any]:
        """What the job is asked to do."""
        return {
            "arms": [arm.name for arm in self._arms if arm.name not in self._off],
            "recipes": self._recipes,
            "seeds": list(self.seeds),
            "equal": self._equal,
            "reviewed": self._reviewed,
        }

    @property
    def place(self) -> dict[str, Any]:
        """The choices, to be restored."""
        return {"off": sorted(self._off), "seeds": list(self.seeds), "equal": self._equal, "reviewed": self._reviewed}

    def restore(self, place: dict[str, Any]) -> None:
        """Return to those choices."""
        self._off = {str(name) for name in place.get("off", ())}
        self.seeds = tuple(int(seed) for seed in place.get("seeds", ())) or self.seeds
        self._equal = next((known for known in _EQUAL if known == place.get("equal")), None)
        self._reviewed = bool(place.get("reviewed"))

    @property
    def _recipes(self) -> list[Any]:
        return [recipe for recipe in RECIPES if recipe not in self._off]

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
            from engine.ledger.book import costs_of_kinds

            costs = costs_of_kinds(project)
        currency = project.settings.cost.currency
        return choose_arms(samples, self.options["arms"], equal=self._equal, costs=costs, currency=currency)

    def _lines(self, sizes: dict[str, int]) -> list[RunRow]:
        rows = []
        for arm in self._arms:
            size = sizes[arm.name]
            about = f"{size:>5} {'sample ' if size == 1 else 'samples'}   {ARMS[arm.name]}"
            rows.append(RunRow("arm", arm.name, about, arm.name not in self._off))
        rows += [RunRow("recipe", name, about, name not in self._off) for name, about in RECIPES.items()]
        rows.append(
            RunRow("samples", REVIEWED, "without what reviewers reject, with their corrections", self._reviewed)
        )
        rows.append(RunRow("samples", EQUAL, _ABOUT_EQUAL[self._equal], self._equal is not None))
        rows.append(RunRow("seeds", "seeds", ", ".join(map(str, self.seeds))))
        return rows

    def _plan(self, workbench: Workbench, chosen: list[Arm]) -> str:
        from engine.proof.arms import estimate_seconds, plan_runs

        runs = plan_runs(workbench.project, chosen, seeds=self.seeds, recipes=self._recipes)
        seconds = estimate_seconds(workbench.project, runs)
        time = f"at most about {duration(seconds)}" if seconds else "time unknown before the first one"
        own = sum(run.arm.name == "baseline" for run in runs)
        return f"{len(runs)} trainings, {own} of them the baseline; {time}."

    def _why_not(self) -> str | None:
        if not self._arms and self._reviewed:
            return "Reviewers have rejected every sample: space on `reviewed` takes them all."
        if not self._arms:
            return "There are no samples to train with yet: d on a blind spot goes to the form."
        if all(arm.name in self._off for arm in self._arms):
            return "Choose an arm: space on its line."
        if not self._recipes:
            return "Choose a recipe: space on its line."
        return None
