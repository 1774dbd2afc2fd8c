"""What `tests.bench.budget` found so far: a table, curves over people's labels, the LLM's worth in labels, goals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from engine.files import write_atomic
from engine.proof.metrics import Scored
from engine.proof.recipes import ALL_ROWS
from engine.proof.statistics import compare
from engine.proof.verdict_rule import Rule, judge
from engine.settings import Settings
from tests.bench.measure import machine_line
from tui.reporting.plots import draw

GOALS = {"sentiment": (0.30, 0.40), "nli": (0.25, 0.30), "paraphrase": (0.20, 0.30)}
"""Shares by which UUs at matched coverage shall fall, with `GOAL_ARM` and `GOAL_BUDGET` people's labels: at least, and
better."""
GOAL_ARM, GOAL_BUDGET = "hunt+llm", 200
BEHIND = 0.03  # of the UUs before, that it may be behind all gold labels of the pool

_MATCHED = "uu_at_matched_coverage"


@dataclass(frozen=True)
class Cell:
    """An arm, with how many labels people gave for it, trained with a seed."""

    task: str
    arm: str
    budget: int
    seed: int

    def as_json(self) -> dict[str, Any]:
        """Its fields."""
        return asdict(self)


@dataclass(frozen=True)
class Finished:
    """A cell, what is kept of it, what its model and the baseline of its seed say by split, and the settings."""

    cell: Cell
    line: dict[str, Any]
    arm: dict[str, Scored]
    baseline: dict[str, Scored]
    settings: Settings


@dataclass(frozen=True)
class Row:
    """An arm at a budget, over its finished seeds.

    ``before`` and ``after``: UUs at matched coverage; ``low`` and ``high``: interval of the difference. ``test``: mean
    of the change of accuracy and its lower bound; None without test rows.
    """

    task: str
    arm: str
    budget: int
    seeds: tuple[int, ...]
    rows: int
    recipe: str
    before: float
    after: float
    low: float
    high: float
    test: tuple[float, float] | None
    verdict: str

    @property
    def change(self) -> float:
        """Of the UUs, as a share of those before."""
        return self.after / self.before - 1 if self.before else 0.0


_judged: dict[tuple[Any, ...], Row] = {}  # by cell and trainings: an interval takes a second


def write_report(done: Sequence[Finished], arms: Mapping[str, str], out: Path) -> None:
    """Write ``budget.md`` and ``budget.svg``."""
    groups: defaultdict[tuple[str, str, int], list[Finished]] = defaultdict(list)
    for one in done:
        groups[one.cell.task, one.cell.arm, one.cell.budget].append(one)
    rows = [_row(sorted(group, key=lambda one: one.cell.seed)) for group in groups.values()]
    rows.sort(key=lambda row: (row.task, list(arms).index(row.arm), row.budget))
    tasks = sorted({row.task for row in rows})
    text = [machine_line(), "", *_table(rows), ""]
    for task in tasks:
        mine = [row for row in rows if row.task == task]
        text += [f"- {task}: {line}" for line in (*_worth(mine), *_goals(task, mine))]
    write_atomic(out / "budget.md", ("\n".join(text) + "\n").encode())
    if rows:
        write_atomic(out / "budget.svg", draw(partial(_curves, tasks=tasks), rows).encode())


def _row(group: Sequence[Finished]) -> Row:
    """The product's own figures and verdict of an arm beside the baseline, as in a proof of this arm alone."""
    settings, cell = group[0].settings, group[0].cell
    key = cell.task, cell.arm, cell.budget, *(one.line["training"] for one in group)
    if key not in _judged:
        tau, proof = settings.discovery.tau, settings.proof
        compared = {
            split: compare(
                {"baseline": [one.baseline[split] for one in group], "arm": [one.arm[split] for one in group]},
                baseline="baseline",
                tau=tau,
                resamples=proof.bootstrap,
                interval=proof.interval,
            )
            for split in group[0].arm
        }
        arm, before = ({split: of[name] for split, of in compared.items()} for name in ("arm", "baseline"))
        matched, test = arm["proof"].difference[_MATCHED], arm.get("test")
        lost = test.difference["accuracy"] if test else None
        _judged[key] = Row(
            cell.task,
            cell.arm,
            cell.budget,
            tuple(one.cell.seed for one in group),
            group[0].line["rows"],
            _recipe(group[0]),
            before["proof"].values[_MATCHED].mean,
            arm["proof"].values[_MATCHED].mean,
            matched.low,
            matched.high,
            (lost.mean, lost.low) if lost else None,
            judge(arm, before, Rule(tau, proof.margin, proof.interval)).word,
        )
    return _judged[key]


def _recipe(one: Finished) -> str:
    """The recipe, and the rows if they were chosen."""
    rows = one.line["choice"].get("chosen_rows") or ALL_ROWS
    return one.line["recipe"] if rows == ALL_ROWS else f"{one.line['recipe']} on {rows} rows"


