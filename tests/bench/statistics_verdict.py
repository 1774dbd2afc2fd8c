"""Verdicts from few labels where the truth is known: coverage and width of intervals, and how often a word is wrong.

Made-up proof rows (`tests.builders.populations`), ``DRAWS`` of them a cell (default 200), for each kind of LLM, number
of labels, task (2 or 3 labels, 1 or 3 seeds) and effect:

- the interval of the change on these very rows, .95 of the likely label sets: how often it holds what all labels say,
  and its half-width. Beside it that of a plain random sample of as many of all rows (normal, with its true variance),
  and, where ppi-python is installed, intervals of prediction-powered inference on a random sample of as many of the
  rows that can change: classical, with the LLM's labels taken as they are, and tuned (PPI++);
- the verdict after five looks, by the product's own judge, which stops once it is certain: how often an arm that is as
  good as the baseline is ``proven``, and how often the word is that from all labels. A fifth of the draws.

Whether an interval holds the truth in at least `LEAST` of the draws is decided by one rule. Where it held it in less
than `AGAIN` of the first draws, it is drawn anew, and the fresh draws alone say how often it holds: the lowest of many
cells is low by chance, and draws that a cell was picked by tell too little of it. Where these are below `LEAST`, which
by chance a cell of .94 is in one of a hundred cases, four times as many further ones alone decide. With 200 first
draws a cell whose true coverage is .92 is drawn again in .88 of the cases, one of .91 in .95; .92 has a standard error
of .010 in 800 draws and of .005 in 3,200. Means over cells are those of the first draws, which pick nothing.

What is finished is kept in the results file (``RESULTS``), and a rerun goes on where it was; after a change of what is
measured, name another file.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import product
from statistics import mean
from typing import Any, get_args

import numpy as np

from engine.discovery.calibration import UNKNOWN
from engine.proof.evaluate import REFERENCE
from engine.proof.imputation import RowChanges, corrections, label_sets
from engine.proof.metrics import FloatArray, IntArray
from engine.proof.spot_counts import Resampling
from engine.proof.verdict_rule import Rule
from tests.bench.agreement import Case, words_of_all_labels, words_of_few_labels
from tests.bench.measure import once
from tests.builders.populations import TAU, LlmKind, Population, known_labels, llm_labels, population

try:
    from ppi_py import ppi_mean_ci
except ImportError:
    ppi_mean_ci = None

LLMS: tuple[LlmKind, ...] = get_args(LlmKind)
LABELS = (30, 60, 100, 150)
Cell = tuple[LlmKind, int]
CELLS: tuple[Cell, ...] = tuple(product(LLMS, LABELS))
EFFECTS = {"none": 0.0, "small": 0.3, "large": 0.8, "worse": -0.8}
SAME = {"copy": 1.0, "rescaled": 1.7}  # temperatures of an arm that is the baseline
TASKS = tuple(product((2, 3), (1, 3)))  # labels, seeds
JUDGED = ((2, 1), (3, 3))
FIGURES = ("uu_at_matched_coverage", "accuracy")
LEAST, AGAIN = 0.92, 0.945
FIRST_DICE = 13
FRESH = ((AGAIN, 800, 14), (LEAST, 3200, 15))  # where the draws before held it in less than this: so many, dice
_SETS = 200
_RULE, _HOW = Rule(TAU, margin=0.05, interval=0.95), Resampling(1000, 0.95)


@dataclass(frozen=True)
class Interval:
    """What is taken to hold the truth."""

    low: float
    high: float

    def holds(self, truth: float) -> bool:
        return self.low - 1e-9 <= truth <= self.high + 1e-9

    @property
    def half(self) -> float:
        return (self.high - self.low) / 2


def draws(of: int, seed: int = FIRST_DICE) -> Iterator[np.random.Generator]:
    """Dice of each draw."""
    return (np.random.default_rng((seed, number)) for number in range(of))


def ours(totals: dict[str, FloatArray]) -> dict[str, Interval]:
    """By figure the interval of its change, in rows, or in shares of all rows, from what the likely label sets give."""
    tails = [0.025, 0.975]
    # By ranks of n + 1: plain quantiles of 200 values hold .94 of what is drawn as they were, not .95.
    return {name: Interval(*np.quantile(totals[name], tails, method="weibull").tolist()) for name in FIGURES}


def peers(dice: np.random.Generator, of: Population, llm: IntArray, changes: RowChanges, labels: int) -> Any:
    """Of the change of UUs at matched coverage, prediction-powered: by name of the method."""
    if ppi_mean_ci is None:
        return {}
    rows = dice.permutation(np.flatnonzero(changes.effect))
    by_row, labelled, others = changes.uu_at_matched_coverage, rows[:labels], rows[labels:]
    taken = np.where(llm == UNKNOWN, of.baseline[0].argmax(axis=1), llm)
    found = {}
    for name, weight in (("PPI", 1.0), ("PPI++", None)):
        truth, said, unlabelled = by_row[labelled, of.gold[labelled]], by_row[labelled, taken[labelled]], others
        low, high = ppi_mean_ci(truth, said, by_row[unlabelled, taken[unlabelled]], alpha=0.05, lam=weight)
        found[name] = Interval(len(rows) * float(low[0]), len(rows) * float(high[0]))
    return found


def plain_half_width(values: FloatArray, labels: int) -> float:
    """Of the interval of a sum from a random sample of so many of its parts."""
    n = len(values)
    return float(1.96 * n * values.std() * np.sqrt(1 / labels - 1 / n))


@dataclass(frozen=True)
class World:
    """What models and task are like."""

    labels: int
    seeds: int
    effect: str


def intervals(world: World, cells: Sequence[Cell], times: int, seed: int) -> list[dict[str, float]]:
    """Coverage and half-widths of cells of a world."""
    found: dict[Cell, dict[str, list[float]]] = {cell: defaultdict(list) for cell in cells}
    for number, dice in enumerate(draws(times, seed)):
        of = population(dice, labels=world.labels, seeds=world.seeds, better=EFFECTS[world.effect])
        llms = {kind: llm_labels(dice, of, kind) for kind in LLMS}
        arm, baseline = of.scored()
        changes = RowChanges.of(arm, baseline, TAU)
        by_row = changes.uu_at_matched_coverage[np.arange(len(of.gold)), of.gold]
        plain = {labels: plain_half_width(by_row, labels) for labels in LABELS}
        # Rows that add the same whatever their label is are left out: half of the time.
        inside = np.any([one.max(axis=1) > one.min(axis=1) for one in changes.by_figure.values()], axis=0)
        scale = float(inside.mean())  # of shares of all rows, to shares of these
        of = Population(of.gold[inside], *([one[inside] for one in side] for side in (of.baseline, of.arm)))
        arm, baseline = ([one.rows(inside) for one in side] for side in (arm, baseline))
        changes = RowChanges(
            changes.uu_at_matched_coverage[inside], changes.uu_at_tau[inside], changes.accuracy[inside] / scale
        )
        truth = {name: float(one[0]) for name, one in changes.totals(of.gold[None]).items()}
        for kind, labels in cells:
            cell, llm = found[kind, labels], llms[kind][inside]
            known = known_labels(dice, of, llm, changes.effect, labels)
            totals = changes.totals(label_sets(known, arm, baseline, changes, sets=_SETS, seed=number))
            corrected = corrections(known, arm, baseline, changes, totals)
            for name, one in ours({name: corrected[name].of(values) for name, values in totals.items()}).items():
                cell[f"{name}: held"].append(one.holds(truth[name]))
                cell[f"{name}: half"].append(one.half * (scale if name == "accuracy" else 1))
            for name, one in peers(dice, of, llm, changes, labels).items():
                cell[f"{name}: held"].append(one.holds(truth[FIGURES[0]]))
                cell[f"{name}: half"].append(one.half)
            cell["plain: half"].append(plain[labels])
    return [{name: mean(values) for name, values in cell.items()} for cell in found.values()]


def measured(world: World, cells: Sequence[Cell], times: int, seed: int) -> dict[Cell, dict[str, float]]:
    """`intervals` by cell."""
    facts = {"name": "intervals of verdicts", **asdict(world), "draws": times, "seed": seed}
    figures = once({**facts, "cells": [*map(list, cells)]}, lambda: intervals(world, cells, times, seed))
    return dict(zip(cells, figures, strict=True))


@dataclass(frozen=True)
class Measured:
    """The cells of a world by its first draws, and by each fresh drawing those that are drawn again."""

    first: dict[Cell, dict[str, float]]
    fresh: list[dict[Cell, dict[str, float]]]

    @classmethod
    def of(cls, world: World, times: int) -> Measured:
        """Of so many first draws."""
        found = cls(measured(world, CELLS, times, FIRST_DICE), [])
        for less, draws, dice in FRESH:
            again = [cell for cell in CELLS if any(found.held(cell, name) < less for name in FIGURES)]
            found.fresh.append(measured(world, again, draws, dice) if again else {})
        return found

    def drawn(self, cell: Cell, name: str) -> int:
        """How often a cell is drawn again for a figure."""
        held, count = self.first[cell][f"{name}: held"], 0
        for (less, *_), drawn in zip(FRESH, self.fresh, strict=False):
            if held >= less:
                break
            held, count = drawn[cell][f"{name}: held"], count + 1
        return count

    def held(self, cell: Cell, name: str) -> float:
        """How often the interval of a figure held the truth, by the draws that decide."""
        return [self.first, *self.fresh][self.drawn(cell, name)][cell][f"{name}: held"]


def print_intervals(times: int) -> None:
    """The table of intervals, and the cells that miss the goal."""
    worlds = {
        world: Measured.of(world, times) for world in (World(*task, one) for task, one in product(TASKS, EFFECTS))
    }
    methods = ("PPI", "PPI++") if ppi_mean_ci else ()
    anew = ", then ".join(f"{draws} fresh ones where it held in less than {less}" for less, draws, _ in FRESH)
    print(f"{times} draws a cell, {anew}; {len(worlds)} cells a line:")
    print("least coverage by the draws that decide, mean coverage and half-width of the first")
    print(
        "| LLM | labels | UUs at matched coverage | plain sample | accuracy, points |", *(f"{one} |" for one in methods)
    )
    print("| --- " * (5 + len(methods)) + "|")
    for cell in CELLS:
        found = [one.first[cell] for one in worlds.values()]
        uus, accuracy = (min(one.held(cell, name) for one in worlds.values()) for name in FIGURES)
        told = [
            _told(uus, found, FIGURES[0], 1),
            f"{mean(one['plain: half'] for one in found):.0f}",
            _told(accuracy, found, FIGURES[1], 100),
            *(_told(min(of[f"{one}: held"] for of in found), found, one, 1) for one in methods),
        ]
        print(f"| {cell[0]} | {cell[1]} |", " | ".join(told), "|")
    for name in FIGURES:
        _print_goals(worlds, name)


def _print_goals(worlds: dict[World, Measured], name: str) -> None:
    """Whether the intervals of a figure reach the goals, and where they do not."""
    every = [one.first[cell][f"{name}: held"] for one in worlds.values() for cell in CELLS]
    print(f"{name}: mean {mean(every):.4f} of {len(every)} cells (goal .94)")
    again = [(world, cell) for world, one in worlds.items() for cell in CELLS if one.drawn(cell, name)]
    if again:
        held = [worlds[world].held(cell, name) for world, cell in again]
        twice = sum(worlds[world].drawn(cell, name) == len(FRESH) for world, cell in again)
        told = f"mean {mean(held):.4f}, least {min(held):.3f}, {sum(share < LEAST for share in held)} below {LEAST}"
        print(f"  {len(again)} drawn again, {twice} of them twice: {told}")
    for world, cell in again:
        share, (*_, (_, draws, _)) = worlds[world].held(cell, name), FRESH
        if share < LEAST:
            noise = (share * (1 - share) / draws) ** 0.5
            print(f"  {cell[0]}, {cell[1]} labels asked, {world}: {share:.3f} (standard error {noise:.3f})")


def _told(least: float, cells: Sequence[dict[str, float]], name: str, times: float) -> str:
    held, half = (mean(cell[f"{name}: {of}"] for cell in cells) for of in ("held", "half"))
    return f"{least:.3f}, {held:.3f}, {times * half:.{0 if times == 1 else 1}f}".replace("0.", ".")


def case_of(dice: np.random.Generator, task: tuple[int, int], effect: str) -> tuple[Population, Case]:
    """Rows, and the models that are to be judged by them."""
    of = population(dice, labels=task[0], seeds=task[1], better=EFFECTS.get(effect, 0.0))
    if effect in SAME:
        of = replace(of, arm=[logits / SAME[effect] for logits in of.baseline])
    arm, baseline = of.scored()
    return of, Case({REFERENCE: baseline, ("arm", "scratch"): arm}, None, _RULE, _HOW)


def verdicts(task: tuple[int, int], effect: str, kind: LlmKind, times: int) -> dict[str, float]:
    """How often an arm is called ``proven``, from few labels and from all, and how often the words are the same."""
    found: dict[str, list[float]] = defaultdict(list)
    for dice in draws(times):
        of, case = case_of(dice, task, effect)
        (whole,) = words_of_all_labels(case).values()
        few = words_of_few_labels(case, llm_labels(dice, of, kind), budget=LABELS[-1], seed=int(dice.integers(2**32)))
        (word,) = few.words.values()
        found["proven"].append(word == "proven")
        found["proven by all labels"].append(whole == "proven")
        found["proven by few alone"].append(word == "proven" != whole)
        found["same word"].append(word == whole)
        found["labels"].append(few.labels)
    return {name: mean(values) for name, values in found.items()}


def judged(task: tuple[int, int], effect: str, kind: LlmKind, times: int) -> dict[str, float]:
    """`verdicts` of a task."""
    facts = {"effect": effect, "llm": kind, "labels": task[0], "seeds": task[1], "draws": times}
    found: dict[str, float] = once(
        {"name": "verdicts from few labels", **facts}, lambda: verdicts(task, effect, kind, times)
    )
    return found


def print_verdicts(times: int) -> None:
    """The table of verdicts."""
    print(f"five looks of {LABELS[-1]} labels; {times} draws of each of {len(JUDGED)} tasks")
    shown = ("proven", "proven by all labels", "proven by few alone", "same word")
    print(f"| effect | LLM | {' | '.join(shown)} | mean labels |")
    print("| --- " * (len(shown) + 3) + "|")
    worlds = [*product(("none",), LLMS), *product(("small", "large", "worse"), ("good", "absent"))]
    for effect, kind in [*worlds, *product(SAME, ("good",))]:
        each = [judged(task, effect, kind, times) for task in JUDGED]
        told = [f"{mean(one[name] for one in each):.3f}" for name in shown]
        print(f"| {effect} | {kind} | {' | '.join(told)} | {mean(one['labels'] for one in each):.0f} |", flush=True)


def main() -> None:
    """Print the tables."""
    times = int(os.environ.get("DRAWS") or 200)
    print_intervals(times)
    print_verdicts(max(1, times // 5))


if __name__ == "__main__":
    main()
