"""What the watched batches of one model say: against the audit, near each blind spot, and against the pool. Light.

Rates are of the rows that have a label, over all batches, with confidence sequences: they hold however often one looks,
if the rows that were labelled were drawn at random. Two findings end a watch with ``worse``: more UUs than the audit's
interval reaches, and more errors near a closed blind spot than that of the proof that closed it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Literal

from engine.audit.audit_files import ROWS, audit_of
from engine.audit.audit_status import status_of
from engine.errors import StoreError
from engine.label_queue.queue_files import queues
from engine.monitoring.confidence_sequence import Labelled, first_above, sequence_bounds, window_coverage
from engine.monitoring.watched_batches import (
    LabelCounts,
    NearSpot,
    WatchedBatch,
    WatchWord,
    of_one_model,
    watched_batches,
)
from engine.project import Project
from engine.proof.report import reports
from engine.proof.report_types import of_group
from engine.regression.frozen_spots import FrozenSpot, suite
from engine.schema import Record
from engine.wilson import wilson_bounds

ERROR = 0.05
"""Chance that a rate is ever called above such an end without being so, over all batches, looks, and ends together."""
TIMES = 2
"""An open blind spot is no longer seen where errors near it are surely less than so many times as many as elsewhere."""

AuditWord = Literal["as audited", "more than audited", "fewer than audited", "too few labels to tell"]
SpotWord = Literal[
    "reopened", "as closed", "still open", "no longer seen", "too few labels to tell", "closed without a rate"
]
_FEW: Literal["too few labels to tell"] = "too few labels to tell"


@dataclass(frozen=True, slots=True)
class Rate(Record):
    """A share of rows that have a label, with the interval of a confidence sequence.

    Attributes:
        labelled, hits: rows. value: share, None without a row. low, high: interval, 0..1.
        since: name of the batch from which on rows count; empty: all.
    """

    labelled: int
    hits: int
    value: float | None
    low: float
    high: float
    since: str = ""


@dataclass(frozen=True, slots=True)
class AgainstAudit(Record):
    """UUs among the confident rows, against an audit.

    ``queue``: its name. ``low``, ``high``: its interval of their share, for rows to come (`AuditFigures.rows_to_come`).
    """

    queue: str
    low: float
    high: float
    word: AuditWord


@dataclass(frozen=True, slots=True)
class WatchedSpot(Record):
    """Errors among the rows near a blind spot.

    ``limit``: highest error rate near it that the proof that closed it leaves possible; None: not known, or open.
    """

    id: str
    closed: bool
    rate: Rate
    limit: float | None
    word: SpotWord


@dataclass(frozen=True, slots=True)
class Shift(Record):
    """A share of the latest batch's rows beside that of the pool; no label is needed.

    ``low`` and ``high``: interval of the difference, which holds for all batches together.
    """

    what: str
    batch: float
    pool: float
    difference: float
    low: float
    high: float

    @property
    def moved(self) -> bool:
        """Whether the share surely differs."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, slots=True)
class WatchStatus(Record):
    """How things stand after the latest batch.

    Attributes:
        status: what a watch ends with. reasons: what is worse. undecided: what may be, with too few labels to tell.
        batch: the latest. batches: all of the same model, in the order in which they came; rates are of all of them.
        coverage: of each interval of a rate, over all looks.
        uus: share of confident rows that are wrong. wrong: of all rows; accuracy is what is left of 1.
        audit: None where no audit of this model has figures.
        spots: closed blind spots, then open ones.
        elsewhere: errors near no open blind spot.
        shifts: of the latest batch.
    """

    status: WatchWord
    reasons: tuple[str, ...]
    undecided: tuple[str, ...]
    batch: WatchedBatch
    batches: tuple[str, ...]
    coverage: float
    uus: Rate
    wrong: Rate
    audit: AgainstAudit | None
    spots: tuple[WatchedSpot, ...]
    elsewhere: Rate
    shifts: tuple[Shift, ...]


