"""A report as records in a row, one for each verdict, figure or blind spot. Light: nothing is computed here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.proof.closed import ClosedWord
from engine.proof.figures import FIGURES
from engine.proof.report_types import JUDGED, Estimate, Report
from engine.proof.verdict_rule import VerdictWord
from engine.schema import Record


@dataclass(frozen=True, slots=True)
class VerdictRow(Record):
    """The verdict on an arm.

    Attributes:
        verdict, reason: the word, and the numbers behind it.
        n_added, n_rows: samples, and all rows that were trained on.
        churn: share of proof rows that get another label than from the baseline, 0..1.
    """

    arm: str
    recipe: str
    verdict: VerdictWord
    reason: str
    n_added: int
    n_rows: int
    churn: float | None


@dataclass(frozen=True, slots=True)
class FigureRow(Record):
    """A figure of an arm, or of the baseline, on a split.

    Attributes:
        split: ``proof`` or ``test``.
        measure: name as in `engine.proof.metrics.METRICS`.
        value: over the seeds. change: against the baseline; None for the baseline itself.
    """

    arm: str
    recipe: str
    split: str
    measure: str
    value: Estimate
    change: Estimate | None


@dataclass(frozen=True, slots=True)
class SpotRow(Record):
    """What an arm, or the baseline, made of a blind spot.

    Attributes:
        word: whether it is closed (`engine.proof.closed`).
        pool_rows, pool_right: of its pool rows how many there are, and how many are right (mean over seeds).
        near_rows, near_right: the same of the proof rows near it. near_before: right in the model of the round.
    """

    blind_spot: str
    gold: str
    predicted: str
    arm: str
    recipe: str
    word: ClosedWord
    pool_rows: int
    pool_right: float
    near_rows: int
    near_right: float
    near_before: int


def verdict_rows(report: Report) -> Iterator[VerdictRow]:
    """The verdict on each arm, in the report's order."""
    for arm in report.arms:
        yield VerdictRow(*arm.group, arm.verdict, arm.reason, arm.n_added, arm.n_rows, arm.churn)


def figure_rows(report: Report) -> Iterator[FigureRow]:
    """Every figure that the report has, on proof and then on test; of each arm, the baseline first."""
    for split in JUDGED:
        for arm in (report.baseline, *report.arms):
            figures = arm.on(split)
            for measure, _, _ in FIGURES if figures else ():
                value = figures.named(measure) if figures else None
                if figures and value:
                    change = figures.difference.named(measure) if figures.difference else None
                    yield FigureRow(*arm.group, split, measure, value, change)


def spot_rows(report: Report) -> Iterator[SpotRow]:
    """What became of each blind spot in the baseline and in each arm; nothing in older proofs."""
    for spot in report.spots:
        for one in (spot.baseline, *spot.arms):
            pool, near = one.pool, one.near
            yield SpotRow(
                spot.id,
                spot.gold,
                spot.predicted,
                *one.group,
                one.word,
                pool.of,
                pool.right,
                near.of,
                near.right,
                near.before,
            )
