"""Confidence sequences of `blindspot watch`: how often they miss in a year of weekly looks, and what width they cost.

``DRAWS`` streams (default 600) of 52 weeks with a fixed seed, for each rate and number of labels a week:

- a miss: the sequence over all weeks, nominal .95, leaves the true rate out at any of the looks; so with Wilson's
  interval of .95, which is for one look;
- a false alarm: the rate is called above a limit that it equals, since any week (`first_above`, .05 in all);
- weeks until a rate that doubles or triples after week 26 is called above one and a half times what it was: with the
  sequence over all weeks alone, and with one from each week on.
"""

from __future__ import annotations

import os
from functools import cache
from statistics import median

import numpy as np
import numpy.typing as npt

from engine.monitoring.confidence_sequence import Labelled, first_above, sequence_bounds, window_coverage
from engine.wilson import wilson_bounds
from tests.bench.measure import keep

RATES = (0.005, 0.05, 0.3)
LABELS = (5, 20, 100)
WEEKS, CALM = 52, 26
CHANCE = 0.05
bounds, wilson, window = cache(sequence_bounds), cache(wilson_bounds), cache(window_coverage)


def streams(rate: float | npt.NDArray[np.float64], labels: int, draws: int) -> list[list[int]]:
    """Wrong rows of each week."""
    found: list[list[int]] = np.random.default_rng(13).binomial(labels, rate, size=(draws, WEEKS)).tolist()
    return found


def misses(rate: float, labels: int, draws: int) -> tuple[float, float]:
    """Share of the streams in which the sequence ever misses, and Wilson's interval."""
    missed = [0, 0]
    for weeks in streams(rate, labels, draws):
        for kind, interval in enumerate((bounds, wilson)):
            hits = 0
            for week, found in enumerate(weeks, start=1):
                hits += found
                low, high = interval(hits, labels * week, 1 - CHANCE)
                if not low <= rate <= high:
                    missed[kind] += 1
                    break
    return missed[0] / draws, missed[1] / draws


def called(weeks: list[int], labels: int, limit: float) -> int | None:
    """The look at which the rate is first called above the limit, with a sequence from each week on."""
    batches = [Labelled(labels, found) for found in weeks]
    for week in range(1, len(weeks) + 1):
        if first_above(batches[:week], limit, CHANCE):
            return week
    return None


def called_by_all(weeks: list[int], labels: int, limit: float) -> int | None:
    """So with the sequence over all weeks alone."""
    hits = 0
    for week, found in enumerate(weeks, start=1):
        hits += found
        if bounds(hits, labels * week, 1 - CHANCE)[0] > limit:
            return week
    return None


def main() -> None:
    """Print the tables."""
    draws = int(os.environ.get("DRAWS") or 600)
    print(f"{draws} streams a cell, {WEEKS} weekly looks")
    print("| rate | labels a week | misses | Wilson misses | false alarms | width at 4, 52 weeks | Wilson's |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for rate in RATES:
        for labels in LABELS:
            missed, once = misses(rate, labels, draws)
            alarms = sum(called(one, labels, rate) is not None for one in streams(rate, labels, draws)) / draws
            widths = []
            for interval in (bounds, wilson):
                for week in (4, WEEKS):
                    low, high = interval(round(rate * labels * week), labels * week, 1 - CHANCE)
                    widths.append(100 * (high - low) / 2)
            shown = [", ".join(f"{one:.1f}" for one in part) for part in (widths[:2], widths[2:])]
            told = (f"{one:.3f}".lstrip("0") for one in (missed, once, alarms))
            print(f"| {rate:.1%} | {labels} | {' | '.join(told)} | {shown[0]} | {shown[1]} |", flush=True)
            figures = {"missed": missed, "wilson_missed": once, "false_alarms": alarms, "widths": widths}
            keep({"name": "sequences", "rate": rate, "labels": labels, "draws": draws, **figures})
    print("| rate | times | labels a week | all weeks alone: weeks, seen | from each week on: weeks, seen |")
    print("| --- | --- | --- | --- | --- |")
    for rate, times in ((0.05, 2), (0.05, 3), (0.1, 2), (0.1, 3)):
        for labels in LABELS:
            rates = np.array([rate] * CALM + [rate * times] * (WEEKS - CALM))
            cells, shares = [], []
            for look in (called_by_all, called):
                seen = [look(one, labels, 1.5 * rate) for one in streams(rates, labels, draws)]
                after = [week - CALM for week in seen if week is not None and week > CALM]
                shares.append(len(after) / draws)
                cells.append(f"{median(after):g}, {shares[-1]:.2f}" if after else "-, 0")
            print(f"| {rate:.0%} | {times} | {labels} | {' | '.join(cells)} |", flush=True)
            keep({"name": "a rate that rises", "rate": rate, "times": times, "labels": labels, "seen": shares})


if __name__ == "__main__":
    main()