def watch_status(project: Project, name: str | None = None) -> WatchStatus:
    """How things stand after a batch that was watched; None: after the latest.

    Raises:
        StoreError: there is no such batch, or an audit is damaged.
        FileError, ProjectError: as `status_after`.
    """
    there = watched_batches(project)
    while there and name not in (None, there[-1].name):
        there.pop()
    if not there:
        raise StoreError(
            "no batch has been watched yet" if name is None else f"no batch {name!r} has been watched",
            where=str(project.root),
            hint="watch one with `blindspot watch DIR FILE`",
        )
    return status_after(project, there, there[-1])


def status_after(project: Project, there: Sequence[WatchedBatch], latest: WatchedBatch) -> WatchStatus:
    """How things stand after a batch.

    Args:
        project: gives audits, proofs and the regression suite.
        there: all batches that were watched, in the order of their lines.
        latest: the last of them.

    Raises:
        StoreError, ProjectError: an audit, the suite or a proof is damaged.
    """
    batches = of_one_model(there, latest)
    latest = next(one for one in batches if one.name == latest.name)
    limits = {spot.id: _limit(project, spot) for spot in suite(project)}
    chance = ERROR / (1 + sum(limit is not None for limit in limits.values()))
    rates = _Rates(batches, chance)
    audit, uus = _against_audit(project, latest, rates)
    elsewhere = rates.over_all(lambda one: one.elsewhere)
    spots = [_spot(one, limits, rates, elsewhere) for one in latest.spots]
    reasons = ["more UUs than audited"] if audit and audit.word == "more than audited" else []
    reasons += [f"{one.id} reopened" for one in spots if one.word == "reopened"]
    undecided = ["UUs against the audit"] if audit and audit.word == _FEW else []
    undecided += [one.id for one in spots if one.closed and one.word == _FEW]
    compared = [uus] if audit else []
    compared += [one.rate for one in spots if one.limit is not None]
    judged = latest.all_rows.labelled and any(one.labelled for one in compared)
    return WatchStatus(
        status="worse" if reasons else "nothing worse" if judged else "nothing to judge",
        reasons=tuple(reasons),
        undecided=tuple(undecided),
        batch=latest,
        batches=tuple(one.name for one in batches),
        coverage=rates.coverage,
        uus=uus,
        wrong=rates.over_all(lambda one: one.all_rows),
        audit=audit,
        spots=tuple(spots),
        elsewhere=elsewhere,
        shifts=tuple(_shifts(latest, 1 + batches.index(latest))),
    )


class _Rates:
    """Rates over batches, the first of them first; ``chance``: that one is ever wrongly called above a limit."""

    def __init__(self, batches: Sequence[WatchedBatch], chance: float) -> None:
        self._batches, self._chance = batches, chance
        self.coverage = window_coverage(1, chance)

    def over_all(self, counts: Callable[[WatchedBatch], LabelCounts | None]) -> Rate:
        """Over all batches."""
        return self._since(1, [counts(one) or LabelCounts(0, 0) for one in self._batches])

    def above(self, counts: Callable[[WatchedBatch], LabelCounts | None], limit: float) -> Rate | None:
        """Over the batches since the first of which the rate is surely above a limit; None where it is not."""
        found = [counts(one) or LabelCounts(0, 0) for one in self._batches]
        place = first_above([Labelled(one.labelled, one.wrong) for one in found], limit, self._chance)
        return None if place is None else self._since(place, found)

    def _since(self, place: int, counts: Sequence[LabelCounts]) -> Rate:
        labelled, wrong = (sum(getattr(one, name) for one in counts[place - 1 :]) for name in ("labelled", "wrong"))
        low, high = sequence_bounds(wrong, labelled, window_coverage(place, self._chance))
        since = self._batches[place - 1].name if place > 1 else ""
        return Rate(labelled, wrong, wrong / labelled if labelled else None, low, high, since)


