"""How a hunt goes: labels given, UUs found, of which kind and why chosen, and whether it still pays. Light."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from engine.counted import counted
from engine.hunt.hunt_files import Hunt
from engine.project import Project
from engine.schema import Record
from engine.teaching.labels import Labels
from engine.teaching.records import Records
from engine.wilson import wilson_bounds

LAST = 50
"""Labels whose yield says whether a hunt still pays."""
_COVERAGE = 0.95


@dataclass(frozen=True, slots=True)
class Yield(Record):
    """UUs among labels."""

    labels: int
    uus: int

    @property
    def rate(self) -> float | None:
        """UUs per label, 0..1; None without labels."""
        return self.uus / self.labels if self.labels else None


@dataclass(frozen=True, slots=True)
class CellYield(Record):
    """UUs of one confusion cell."""

    predicted: str
    label: str
    uus: int


@dataclass(frozen=True, slots=True)
class ReasonYield(Record):
    """Labels and UUs of the rows that were chosen for one reason."""

    reason: str
    labels: int
    uus: int


@dataclass(frozen=True, slots=True)
class HuntStatus(Record):
    """A hunt as it stands.

    Attributes:
        queue: its name. budget: rows that people may be asked for. chosen: rows chosen so far.
        answered: chosen rows that somebody has answered, each once; the labels used of the budget.
        found: labels that people agree on, and UUs among them; ``last``: of the last 50.
        at_random: of rows drawn at random from those that the model is confident on, here and in random queues.
        random_rate: 95 % interval (Wilson) of UUs per label at random; None without such a label.
        cells: UUs by confusion cell, most first. reasons: by why rows were chosen.
        pays: whether the last 50 labels found more UUs than as many at random may; None: that cannot be said yet.
    """

    queue: str
    budget: int
    chosen: int
    answered: int
    found: Yield
    last: Yield
    at_random: Yield
    random_rate: tuple[float, float] | None
    cells: tuple[CellYield, ...]
    reasons: tuple[ReasonYield, ...]
    pays: bool | None

    @property
    def sentence(self) -> str:
        """Whether to go on, in a sentence or two."""
        left, waiting = self.budget - self.answered, self.chosen - self.answered
        if left <= 0:
            done = f"The budget of {self.budget} labels is used up."
        else:
            rows = f", and {counted(waiting, 'row')} for them {'is' if waiting == 1 else 'are'} chosen already"
            done = f"{counted(left, 'label')} of the budget {'is' if left == 1 else 'are'} left{rows * bool(waiting)}."
        if self.random_rate is None or self.last.rate is None:
            return f"{done} Nothing drawn at random has a label yet, so nobody can say what hunting is worth."
        low, high = self.random_rate
        compared = (
            f"the last {self.last.labels} labels found {self.last.uus} UUs ({self.last.rate:.0%}); "
            f"at random it would be {low:.0%} to {high:.0%} (95 %, {self.at_random.labels} labels)"
        )
        if self.pays is None:
            return f"{done} Whether hunting pays is judged from {LAST} labels on: {compared}."
        if self.pays:
            return f"{done} Hunting pays: {compared}."
        return f"{done} Hunting does not clearly pay any more, stop here or label at random: {compared}."


def status_of(project: Project, hunt: Hunt) -> HuntStatus:
    """How a hunt stands.

    Raises:
        StoreError: a file of records may not be read, or a queue is damaged.
    """
    labels = Labels(Records(project.teaching_dir))
    settled, answered = labels.settled(), labels.people
    predicted = dict(zip(hunt.rows.ids, hunt.rows.predicted, strict=True))
    choices = [choice for choice in hunt.file.choices if choice.row in answered]
    labelled = [choice for choice in choices if choice.row in settled and choice.row in predicted]
    is_uu = {choice.row: settled[choice.row] != predicted[choice.row] for choice in labelled}
    cells = Counter((predicted[row], settled[row]) for row, wrong in is_uu.items() if wrong)
    reasons = Counter(choice.reason for choice in labelled)
    found_by = Counter(choice.reason for choice in labelled if is_uu[choice.row])
    last = list(is_uu)[-LAST:]  # as the rows were chosen, which is nearly as they were labelled
    # Those that the hunt drew count whoever brings the label: leaving out what another queue had asked for, a suspected
    # row mostly, would make the rest look better than it is.
    drawn = {choice.row for choice in hunt.file.choices if choice.chance is not None}
    # A row of a random queue that was labelled because a hunt chose it first tells nothing of the rest.
    drawn |= {row for row, said in labels.people.items() if all(one.given.queue == "random" for one in said)}
    at_random = [settled[row] != predicted[row] for row in sorted(drawn & settled.keys() & predicted.keys())]
    rate = wilson_bounds(sum(at_random), len(at_random), _COVERAGE) if at_random else None
    enough = len(last) >= LAST and rate is not None
    return HuntStatus(
        queue=hunt.file.spec.name,
        budget=hunt.file.spec.budget,
        chosen=len(hunt.file.choices),
        answered=len(choices),
        found=Yield(len(labelled), sum(is_uu.values())),
        last=Yield(len(last), sum(is_uu[row] for row in last)),
        at_random=Yield(len(at_random), sum(at_random)),
        random_rate=rate,
        cells=tuple(CellYield(*cell, uus) for cell, uus in cells.most_common()),
        reasons=tuple(ReasonYield(reason, count, found_by[reason]) for reason, count in reasons.most_common()),
        pays=sum(is_uu[row] for row in last) / len(last) >= rate[1] if enough and rate else None,
    )
