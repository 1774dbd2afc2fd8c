"""Further parts of a report: risk-coverage curve, calibration bins, accuracy by label, churn, proof rows by blind spot.

All of it describes, none of it decides: means over seeds, without intervals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from engine.discovery.nearest_spot import FAR
from engine.proof.metrics import ECE_BINS, IntArray, Scored, calibration_bins
from engine.proof.report_types import Group, NearReport, NearSpot, ReliabilityBin, RowFates, SpotEntry, UnseenUUs

CURVE_POINTS = 20


def by_label(runs: Sequence[Scored], labels: Sequence[str]) -> dict[str, float | None]:
    """Accuracy among the rows of each gold label, 0..1; None for a label without rows."""
    gold = runs[0].gold
    right = np.mean([~run.wrong for run in runs], axis=0)
    return {
        label: round(float(right[gold == place].mean()), 6) if (gold == place).any() else None
        for place, label in enumerate(labels)
    }


def reliability(runs: Sequence[Scored]) -> tuple[ReliabilityBin, ...]:
    """The bins behind ECE, rows of all runs together: their share of the rows, mean confidence and accuracy."""
    confidence = np.concatenate([run.confidence for run in runs])
    right = np.concatenate([~run.wrong for run in runs])
    bins = calibration_bins(confidence)
    found = []
    for place in range(ECE_BINS):
        inside = bins == place
        if inside.any():
            means = inside.mean(), confidence[inside].mean(), right[inside].mean()
            share, sure, accuracy = (round(float(value), 6) for value in means)
            to = round((place + 1) / ECE_BINS, 6)
            found.append(ReliabilityBin(to=to, share=share, confidence=sure, accuracy=accuracy))
    return tuple(found)


def risk_coverage(runs: Sequence[Scored]) -> tuple[tuple[float, float], ...]:
    """Error rate among the most confident rows, at equal steps of coverage: (coverage, risk), both 0..1."""
    rows = len(runs[0].gold)
    ends = np.unique(np.ceil(np.arange(1, CURVE_POINTS + 1) / CURVE_POINTS * rows).astype(int))
    risks = [np.cumsum(run.wrong[np.argsort(-run.confidence, kind="stable")])[ends - 1] / ends for run in runs]
    return tuple(
        (round(float(end / rows), 6), round(float(risk), 6))
        for end, risk in zip(ends, np.mean(risks, axis=0), strict=True)
    )


def churn(after: Sequence[Scored], before: Sequence[Scored]) -> float:
    """Share of rows that are given another label than by the baseline of the same seed, 0..1, mean over seeds."""
    changed = [np.mean(new.predicted != old.predicted) for new, old in zip(after, before, strict=True)]
    return round(float(np.mean(changed)), 6)


def seed_noise(runs: Sequence[Scored]) -> float | None:
    """Share of rows that two runs of one model label differently, mean over pairs of seeds; None with one seed.

    Churn below it is what any retrain would do (Milani Fard et al. 2016, "Launch and Iterate").
    """
    pairs = [np.mean(one.predicted != other.predicted) for one, other in combinations(runs, 2)]
    return round(float(np.mean(pairs)), 6) if pairs else None


def by_blind_spot(
    models: Mapping[Group, Sequence[Scored]],
    baseline: Group,
    nearest: IntArray,
    spots: Sequence[SpotEntry],
    tau: float,
) -> NearReport:
    """What became of the proof rows near each blind spot, and of the UUs near none.

    Args:
        models: for each arm and recipe one `Scored` per seed.
        baseline: which of them the others are compared with.
        nearest: (n,) place of the nearest blind spot of each proof row, or `FAR`.
        spots: the blind spots.
        tau: threshold of a UU.
    """
    reference = models[baseline]
    arms = {group: runs for group, runs in models.items() if group != baseline}

    def fates(inside: Sequence[Any]) -> tuple[RowFates, ...]:
        return tuple(_fates(group, runs, reference, inside) for group, runs in arms.items())

    listed = []
    for place, spot in enumerate(spots):
        near = nearest == place
        listed.append(
            NearSpot(
                id=spot.id,
                gold=spot.gold,
                predicted=spot.predicted,
                rows=int(near.sum()),
                arms=fates([near] * len(reference)),
            )
        )
    unseen = [(nearest == FAR) & run.wrong & run.covered(tau) for run in reference]
    uus = float(np.mean([(run.wrong & run.covered(tau)).sum() for run in reference]))
    far = round(float(np.mean([found.sum() for found in unseen])), 2)
    return NearReport(blind_spots=tuple(listed), unseen=UnseenUUs(uus=far, of=round(uus, 2), arms=fates(unseen)))


def _fates(group: Group, after: Sequence[Scored], before: Sequence[Scored], inside: Sequence[Any]) -> RowFates:
    """Rows ``inside``, one mask a seed: wrong before and right now, wrong still, right before and wrong now."""
    fixed, still, broken = [], [], []
    for new, old, rows in zip(after, before, inside, strict=True):
        fixed.append((rows & old.wrong & ~new.wrong).sum())
        still.append((rows & old.wrong & new.wrong).sum())
        broken.append((rows & ~old.wrong & new.wrong).sum())
    means = [round(float(np.mean(counts)), 2) for counts in (fixed, still, broken)]
    return RowFates(arm=group[0], recipe=group[1], fixed=means[0], still_wrong=means[1], newly_broken=means[2])
