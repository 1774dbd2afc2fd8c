"""What became of each blind spot, and for whom an arm made it worse: counted from stored predictions.

`engine.proof.closed` has the rule; here are the counts it is asked about.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from engine.arrays import Bools
from engine.proof.closed import FEWEST_NEAR, SeedCounts, SpotCounts, tally
from engine.proof.metrics import IntArray, Scored
from engine.proof.proof_spec import ProofSpec
from engine.proof.report_types import Estimate, Group, Loss, NearRightRows, ReportSpot, RightRows, SpotResult, of_group
from engine.proof.statistics import changes
from engine.wilson import wilson_bounds


@dataclass(frozen=True)
class Resampling:
    """How intervals are drawn: number of resamples, and their coverage, 0..1."""

    resamples: int
    interval: float


def near_parts(nearest: IntArray, place: int, before: Scored, tau: float) -> dict[str, Bools]:
    """Masks over proof rows: those near a blind spot, and which of them the round's model got wrong or right."""
    near = nearest == place
    return {
        "wrong_before": near & before.wrong & before.covered(tau),
        "right_before": near & ~before.wrong,
        "near": near,
    }


def count_spots(
    pool: Mapping[Group, Bools],
    models: Mapping[Group, Sequence[Scored]],
    baseline: Group,
    before: Scored,
    nearest: IntArray,
    spec: ProofSpec,
    how: Resampling,
) -> tuple[ReportSpot, ...]:
    """The word on every blind spot for every arm, with the counts behind it, the baseline's beside them.

    Args:
        pool: for each arm and recipe whether the model of each seed gets a pool row right, (seeds, rows).
        models: for each arm and recipe what the model of each seed says of the proof rows.
        baseline: which of them is the retrain without teaching.
        before: what the round's model, in which the blind spots were found, says of the proof rows.
        nearest: (n,) place of the nearest blind spot of each proof row.
        spec: of the proof: its blind spots, tau and seeds.
        how: of the interval of the change of near rows.
    """
    listed = []
    for place, spot in enumerate(spec.blind_spots):
        masks = near_parts(nearest, place, before, spec.tau)
        moved = _changes(models, [before] * len(spec.seeds), masks["near"], how)
        entries = {
            group: _result(
                group, pool[group][:, spot.rows], runs, before, masks, moved[group], spec.seeds, how.interval
            )
            for group, runs in models.items()
        }
        listed.append(
            ReportSpot(
                id=spot.id,
                gold=spot.gold,
                predicted=spot.predicted,
                baseline=entries.pop(baseline),
                arms=tuple(entries.values()),
            )
        )
    return tuple(listed)


def _changes(
    models: Mapping[Group, Sequence[Scored]], before: Sequence[Scored], inside: Bools, how: Resampling
) -> dict[Group, Estimate]:
    return changes(models, before, inside, resamples=how.resamples, interval=how.interval)


def _result(
    group: Group,
    pool: Bools,
    runs: Sequence[Scored],
    before: Scored,
    masks: Mapping[str, Bools],
    moved: Estimate,
    seeds: Sequence[int],
    interval: float,
) -> SpotResult:
    near = masks["near"]
    found = SpotCounts(
        SeedCounts(pool.shape[1], tuple(map(int, pool.sum(axis=1)))),
        **{
            name: SeedCounts(int(mask.sum()), tuple(int((mask & ~run.wrong).sum()) for run in runs))
            for name, mask in masks.items()
        },
        before=int((near & ~before.wrong).sum()),
        surely_worse=moved.high < 0 and int(near.sum()) >= FEWEST_NEAR,
    )
    return SpotResult(
        arm=group[0],
        recipe=group[1],
        word=found.word,
        pool=_right_rows(found.pool, interval),
        wrong_before=_right_rows(found.wrong_before, interval),
        right_before=_right_rows(found.right_before, interval),
        near=NearRightRows(
            **asdict(_right_rows(found.near, interval)), before=found.before, change=replace(moved, per_seed=())
        ),
        closed_by=tuple(seed for place, seed in enumerate(seeds) if found.of_seed(place).closed),
    )


def _right_rows(rows: SeedCounts, coverage: float) -> RightRows:
    """With Wilson's interval of the share; None where there are no rows."""
    low, high = wilson_bounds(rows.right, rows.of, coverage) if rows.of else (None, None)
    low, high = low and round(low, 6), high and round(high, 6)
    return RightRows(of=rows.of, right=rows.right, low=low, high=high, per_seed=rows.per_seed)


def closed_tally(spots: Sequence[ReportSpot], arm: Group) -> dict[str, int]:
    """How many blind spots there were, and how many have each word by an arm."""
    return tally([of_group(spot.arms, arm).word for spot in spots])


def worse_for(
    spots: Sequence[ReportSpot],
    splits: Mapping[str, Mapping[Group, Sequence[Scored]]],
    arms: Sequence[Group],
    baseline: Group,
    labels: Sequence[str],
    how: Resampling,
) -> dict[Group, tuple[Loss, ...]]:
    """By arm, labels whose accuracy fell against the baseline, and blind spots near which fewer proof rows are right.

    ``fell``: the whole paired interval lies below 0; ``may have fallen``: it does not, or there are fewer than
    `FEWEST_NEAR` rows. Shown losses come first, then the largest.
    """
    worse: dict[Group, list[Loss]] = {arm: [] for arm in arms}
    for split, models in splits.items() if arms else ():
        before = models[baseline]
        for place, label in enumerate(labels):
            inside = before[0].gold == place
            rows, right = int(inside.sum()), float(np.mean([(inside & ~run.wrong).sum() for run in before]))
            moved = _changes({arm: models[arm] for arm in arms}, before, inside, how)
            for arm in arms if rows else ():
                worse[arm] += _loss("label", label, split, right / rows, moved[arm], rows, scale=rows)
    for arm in arms:
        for spot in spots:
            near = of_group(spot.arms, arm).near
            if near.change is not None:
                worse[arm] += _loss("blind spot", spot.id, "proof", near.before, near.change, near.of)
        worse[arm].sort(key=lambda one: (one.word != "fell", one.change.mean / _scale(one)))
    return {arm: tuple(losses) for arm, losses in worse.items()}


def _scale(one: Loss) -> int:
    """What turns a change into a share of rows: labels have shares, blind spots rows."""
    return 1 if one.what == "label" else one.rows


def _loss(what: str, name: str, split: str, before: float, moved: Estimate, rows: int, *, scale: int = 1) -> list[Loss]:
    """One, or none where it is no loss; ``scale``: what the change is divided by."""
    if moved.mean >= 0:
        return []
    mean, low, high = (round(value / scale, 6) for value in (moved.mean, moved.low, moved.high))
    return [
        Loss(
            what=what,
            name=name,
            split=split,
            word="fell" if moved.high < 0 and rows >= FEWEST_NEAR else "may have fallen",
            rows=rows,
            before=round(before, 6),
            after=round(before + moved.mean / scale, 6),
            change=Estimate(mean, low, high),
        )
    ]
