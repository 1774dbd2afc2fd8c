"""Subsampling arms to equal numbers of samples or to equal cost.

What is left is a seeded draw in which every blind spot and every role keeps its share. An arm of several kinds takes
an equal part from each.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Literal

from engine.errors import ProjectError
from engine.figure import Figure, total
from engine.schema import Record, Sample, TeacherKind

Equal = Literal["count", "cost"]
_SEED = 13


@dataclass(frozen=True, slots=True)
class BudgetLimit(Record):
    """What every arm was cut down to: ``value`` samples, or samples worth ``value`` (in ``currency``).

    ``why``: what the costs leave out, if anything.
    """

    by: Equal
    value: float
    currency: str = ""
    why: str = ""

    @property
    def sentence(self) -> str:
        """One sentence for the heading of a report."""
        if self.by == "count":
            return f"Equal count: every arm was cut down to {self.value:g} samples, by a draw."
        left_out = f" ({self.why})" if self.why else ""
        worth = f"{self.value:.4g} {self.currency}".rstrip()
        return f"Equal cost: every arm was cut down to what {worth} paid for{left_out}, by a draw."


def cut_down(
    given: Mapping[TeacherKind, Sequence[Sample]],
    arms: Mapping[str, Sequence[TeacherKind]],
    by: Equal,
    *,
    costs: Mapping[TeacherKind, Figure],
    currency: str = "",
) -> tuple[BudgetLimit, dict[str, list[Sample]]]:
    """Cut arms down to the smallest of them.

    Args:
        given: the samples of each kind, none of them twice.
        arms: the kinds of each arm to compare.
        by: what shall be equal.
        costs: what all samples of a kind cost, for ``cost``; each sample is taken to have cost the same.
        currency: of the costs.

    Returns:
        What they were cut down to, and the samples of each arm.

    Raises:
        ProjectError: a cost is unknown or nothing, or pays for no sample of an arm.
    """
    kinds = list(dict.fromkeys(chain.from_iterable(arms.values())))
    if by == "count":
        least = min(len(of) * min(len(given[kind]) for kind in of) for of in arms.values())
        drawn = {arm: _parts(given, of, equal_parts(least, len(of))) for arm, of in arms.items()}
        return BudgetLimit(by, least), drawn
    worth = {kind: _known(kind, costs) for kind in kinds}
    money = min(len(of) * min(worth[kind] for kind in of) for of in arms.values())
    limit, drawn = BudgetLimit(by, money, currency, total(costs[kind] for kind in kinds).why), {}
    for arm, of in arms.items():
        counts = [int(money / len(of) / worth[kind] * len(given[kind]) + 1e-9) for kind in of]
        if not all(counts):
            short = of[counts.index(0)]
            raise ProjectError(
                f"at equal cost arm `{arm}` would have no sample by {short}: the cheapest arm cost {money:.4g} "
                f"{currency}, and one of those {worth[short] / len(given[short]):.4g}",
                hint="have more written by the cheaper kind, or compare at equal count",
            )
        drawn[arm] = _parts(given, of, counts)
    return limit, drawn


def _known(kind: TeacherKind, costs: Mapping[TeacherKind, Figure]) -> float:
    cost = costs.get(kind, Figure(None, "nothing is on record"))
    if cost.value is None:
        raise ProjectError(
            f"what arm `{kind}` cost is unknown ({cost.why})", hint="leave that arm out, or compare at equal count"
        )
    if cost.value <= 0:
        raise ProjectError(
            f"arm `{kind}` cost nothing, so no other can be cut down to that",
            hint="leave that arm out, or compare at equal count",
        )
    return cost.value


def equal_parts(count: int, parts: int) -> list[int]:
    """Equal parts; the first ones take what is left over."""
    return [count // parts + (place < count % parts) for place in range(parts)]


def _parts(
    given: Mapping[TeacherKind, Sequence[Sample]], kinds: Sequence[TeacherKind], counts: Sequence[int]
) -> list[Sample]:
    return [sample for kind, count in zip(kinds, counts, strict=True) for sample in draw(given[kind], count)]


def draw(samples: Sequence[Sample], count: int) -> list[Sample]:
    """A seeded draw in which each blind spot and role keeps its share; a larger one contains every smaller one."""
    strata: dict[tuple[str, str], list[Sample]] = defaultdict(list)
    for sample in sorted(samples, key=lambda one: (one.text, one.text_pair or "", one.label, one.id)):
        strata[sample.blind_spot, sample.role].append(sample)
    ranked = []
    for (spot, role), members in sorted(strata.items()):
        chance = random.Random(f"equal/{_SEED}/{spot}/{role}")
        chance.shuffle(members)
        ranked += [((place + chance.random()) / len(members), sample) for place, sample in enumerate(members)]
    return [sample for _, sample in sorted(ranked, key=lambda pair: pair[0])[:count]]