def _table(rows: Sequence[Row]) -> list[str]:
    head = (
        "task",
        "arm",
        "people's labels",
        "rows",
        "recipe",
        "matched",
        "change",
        "test accuracy",
        "seeds",
        "verdict",
    )
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    for row in rows:
        test = f"{row.test[0]:+.3f} (from {row.test[1]:+.3f})" if row.test else "no test rows"
        change = f"{100 * row.change:+.0f} % ({row.low:+.0f} to {row.high:+.0f})"
        cells = [
            row.task,
            row.arm,
            f"{row.budget:,}",
            f"{row.rows:,}",
            row.recipe,
            f"{row.before:.0f} -> {row.after:.0f}",
        ]
        cells += [change, test, ", ".join(map(str, row.seeds)), row.verdict]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def _curve(rows: Sequence[Row], arm: str) -> tuple[list[float], list[float]]:
    """People's labels and the change of UUs.

    Where people's labels vary it begins at none: nothing changes then, or what the LLM alone does.
    """
    starts = {"random": 0.0, "hunt": 0.0, "hunt+llm": next((row.change for row in rows if row.arm == "llm"), None)}
    points = [(float(row.budget), row.change) for row in rows if row.arm == arm]
    if points and (start := starts.get(arm)) is not None:
        points.insert(0, (0.0, start))
    return [at for at, _ in points], [change for _, change in points]


def _worth(rows: Sequence[Row]) -> list[str]:
    """How many labels of people, at random, do what an LLM's do: by the random curve, straight between points."""
    llm = next((row for row in rows if row.arm == "llm"), None)
    labels, changes = _curve(rows, "random")
    whole = next((row for row in rows if row.arm == "all"), None)
    if whole:
        labels, changes = [*labels, float(whole.budget)], [*changes, whole.change]
    if llm is None or len(labels) < 2:
        return []
    told = f"the LLM's labels alone change UUs by {100 * llm.change:+.0f} %, which takes"
    for place in range(1, len(labels)):
        if changes[place] <= llm.change < changes[place - 1]:
            share = (llm.change - changes[place - 1]) / (changes[place] - changes[place - 1])
            found = labels[place - 1] + share * (labels[place] - labels[place - 1])
            return [f"{told} about {found:,.0f} labels of people, at random"]
    if llm.change >= 0:
        return [f"{told} no label of anybody"]
    return [f"{told} more than the {labels[-1]:,.0f} labels at random that were tried"]


def _goals(task: str, rows: Sequence[Row]) -> list[str]:
    """Each goal as it came out."""
    ours = next((row for row in rows if (row.arm, row.budget) == (GOAL_ARM, GOAL_BUDGET)), None)
    if ours is None:
        return []
    seeds = f"{len(ours.seeds)} {'seed' if len(ours.seeds) == 1 else 'seeds'}"
    found = []
    for name, share in zip(("goal", "better"), GOALS.get(task, ()), strict=False):
        reached = ours.change <= -share and ours.verdict == "proven"
        found.append(
            f"{name} {-100 * share:.0f} % with {GOAL_BUDGET} labels, proven: {100 * ours.change:+.1f} %, "
            f"{ours.verdict} ({seeds}): {'reached' if reached else 'not reached'}"
        )
    whole = next((row for row in rows if row.arm == "all" and row.seeds == ours.seeds), None)
    if whole:
        behind = ours.change - whole.change
        found.append(
            f"goal at most {100 * BEHIND:.0f} points behind all gold labels of the pool: {100 * ours.change:+.1f} % "
            f"and {100 * whole.change:+.1f} %: {'reached' if behind <= BEHIND else 'not reached'}"
        )
    return found


def _curves(figure: Any, rows: Sequence[Row], *, tasks: Sequence[str]) -> None:
    """A panel for each task; people's labels on a scale that is linear up to 50 and logarithmic beyond."""
    figure.set_size_inches(3.2 * len(tasks) + 1.6, 3.4)
    panels = np.atleast_1d(figure.subplots(1, len(tasks), sharey=True))
    names = list(dict.fromkeys(row.arm for row in rows))
    for axes, task in zip(panels, tasks, strict=True):
        mine = [row for row in rows if row.task == task]
        for place, name in enumerate(names):
            at, change = _curve(mine, name)
            style = "o-" if len(at) > 1 else "D"
            axes.plot(at, [100 * one for one in change], style, color=f"C{place}", markersize=4, label=name)
        axes.set_title(task)
        axes.set_xscale("symlog", linthresh=50)
        ticks = sorted({0, *(row.budget for row in mine if row.arm in ("random", "hunt", "hunt+llm", "all"))})
        axes.set_xticks(ticks, [f"{one:,}" for one in ticks], fontsize=7)
        axes.set_xticks([], minor=True)
        axes.set_xlabel("people's labels")
    panels[0].set_ylabel("UUs at matched coverage, change in %")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside right upper", fontsize=7)
