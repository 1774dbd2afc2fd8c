"""Coverage and width of an audit's intervals, by the product's own draw and estimate, where the truth is known.

For each world (how often confident rows are wrong, and how good the LLM is that flags them) and number of labels:

- one look at the end, nominal .95: every outcome with its exact chance (hypergeometric in each stratum), no simulation;
- five looks, .95 for all together: ``DRAWS`` audits (default 600), each a miss if any of its five intervals misses.

The half-width stands beside that of a plain random sample of as many labels with the same kind of interval.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from itertools import product
from math import prod
from statistics import mean

import numpy as np
from scipy.stats import hypergeom

from engine.audit.draw import LOOKS, StratumName, sizes
from engine.audit.estimate import Stratum, bounds
from tests.bench.measure import keep

RATES = (0.005, 0.01, 0.02, 0.05, 0.15, 0.3)
LABELS = (30, 60, 100, 200, 400)
ROWS = 20_000
LLMS = {
    "strong": "it flags .9 of the wrong rows; .8 of its flags are wrong rows",
    "strong, hasty": "it flags .9 of the wrong rows and .03 of the right ones",
    "weak": "it flags .6 of the wrong rows and .25 of the right ones",
    "absent": "has labelled no row: there is one stratum",
}
_RARE = 1e-5  # chance of an outcome that is left out

World = list[tuple[StratumName, int, int]]
"""Strata with their rows, and how many of these are wrong."""


def world(rate: float, llm: str) -> World:
    """The confident rows of a project."""
    wrong = round(rate * ROWS)
    if llm == "absent":
        return [("confident", ROWS, wrong)]
    caught = round((0.6 if llm == "weak" else 0.9) * wrong)
    right = {"strong": caught / 4, "strong, hasty": 0.03 * (ROWS - wrong), "weak": 0.25 * (ROWS - wrong)}[llm]
    flagged = caught + round(right)
    return [("flagged", flagged, caught), ("confident", ROWS - flagged, wrong - caught)]


def strata(of: World, drawn: list[int], hits: tuple[int, ...]) -> tuple[Stratum, ...]:
    """What people's labels say of a world."""
    return tuple(Stratum(rows, n, k) for (_, rows, _), n, k in zip(of, drawn, hits, strict=True))


@cache
def interval(found: tuple[Stratum, ...], coverage: float) -> tuple[float, float]:
    """`bounds`, once for each outcome; strata without a label yet are as the product has them."""
    return bounds(found, coverage)


def outcomes(of: World, drawn: list[int]) -> Iterator[tuple[tuple[int, ...], float]]:
    """Hits in each stratum, with their chance."""
    each = []
    for (_, rows, wrong), n in zip(of, drawn, strict=True):
        hits = np.arange(n + 1)
        chances = hypergeom.pmf(hits, rows, wrong, n)
        each.append([(int(k), float(chance)) for k, chance in zip(hits, chances, strict=True) if chance > _RARE])
    for combined in product(*each):
        if (chance := prod(one for _, one in combined)) > _RARE:
            yield tuple(k for k, _ in combined), chance


def one_look(of: World, labels: int) -> tuple[float, float]:
    """Coverage and mean half-width of the nominal 95 % interval."""
    drawn = drawn_of(of, labels)
    truth = sum(wrong for *_, wrong in of) / ROWS
    covered = width = whole = 0.0
    for hits, chance in outcomes(of, drawn):
        low, high = interval(strata(of, drawn, hits), 0.95)
        covered += chance * (low - 1e-12 <= truth <= high + 1e-12)
        width += chance * (high - low) / 2
        whole += chance
    return covered / whole, width / whole


def drawn_of(of: World, labels: int) -> list[int]:
    """How many rows of each stratum the product draws."""
    asked = sizes({name: rows for name, rows, _ in of}, labels)
    return [asked[name] for name, *_ in of]


def five_looks(of: World, labels: int, draws: int) -> float:
    """Share of the audits all of whose five intervals cover the truth."""
    dice = np.random.default_rng(13)
    whole, truth = drawn_of(of, labels), sum(wrong for *_, wrong in of) / ROWS
    covered = 0
    for _ in range(draws):
        found, parts = np.zeros(len(of), dtype=int), [*zip(*of, strict=True)]
        before = np.zeros(len(of), dtype=int)
        good = True
        for look in range(1, LOOKS + 1):
            drawn = np.array([round(n * look / LOOKS) for n in whole])
            wrong, rows = np.array(parts[2]) - found, np.array(parts[1]) - before
            found = found + dice.hypergeometric(wrong, rows - wrong, drawn - before)
            before = drawn
            low, high = interval(strata(of, drawn.tolist(), tuple(found.tolist())), 1 - 0.05 / LOOKS)
            good = good and low - 1e-12 <= truth <= high + 1e-12
        covered += good
    return covered / draws


def main() -> None:
    """Print the tables."""
    draws = int(os.environ.get("DRAWS") or 600)
    once, often = [], []
    for llm, told in LLMS.items():
        print(f"LLM, {llm}: {told}")
    print(f"cells: coverage of one look / of five looks ({draws} audits), half-width (plain sample) in points")
    print("| LLM | labels | " + " | ".join(f"{rate:.1%}" for rate in RATES) + " |")
    print("| --- " * (len(RATES) + 2) + "|")
    for llm in LLMS:
        for labels in LABELS:
            cells = []
            for rate in RATES:
                covered, width = one_look(world(rate, llm), labels)
                _, plain = one_look(world(rate, "absent"), labels)
                over_all = five_looks(world(rate, llm), labels, draws)
                once.append(covered)
                often.append(over_all)
                compared = "" if llm == "absent" else f" ({100 * plain:.1f})"
                told = f"{covered:.3f}".lstrip("0"), f"{over_all:.3f}".lstrip("0")
                cells.append(f"{' / '.join(told)}, {100 * width:.1f}{compared}")
                figures = {"covered": covered, "five_looks": over_all, "width": width, "plain": plain}
                keep({"name": "statistics of audits", "llm": llm, "labels": labels, "rate": rate, **figures})
            print(f"| {llm} | {labels} | " + " | ".join(cells) + " |", flush=True)
    print(f"one look: least {min(once):.3f}, mean {mean(once):.3f}; five: least {min(often):.3f}, {mean(often):.3f}")


if __name__ == "__main__":
    main()
