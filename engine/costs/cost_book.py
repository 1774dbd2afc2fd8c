"""The costs of a project: people and LLMs on one page, what they took, and what it came to for what was got.

Computed from files alone, at the prices of today's settings. Nothing unknown is ever counted as nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from engine.costs.account import NO_REVIEW, NONE_ACCEPTED, Account, TeacherRecord, account
from engine.costs.active_time import ActiveSpell, read_spells
from engine.costs.labelling_costs import LabelCosts, label_costs
from engine.figure import Figure, total, unknown
from engine.llm.call_costs import CallTotals, call_totals, paid_for_calls
from engine.llm.call_log import CALLS_FILE, LABEL_STEPS, Call, CallStep, read_calls
from engine.project import Project
from engine.proof.arms import ALL, BOTH, choose_arms
from engine.proof.budget_matching import equal_parts
from engine.proof.report import reports
from engine.proof.report_types import Report, ReportArm
from engine.review.outcome import reviewed_counts, reviewed_samples
from engine.schema import TEACHER_KINDS, Pattern, Record, Sample, Teacher, TeacherKind
from engine.settings import CostSettings
from engine.teaching.records import Records

TWO_KINDS: tuple[TeacherKind, TeacherKind] = ("human", "llm")
Purpose = Literal["teaching", "judging", "labelling", "labelling held-out rows"]
_PURPOSES: tuple[Purpose, ...] = get_args(Purpose)
_OF_STEP: dict[CallStep, Purpose] = {
    "judge": "judging",
    LABEL_STEPS["pool"]: "labelling",
    LABEL_STEPS["proof"]: "labelling held-out rows",
}
"""All other steps teach."""


@dataclass(frozen=True, slots=True)
class KindCosts(Record):
    """All teachers of one kind together; figures as in `Account`."""

    kind: TeacherKind
    teachers: int
    patterns: int
    samples: int
    reviewed: int | None
    accepted: int | None
    cost: Figure
    per_pattern: Figure
    per_sample: Figure
    per_accepted: Figure


@dataclass(frozen=True, slots=True)
class Removal(Record):
    """What an arm's newest proof says it removed, and what that came to.

    Attributes:
        arm, recipe, proof: which one; recipe and proof are empty if there is none.
        removed: UUs at matched coverage fewer than the baseline has, mean over seeds; low, high: its interval.
        cost: of the samples it was trained with: of each kind their share of what its teachers cost. A sample that
            reviewers reject was paid for too: the others bear it where they alone were trained with.
        per_uu: ``cost`` for each UU removed.
    """

    arm: str
    recipe: str
    proof: str
    removed: Figure
    low: float | None
    high: float | None
    cost: Figure
    per_uu: Figure


@dataclass(frozen=True, slots=True)
class Ratio(Record):
    """What people cost for each unit that an LLM cost: ``ratio`` is human / LLM."""

    of: str
    human: Figure
    llm: Figure
    ratio: Figure


@dataclass(frozen=True, slots=True)
class PurposeCalls(Record):
    """An LLM's calls for one purpose. ``judging``: to which rows patterns apply. ``paid``: for them, here."""

    name: str
    purpose: Purpose
    calls: CallTotals
    paid: Figure


@dataclass(frozen=True, slots=True)
class ProjectCosts(Record):
    """What the work on a project cost. ``wage`` is per hour and None if it is not set; money is in ``currency``.

    ``teachers``, ``sides``, ``removals`` and ``ratios`` are of teaching alone, ``labellers`` of labels of rows, and
    ``calls`` of all that LLMs were asked.
    """

    currency: str
    wage: float | None
    prices_of: str
    teachers: tuple[Account, ...]
    sides: tuple[KindCosts, ...]
    removals: tuple[Removal, ...]
    ratios: tuple[Ratio, ...]
    calls: tuple[PurposeCalls, ...] = ()
    labellers: tuple[LabelCosts, ...] = ()


