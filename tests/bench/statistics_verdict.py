"""Verdicts from few labels where the truth is known: coverage and width of intervals, and how often a word is wrong.

Made-up proof rows (`tests.builders.populations`), ``DRAWS`` of them a cell (default 200), for each kind of LLM, number
of labels, task (2 or 3 labels, 1 or 3 seeds) and effect:

- the interval of the change on these very rows, .95 of the likely label sets: how often it holds what all labels say,
  and its half-width. Beside it that of a plain random sample of as many of all rows (normal, with its true variance),
  and, where ppi-python is installed, intervals of prediction-powered inference on a random sample of as many of the
  rows that can change: classical, with the LLM's labels taken as they are, and tuned (PPI++);
- the verdict after five looks, by the product's own judge, which stops once it is certain: how often an arm that is as
  good as the baseline is ``proven``, and how often the word is that from all labels. A fourth of the draws.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
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
from tests.bench.measure import keep
from tests.builders.populations import TAU, LlmKind, Population, known_labels, llm_labels, population

try:
    from ppi_py import ppi_mean_ci
except ImportError:
    ppi_mean_ci = None

LLMS: tuple[LlmKind, ...] = get_args(LlmKind)
LABELS = (30, 60, 100, 150)
EFFECTS = {"none": 0.0, "small": 0.3, "large": 0.8, "worse": -0.8}
SAME = {"copy": 1.0, "rescaled": 1.7}  # temperatures of an arm that is the baseline
TASKS = tuple(product((2, 3), (1, 3)))  # labels, seeds
JUDGED = ((2, 1), (3, 3))
FIGURES = ("uu_at_matched_coverage", "accuracy")
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


def draws(of: int) -> Iterator[np.random.Generator]:
    """Dice of each draw."""
    return (np.random.default_rng((13, number)) for number in range(of))


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


def intervals(task: tuple[int, int], effect: str, times: int) -> dict[tuple[LlmKind, int], dict[str, float]]:
    """Coverage and half-widths of a task and effect, by LLM and labels."""
    cells: dict[tuple[LlmKind, int], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for number, dice in enumerate(draws(times)):
        of = population(dice, labels=task[0], seeds=task[1], better=EFFECTS[effect])
        arm, baseline = of.scored()
        changes = RowChanges.of(arm, baseline, TAU)
        truth = {name: float(found[0]) for name, found in changes.totals(of.gold[None]).items()}
        by_row = changes.uu_at_matched_coverage[np.arange(len(of.gold)), of.gold]
        for kind in LLMS:
            llm = llm_labels(dice, of, kind)
            for labels in LABELS:
                cell = cells[kind, labels]
                known = known_labels(dice, of, llm, changes.effect, labels)
                likely = label_sets(known, arm, baseline, changes, sets=_SETS, seed=number)
                totals = changes.totals(likely)
                corrected = corrections(known, arm, baseline, changes, totals)
                for name, found in ours({name: corrected[name].of(of) for name, of in totals.items()}).items():
                    cell[f"{name}: held"].append(found.holds(truth[name]))
                    cell[f"{name}: half"].append(found.half)
                for name, found in peers(dice, of, llm, changes, labels).items():
                    cell[f"{name}: held"].append(found.holds(truth[FIGURES[0]]))
                    cell[f"{name}: half"].append(found.half)
                cell["plain: half"].append(plain_half_width(by_row, labels))
    return {key: {name: mean(values) for name, values in cell.items()} for key, cell in cells.items()}


def print_intervals(times: int) -> None:
    """The table of intervals, and the cells that miss the goal."""
    found: dict[tuple[LlmKind, int], list[dict[str, float]]] = defaultdict(list)
    missed = []
    for task, effect in product(TASKS, EFFECTS):
        for key, figures in intervals(task, effect, times).items():
            found[key].append(figures)
            world = {"llm": key[0], "asked": key[1], "labels": task[0], "seeds": task[1], "effect": effect}
            keep({"name": "intervals of verdicts", **world, "draws": times, **figures})
            missed += [
                f"{world}: {name} {figures[f'{name}: held']:.3f}" for name in FIGURES if figures[f"{name}: held"] < 0.92
            ]
    methods = ("PPI", "PPI++") if ppi_mean_ci else ()
    noise, worlds = (0.95 * 0.05 / times) ** 0.5, len(TASKS) * len(EFFECTS)
    print(
        f"{times} draws a cell (standard error of .95: {noise:.3f}), {worlds} cells: least, mean coverage; half-width"
    )
    print(
        "| LLM | labels | UUs at matched coverage | plain sample | accuracy, points |", *(f"{one} |" for one in methods)
    )
    print("| --- " * (5 + len(methods)) + "|")
    for (kind, labels), cells in found.items():
        told = [
            _told(cells, FIGURES[0], 1),
            f"{mean(one['plain: half'] for one in cells):.0f}",
            _told(cells, FIGURES[1], 100),
        ]
        print(
            f"| {kind} | {labels} |", " | ".join([*told, *(_told(cells, one, 1) for one in methods)]), "|", flush=True
        )
    for name in FIGURES:
        held = [cell[f"{name}: held"] for cells in found.values() for cell in cells]
        print(f"{name}: least {min(held):.3f}, mean {mean(held):.4f} of {len(held)} cells (goals: .92, .94)")
    print("\n".join(["below the goal:", *missed]) if missed else "no cell is below the goal")


def _told(cells: Sequence[dict[str, float]], name: str, times: float) -> str:
    held = [cell[f"{name}: held"] for cell in cells]
    half = times * mean(cell[f"{name}: half"] for cell in cells)
    return f"{min(held):.3f}, {mean(held):.3f}, {half:.{0 if times == 1 else 1}f}".replace("0.", ".")


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


def print_verdicts(times: int) -> None:
    """The table of verdicts."""
    print(f"five looks of {LABELS[-1]} labels; {times} draws of each of {len(JUDGED)} tasks")
    shown = ("proven", "proven by all labels", "proven by few alone", "same word")
    print(f"| effect | LLM | {' | '.join(shown)} | mean labels |")
    print("| --- " * (len(shown) + 3) + "|")
    worlds = [*product(("none",), LLMS), *product(("small", "large", "worse"), ("good", "absent"))]
    for effect, kind in [*worlds, *product(SAME, ("good",))]:
        each = [verdicts(task, effect, kind, times) for task in JUDGED]
        for task, figures in zip(JUDGED, each, strict=True):
            world = {"effect": effect, "llm": kind, "labels": task[0], "seeds": task[1]}
            keep({"name": "verdicts from few labels", **world, "draws": times, **figures})
        told = [f"{mean(one[name] for one in each):.3f}" for name in shown]
        print(f"| {effect} | {kind} | {' | '.join(told)} | {mean(one['labels'] for one in each):.0f} |", flush=True)


def main() -> None:
    """Print the tables."""
    times = int(os.environ.get("DRAWS") or 200)
    print_intervals(times)
    print_verdicts(max(1, times // 5))


if __name__ == "__main__":
    main()
