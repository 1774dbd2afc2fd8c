"""The account of one teacher: what they made, what it took, and what that costs for each blind spot and pattern.

Teaching is reading evidence, writing, and the LLM's calls for patterns and samples. Reviewing and testing patterns is
paid too, but is no part of what the teaching costs; it stands apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from engine.costs.active_time import TASKS, ActiveSpell, Task
from engine.figure import Figure, total, unknown
from engine.llm.call_costs import CallTotals, call_totals, paid_for_calls, worth_of_calls
from engine.llm.call_log import Call
from engine.review.outcome import Reviewed
from engine.schema import Pattern, PatternKind, Record, Sample, Teacher, TeacherKind
from engine.settings import CostSettings

EXAMPLES = "examples: nobody was paid for them here"
UNTIMED = "without work for which no active time is on record: written outside the app, or imported"
NO_REVIEW = "none of its samples has been reviewed"
NONE_ACCEPTED = "no sample was accepted"


@dataclass(frozen=True, slots=True)
class SpotCost(Record):
    """What one teacher did and cost at one blind spot. seconds: active ones of a person, None for others."""

    blind_spot: str
    patterns: int
    samples: int
    calls: int
    seconds: float | None
    cost: Figure


@dataclass(frozen=True, slots=True)
class PatternCost(Record):
    """What one pattern cost with its samples: its own calls, and an equal part of what its blind spot took beside."""

    pattern: str
    blind_spot: str
    kind: PatternKind
    samples: int
    cost: Figure


@dataclass(frozen=True, slots=True)
class Account(Record):
    """What one teacher made and took.

    Attributes:
        recorded: whether answers were replayed.
        reviewed: samples that reviewers have judged, a draw as a rule. accepted: those of them that they accept; both
            None without a review.
        calls: of an LLM, those that judged included; None for others. seconds: of a person, by task; None for others.
        paid: what was paid here. cost: what the teaching costs, to be compared; unknown where it was replayed.
        checking: what reviewing and testing patterns cost, apart from both.
        per_pattern, per_sample: parts of ``cost``.
        per_accepted: what the reviewed samples cost (as much each as any other) for each of them that was accepted.
    """

    name: str
    kind: TeacherKind
    recorded: bool
    patterns: int
    samples: int
    reviewed: int | None
    accepted: int | None
    calls: CallTotals | None
    seconds: dict[Task, float] | None
    paid: Figure
    cost: Figure
    checking: Figure | None
    per_pattern: Figure
    per_sample: Figure
    per_accepted: Figure
    by_spot: tuple[SpotCost, ...]
    by_pattern: tuple[PatternCost, ...]

    @property
    def cost_of_reviewed(self) -> Figure:
        """What the reviewed samples cost; those that were deleted since count as much as is left."""
        return self.cost.times(min(1.0, (self.reviewed or 0) / self.samples) if self.samples else 1.0)


@dataclass(frozen=True, slots=True)
class TeacherRecord:
    """All that is on record of one teacher."""

    name: str
    kind: TeacherKind
    patterns: Sequence[Pattern]
    samples: Sequence[Sample]
    calls: Sequence[Call]
    spells: Sequence[ActiveSpell]
    reviewed: Reviewed | None

    @property
    def teachers(self) -> set[Teacher]:
        """The teacher as it stands in what it made, recorded or not."""
        return {pattern.teacher for pattern in self.patterns} | {sample.teacher for sample in self.samples}

    @property
    def taught(self) -> list[Call]:
        """The calls for patterns and samples."""
        return [call for call in self.calls if call.step != "judge"]

    @property
    def at_work(self) -> list[ActiveSpell]:
        """The stretches of reading and writing."""
        return [spell for spell in self.spells if spell.task != "review"]


NO_WAGE = "no wage: set cost.wage in blindspot.toml"
NO_TIME = "no active time on record: written outside the app, or imported"


def paid_for_time(spells: Iterable[ActiveSpell], cost: CostSettings) -> Figure:
    """What a person's active time costs; unknown without a wage, or where no time is on record."""
    return paid_for_seconds(sum(spell.seconds for spell in spells), cost)


def paid_for_seconds(seconds: float, cost: CostSettings) -> Figure:
    """What so much of a person's time costs; unknown without a wage, or without time."""
    if not seconds:
        return unknown(NO_TIME)
    return Figure(seconds / 3600 * cost.wage) if cost.wage else unknown(NO_WAGE)