def project_costs(project: Project) -> ProjectCosts:
    """Draw up the costs of a project.

    Raises:
        StoreError: records may not be read.
    """
    settings, records = project.settings.cost, Records(project.teaching_dir)
    calls: dict[Purpose, list[Call]] = {purpose: [] for purpose in _PURPOSES}
    for call in read_calls(project.llm_dir / CALLS_FILE):
        calls[_purpose(call)].append(call)
    accounts = _accounts(project, records, [*calls["teaching"], *calls["judging"]])
    sides = tuple(
        _side(kind, [one for one in accounts if one.kind == kind])
        for kind in TEACHER_KINDS
        if any(one.kind == kind for one in accounts)
    )
    removals = _removals(project, records, {side.kind: side.cost for side in sides})
    return ProjectCosts(
        settings.currency,
        settings.wage or None,
        settings.prices_of,
        accounts,
        sides,
        removals,
        _ratios(sides, removals),
        _calls(calls, settings),
        label_costs(records, [*calls["labelling"], *calls["labelling held-out rows"]], settings),
    )


def costs_of_kinds(project: Project) -> dict[TeacherKind, Figure]:
    """What the teaching of each kind of teacher costs, for arms at equal cost."""
    return {side.kind: side.cost for side in project_costs(project).sides}


def _purpose(call: Call) -> Purpose:
    return _OF_STEP.get(call.step, "teaching")


def _calls(calls: Mapping[Purpose, Sequence[Call]], prices: CostSettings) -> tuple[PurposeCalls, ...]:
    """The calls of each LLM, by what they were for."""
    found = []
    for name in sorted({call.teacher for made in calls.values() for call in made}):
        for purpose, made in calls.items():
            if own := [call for call in made if call.teacher == name]:
                found.append(PurposeCalls(name, purpose, call_totals(own), paid_for_calls(own, prices)))
    return tuple(found)


def _accounts(project: Project, records: Records, made_calls: Sequence[Call]) -> tuple[Account, ...]:
    made: dict[tuple[str, TeacherKind], tuple[list[Pattern], list[Sample]]] = defaultdict(lambda: ([], []))
    for pattern in records.patterns():
        made[_key(pattern.teacher)][0].append(pattern)
    for sample in records.samples():
        made[_key(sample.teacher)][1].append(sample)
    calls: dict[str, list[Call]] = defaultdict(list)
    for call in made_calls:
        calls[call.teacher].append(call)
    spells: dict[str, list[ActiveSpell]] = defaultdict(list)
    for spell in read_spells(project.time_dir):
        spells[spell.author].append(spell)
    known: set[tuple[str, TeacherKind]] = {(name, "llm") for name in calls} | {(name, "human") for name in spells}
    reviewed = reviewed_counts(project)
    found = []
    for name, kind in sorted(known | set(made), key=lambda key: (TEACHER_KINDS.index(key[1]), key[0])):
        patterns, samples = made.get((name, kind), ([], []))
        work = TeacherRecord(
            name,
            kind,
            patterns,
            samples,
            calls[name] if kind == "llm" else (),
            spells[name] if kind == "human" else (),
            reviewed.get((name, kind)),
        )
        found.append(account(work, project.settings.cost))
    return tuple(found)


def _key(teacher: Teacher) -> tuple[str, TeacherKind]:
    return teacher.name, teacher.kind


def _side(kind: TeacherKind, accounts: Sequence[Account]) -> KindCosts:
    """Teachers who made nothing and took nothing for teaching (reviewers) do not count."""
    taught = [one for one in accounts if one.patterns or one.samples or one.by_spot]
    judged = [one for one in taught if one.accepted is not None]
    return KindCosts(
        kind=kind,
        teachers=len(taught),
        patterns=sum(one.patterns for one in taught),
        samples=sum(one.samples for one in taught),
        reviewed=sum(one.reviewed or 0 for one in judged) if judged else None,
        accepted=sum(one.accepted or 0 for one in judged) if judged else None,
        cost=total(one.cost for one in taught) if taught else unknown("nobody of this kind has taught"),
        per_pattern=_per(taught, lambda one: one.cost, lambda one: one.patterns, "no patterns"),
        per_sample=_per(taught, lambda one: one.cost, lambda one: one.samples, "no samples"),
        per_accepted=_per(judged, lambda one: one.cost_of_reviewed, lambda one: one.accepted or 0, NONE_ACCEPTED)
        if judged
        else unknown(NO_REVIEW),
    )


def _per(
    accounts: Sequence[Account], cost: Callable[[Account], Figure], count: Callable[[Account], int], why: str
) -> Figure:
    """Cost of each, over the teachers whose cost is known; says whom that leaves out."""
    known = [one for one in accounts if one.cost.value is not None]
    if not known:
        return total(one.cost for one in accounts).over(0, why)
    left_out = [one.name for one in accounts if one.cost.value is None]
    parts = [cost(one) for one in known]
    if left_out:
        parts.append(Figure(0.0, f"without {', '.join(left_out)}, whose cost is unknown"))
    return total(parts).over(sum(map(count, known)), why)