def _against_audit(project: Project, latest: WatchedBatch, rates: _Rates) -> tuple[AgainstAudit | None, Rate]:
    """The latest audit of the same model that has figures, and the rate that is compared with it."""

    def counts(one: WatchedBatch) -> LabelCounts:
        return one.confident

    rate = rates.over_all(counts)
    for file in reversed(queues(project, "audit")):
        if ROWS not in file.spec.facts:
            continue
        audit = audit_of(project, file)
        if (audit.rows.model, audit.rows.tau) != (latest.model, latest.tau):
            continue
        figures = status_of(project, audit).figures
        if figures is None or figures.rows_to_come is None:
            continue
        low, high = figures.rows_to_come
        word: AuditWord = _FEW
        if above := rates.above(counts, high):
            word, rate = "more than audited", above
        elif rate.high < low:
            word = "fewer than audited"
        elif rate.high <= high:
            word = "as audited"
        return AgainstAudit(file.spec.name, low, high, word), rate
    return None, rate


def _limit(project: Project, spot: FrozenSpot) -> float | None:
    """Highest error rate near a closed blind spot that its proof leaves possible; None: not on record."""
    for report in reports(project):
        if report.id == spot.proof:
            entry = next((one for one in report.spots if one.id == spot.id), None)
            low = of_group(entry.arms, (spot.arm, spot.recipe)).near.low if entry else None
            return None if low is None else 1 - low
    return None


def _spot(one: NearSpot, limits: dict[str, float | None], rates: _Rates, elsewhere: Rate) -> WatchedSpot:
    """The word on a blind spot of the latest batch, from all batches in which it was the same."""

    def counts(batch: WatchedBatch) -> LabelCounts | None:
        same = (spot.counts for spot in batch.spots if (spot.id, spot.found_by) == (one.id, one.found_by))
        return next(same, None)

    rate, word = rates.over_all(counts), _FEW
    if not one.closed:
        if rate.low > elsewhere.high:
            return WatchedSpot(one.id, False, rate, None, "still open")
        if rate.high < TIMES * elsewhere.low:
            return WatchedSpot(one.id, False, rate, None, "no longer seen")
        return WatchedSpot(one.id, False, rate, None, word)
    limit = limits.get(one.id)
    if limit is None:
        return WatchedSpot(one.id, True, rate, None, "closed without a rate")
    if above := rates.above(counts, limit):
        return WatchedSpot(one.id, True, above, limit, "reopened")
    return WatchedSpot(one.id, True, rate, limit, "as closed" if rate.high <= limit else word)


def _shifts(batch: WatchedBatch, place: int) -> list[Shift]:
    """Shares of a batch, the ``place``-th of the model, beside the pool's."""
    rows, pool = batch.predicted, batch.pool
    if not rows.rows or not pool.rows:
        return []
    counts = [("confident", rows.confident, pool.confident)]
    counts += [(f"predicted {label}", rows.labels.get(label, 0), count) for label, count in pool.labels.items()]
    counts += [(f"near {spot.id}", spot.rows, spot.pool) for spot in batch.spots]
    coverage = window_coverage(place, ERROR)
    return [shift(what, (hits, rows.rows), (of_pool, pool.rows), coverage) for what, hits, of_pool in counts]


def shift(what: str, batch: tuple[int, int], pool: tuple[int, int], coverage: float) -> Shift:
    """Two shares and their difference, with the interval of Newcombe [1998, Statistics in Medicine 17(8), method 10].

    Args:
        what: they are shares of.
        batch: rows that count, and all rows, at least one.
        pool: the same of the pool.
        coverage: of the interval, 0..1.
    """
    (share, low, high), (other, other_low, other_high) = (
        (hits / rows, *wilson_bounds(hits, rows, coverage)) for hits, rows in (batch, pool)
    )
    below = sqrt((share - low) ** 2 + (other_high - other) ** 2)
    above = sqrt((high - share) ** 2 + (other - other_low) ** 2)
    return Shift(what, share, other, share - other, share - other - below, share - other + above)
