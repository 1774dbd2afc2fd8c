"""What became of each blind spot, and for whom an arm made it worse: counted from stored predictions.

`engine.proof.closed` has the rule; here are the counts it is asked about.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.proof.closed import FEWEST_NEAR, SeedCounts, SpotCounts, tally
from engine.proof.metrics import IntArray, Scored
from engine.proof.statistics import Estimate, changes

Bools = npt.NDArray[np.bool_]
Entry = dict[str, Any]
Group = tuple[str, str]


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
    spec: Entry,
    how: Resampling,
) -> list[Entry]:
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
    for place, spot in enumerate(spec["blind_spots"]):
        masks = near_parts(nearest, place, before, spec["tau"])
        moved = _changes(models, [before] * len(spec["seeds"]), masks["near"], how)
        entries = {
            group: _entry(
                group, pool[group][:, spot["rows"]], runs, before, masks, moved[group], spec["seeds"], how.interval
            )
            for group, runs in models.items()
        }
        listed.append(
            {key: spot[key] for key in ("id", "gold", "predicted")}
            | {"baseline": entries.pop(baseline), "arms": list(entries.values())}
        )
    return listed


def _changes(
    models: Mapping[Group, Sequence[Scored]], before: Sequence[Scored], inside: Bools, how: Resampling
) -> dict[Group, Estimate]:
    return changes(models, before, inside, resamples=how.resamples, interval=how.interval)


def _entry(
    group: Group,
    pool: Bools,
    runs: Sequence[Scored],
    before: Scored,
    masks: Mapping[str, Bools],
    moved: Estimate,
    seeds: Sequence[int],
    interval: float,
) -> Entry:
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
    parts = {name: getattr(found, name).shown(interval) for name in ("pool", *masks)}
    parts["near"] |= {"before": found.before, "change": _bounds(moved)}
    closed_by = [seed for place, seed in enumerate(seeds) if found.of_seed(place).closed]
    return {"arm": group[0], "recipe": group[1], "word": found.word, **parts, "closed_by": closed_by}


def closed_tally(spots: Sequence[Entry], arm: Group) -> Entry:
    """How many blind spots there were, and how many have each word by an arm."""
    return tally([entry["word"] for _, entry in _of(spots, arm)])


def worse_for(
    spots: Sequence[Entry],
    splits: Mapping[str, Mapping[Group, Sequence[Scored]]],
    baseline: Group,
    labels: Sequence[str],
    how: Resampling,
) -> dict[Group, list[Entry]]:
    """By arm, labels whose accuracy fell against the baseline, and blind spots near which fewer proof rows are right.

    ``fell``: the whole paired interval lies below 0; ``may have fallen``: it does not, or there are fewer than
    `FEWEST_NEAR` rows. Shown losses come first, then the largest.
    """
    arms = [group for group in splits["proof"] if group != baseline]
    worse: dict[Group, list[Entry]] = {arm: [] for arm in arms}
    for split, models in splits.items() if arms else ():
        before = models[baseline]
        for place, label in enumerate(labels):
            inside = before[0].gold == place
            rows, right = int(inside.sum()), float(np.mean([(inside & ~run.wrong).sum() for run in before]))
            moved = _changes({arm: models[arm] for arm in arms}, before, inside, how)
            for arm in arms if rows else ():
                who = {"what": "label", "name": label, "split": split}
                worse[arm] += _loss(who, right / rows, moved[arm], rows, scale=rows)
    for arm in arms:
        for spot, entry in _of(spots, arm):
            near = entry["near"]
            who = {"what": "blind spot", "name": spot, "split": "proof"}
            worse[arm] += _loss(who, near["before"], Estimate(**near["change"], per_seed=()), near["of"])
        worse[arm].sort(key=lambda one: (one["word"] != "fell", one["change"]["mean"] / _scale(one)))
    return worse


def _scale(one: Entry) -> int:
    """What turns a change into a share of rows: labels have shares, blind spots rows."""
    return 1 if one["what"] == "label" else int(one["rows"])


def _loss(who: Entry, before: float, moved: Estimate, rows: int, *, scale: int = 1) -> list[Entry]:
    if moved.mean >= 0:
        return []
    change = {name: round(value / scale, 6) for name, value in _bounds(moved).items()}
    word = "fell" if moved.high < 0 and rows >= FEWEST_NEAR else "may have fallen"
    after = before + moved.mean / scale
    return [who | {"word": word, "rows": rows, "before": round(before, 6), "after": round(after, 6), "change": change}]


def _bounds(moved: Estimate) -> Entry:
    return {"mean": moved.mean, "low": moved.low, "high": moved.high}


def _of(spots: Sequence[Entry], arm: Group) -> list[tuple[str, Entry]]:
    """Id and entry of every blind spot for an arm."""
    return [(spot["id"], one) for spot in spots for one in spot["arms"] if (one["arm"], one["recipe"]) == arm]