def _removals(project: Project, records: Records, costs: Mapping[TeacherKind, Figure]) -> tuple[Removal, ...]:
    samples, finished = records.samples(), reports(project)
    if not samples:
        return ()
    arms = {arm.name: len(arm.samples) for arm in choose_arms(samples)}
    kept = reviewed_samples(project, records, samples) if any(report.reviewed for report in finished) else ()
    accepted = {arm.name: len(arm.samples) for arm in choose_arms(kept)} if kept else {}
    found: list[Removal] = []
    for arm in arms:
        kinds = [kind for kind in costs if kind in arms and (arm in (kind, ALL) or (arm == BOTH and kind in TWO_KINDS))]
        entries = _newest(finished, arm)
        if not entries:
            none = unknown(f"there is no proof of arm {arm} yet")
            found.append(Removal(arm, "", "", none, None, None, total(costs[kind] for kind in kinds), none))
        for report, entry in entries:
            sizes = accepted if report.reviewed else arms
            found.append(
                _removal(report, entry, _cost_of_arm(report, entry, {kind: costs[kind] for kind in kinds}, sizes))
            )
    return tuple(found)


def _cost_of_arm(
    report: Report, entry: ReportArm, costs: Mapping[TeacherKind, Figure], sizes: Mapping[str, int]
) -> Figure:
    """What the samples of an arm cost. ``sizes``: how many every arm would have today, were none cut down."""
    limit = report.equal
    if limit and limit.by == "cost":
        return Figure(limit.value, limit.why)
    if limit:
        counts = dict(zip(costs, equal_parts(entry.n_added, len(costs)), strict=True))
        return total(costs[kind].times(_share(counts[kind], sizes.get(kind, 0))) for kind in costs)
    return total(costs.values()).times(_share(entry.n_added, sizes.get(entry.arm, 0)))


def _share(count: int, size: int) -> float:
    """Part that was used; all where it was as many as there are, or more, as some were deleted since."""
    return count / size if count < size else 1.0


def _newest(finished: Sequence[Report], arm: str) -> list[tuple[Report, ReportArm]]:
    """For each recipe of an arm the newest report that has it, with the arm's entry."""
    found: dict[str, tuple[Report, ReportArm]] = {}
    for report in finished:
        for entry in report.arms:
            if entry.arm == arm:
                found.setdefault(entry.recipe, (report, entry))
    return list(found.values())


def _removal(report: Report, entry: ReportArm, cost: Figure) -> Removal:
    change = entry.proof.difference.uu_at_matched_coverage
    removed, low, high = -change.mean, -change.high, -change.low
    per_uu = cost.over(removed, "it removed none")
    return Removal(entry.arm, entry.recipe, report.id, Figure(removed), low, high, cost, per_uu)


def _ratios(sides: Sequence[KindCosts], removals: Sequence[Removal]) -> tuple[Ratio, ...]:
    """Empty unless both kinds have taught."""
    by_kind = {side.kind: side for side in sides}
    if not all(kind in by_kind and by_kind[kind].teachers for kind in TWO_KINDS):
        return ()
    human, llm = (by_kind[kind] for kind in TWO_KINDS)
    pairs = [
        ("pattern", human.per_pattern, llm.per_pattern),
        ("sample", human.per_sample, llm.per_sample),
        ("accepted sample", human.per_accepted, llm.per_accepted),
    ]
    removed = {(one.arm, one.recipe): one.per_uu for one in removals}
    none = {kind: removed.get((kind, ""), unknown(f"there is no proof of arm {kind} yet")) for kind in TWO_KINDS}
    for recipe in dict.fromkeys(recipe for arm, recipe in removed if arm in TWO_KINDS and recipe):
        one, other = (removed.get((kind, recipe), none[kind]) for kind in TWO_KINDS)
        pairs.append((f"UU removed ({recipe})", one, other))
    if len(pairs) == 3:
        pairs.append(("UU removed", none["human"], none["llm"]))
    return tuple(Ratio(of, one, other, _ratio(one, other)) for of, one, other in pairs)


def _ratio(human: Figure, llm: Figure) -> Figure:
    for side, figure in (("human", human), ("LLM", llm)):
        if figure.value is None:
            return unknown(f"{side}: {figure.why}")
    return human.over(llm.value, "the LLM cost nothing")