def account(work: TeacherRecord, prices: CostSettings) -> Account:
    """Draw up the account of one teacher."""
    is_llm, is_person = work.kind == "llm", work.kind == "human"
    cost = _whole_cost(work, prices)
    made = Account(
        name=work.name,
        kind=work.kind,
        recorded=any(teacher.recorded for teacher in work.teachers),
        patterns=len(work.patterns),
        samples=len(work.samples),
        reviewed=work.reviewed.judged if work.reviewed else None,
        accepted=work.reviewed.accepted if work.reviewed else None,
        calls=call_totals(work.calls) if is_llm and work.calls else None,
        seconds=_by_task(work.spells) if is_person and work.spells else None,
        paid=paid_for_calls(work.taught, prices) if is_llm and work.calls else cost,
        cost=cost,
        checking=_checking(work, prices),
        per_pattern=cost.over(len(work.patterns), "no patterns"),
        per_sample=cost.over(len(work.samples), "no samples"),
        per_accepted=unknown(NO_REVIEW),
        by_spot=_by_spot(work, prices),
        by_pattern=_by_pattern(work, prices),
    )
    return (
        replace(made, per_accepted=made.cost_of_reviewed.over(made.accepted, NONE_ACCEPTED)) if work.reviewed else made
    )


def _cost(
    work: TeacherRecord, prices: CostSettings, where: Callable[[Call | ActiveSpell], bool] = lambda one: True
) -> Figure:
    """What the teaching costs, or the part of it that ``where`` names."""
    if work.kind == "llm":
        return worth_of_calls([call for call in work.taught if where(call)], prices)
    if work.kind == "human":
        return paid_for_time([spell for spell in work.at_work if where(spell)], prices)
    return unknown(EXAMPLES)


def _whole_cost(work: TeacherRecord, prices: CostSettings) -> Figure:
    """What the teaching costs; says so if for some of it no time is on record."""
    cost = _cost(work, prices)
    timed = {spell.blind_spot for spell in work.at_work}
    untimed = {one.blind_spot for one in work.patterns} | {one.blind_spot for one in work.samples}
    if work.kind == "human" and cost.value is not None and not untimed <= timed:
        return Figure(cost.value, UNTIMED)
    return cost


def _checking(work: TeacherRecord, prices: CostSettings) -> Figure | None:
    judged = [call for call in work.calls if call.step == "judge"]
    reviewed = [spell for spell in work.spells if spell.task == "review"]
    if not judged and not reviewed:
        return None
    return paid_for_calls(judged, prices) if judged else paid_for_time(reviewed, prices)


def _by_task(spells: Sequence[ActiveSpell]) -> dict[Task, float]:
    return {task: round(sum(spell.seconds for spell in spells if spell.task == task), 1) for task in TASKS}


def _by_spot(work: TeacherRecord, prices: CostSettings) -> tuple[SpotCost, ...]:
    ids = {pattern.blind_spot for pattern in work.patterns} | {sample.blind_spot for sample in work.samples}
    ids |= {call.blind_spot for call in work.taught} | {spell.blind_spot for spell in work.at_work}
    found = []
    for spot in sorted(ids, key=_in_order):
        seconds = sum(spell.seconds for spell in work.at_work if spell.blind_spot == spot)
        found.append(
            SpotCost(
                blind_spot=spot,
                patterns=sum(pattern.blind_spot == spot for pattern in work.patterns),
                samples=sum(sample.blind_spot == spot for sample in work.samples),
                calls=sum(call.blind_spot == spot for call in work.taught),
                seconds=round(seconds, 1) if work.kind == "human" else None,
                cost=_cost(work, prices, lambda one, spot=spot: one.blind_spot == spot),  # type: ignore[misc]
            )
        )
    return tuple(found)


def _by_pattern(work: TeacherRecord, prices: CostSettings) -> tuple[PatternCost, ...]:
    found = []
    for pattern in work.patterns:
        beside = [other for other in work.patterns if other.blind_spot == pattern.blind_spot]
        found.append(
            PatternCost(
                pattern=pattern.id,
                blind_spot=pattern.blind_spot,
                kind=pattern.kind,
                samples=sum(sample.pattern == pattern.id for sample in work.samples),
                cost=_cost_of_pattern(work, prices, pattern, beside),
            )
        )
    return tuple(found)


def _cost_of_pattern(work: TeacherRecord, prices: CostSettings, pattern: Pattern, beside: Sequence[Pattern]) -> Figure:
    """Its part of what its blind spot cost; the parts of all patterns there add up to that."""
    whole = _cost(work, prices, lambda one: one.blind_spot == pattern.blind_spot)
    if work.kind != "llm" or whole.value is None:
        return whole.times(1 / len(beside))
    shares = []
    for call in work.taught:
        served = _served(call, beside)
        if call.blind_spot == pattern.blind_spot and pattern in served:
            shares.append(paid_for_calls([call], prices).times(1 / len(served)))
    return total(shares)


def _served(call: Call, beside: Sequence[Pattern]) -> Sequence[Pattern]:
    """The patterns of a blind spot that a call was for: the one it names, else those of its step, else all."""
    named = [pattern for pattern in beside if pattern.id == call.pattern]
    return named or [pattern for pattern in beside if pattern.kind == call.step] or beside


def _in_order(spot: str) -> tuple[int, str]:
    """``B2`` before ``B10``."""
    return len(spot), spot
