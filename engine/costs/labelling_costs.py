"""What labels of rows cost: of people by the time on each label, of LLMs by the calls that asked for labels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from engine.costs.account import EXAMPLES, paid_for_seconds
from engine.figure import Figure, unknown
from engine.llm.call_costs import worth_of_calls
from engine.llm.call_log import Call
from engine.schema import TEACHER_KINDS, Record, RowLabel, TeacherKind
from engine.settings import CostSettings
from engine.teaching.records import Records

UNTIMED = "without labels that have no time on record, such as imported ones"
NO_TIME = "these labels have no time on record: they were imported"
NO_LABELS = "no labels"


@dataclass(frozen=True, slots=True)
class LabelCosts(Record):
    """What one labeller's labels took.

    Attributes:
        name: of the person or the LLM. kind: of labeller.
        labels: of pool and held-out rows as they stand, with those of which they are unsure and decisions of conflicts.
        seconds: that a person spent on them; None for others. Without the time on what was taken back or replaced.
        cost: of the labels; unknown where they were replayed or imported. per_label: for each that ``cost`` counts.
    """

    name: str
    kind: TeacherKind
    labels: int
    seconds: float | None
    cost: Figure
    per_label: Figure


def label_costs(records: Records, calls: Sequence[Call], prices: CostSettings) -> tuple[LabelCosts, ...]:
    """The costs of the labels of everybody who has labelled, people first.

    Args:
        records: of the project.
        calls: of LLMs, for labels.
        prices: wage and prices.
    """
    calls_of: dict[str, list[Call]] = defaultdict(list)
    for call in calls:
        calls_of[call.teacher].append(call)
    given: dict[tuple[str, TeacherKind], list[RowLabel]] = {(name, "llm"): [] for name in calls_of}
    for kind in ("label", "adjudication"):
        for _, one in records.by_author(kind):
            if isinstance(one, RowLabel):
                given.setdefault((one.teacher.name, one.teacher.kind), []).append(one)
    keys = sorted(given, key=lambda key: (TEACHER_KINDS.index(key[1]), key[0]))
    return tuple(_costs(*key, given[key], calls_of[key[0]], prices) for key in keys)


def _costs(
    name: str, kind: TeacherKind, labels: Sequence[RowLabel], calls: Sequence[Call], prices: CostSettings
) -> LabelCosts:
    if kind == "human":
        timed = [one.seconds for one in labels if one.seconds]
        cost = paid_for_seconds(sum(timed), prices) if timed else unknown(NO_TIME)
        if cost.value is not None and len(timed) < len(labels):
            cost = Figure(cost.value, UNTIMED)
        return LabelCosts(name, kind, len(labels), round(sum(timed), 1), cost, cost.over(len(timed), NO_TIME))
    cost = worth_of_calls(calls, prices) if kind == "llm" else unknown(EXAMPLES)
    return LabelCosts(name, kind, len(labels), None, cost, cost.over(len(labels), NO_LABELS))
