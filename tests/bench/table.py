"""Finished figures as one table: ours, the peer's, the goal, and what was recorded last on such a machine."""

from __future__ import annotations

import re
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_KIND = ("cpu", "cores", "isa", "bf16")  # of a machine: what a ratio is compared across
_HEAD = ("what", "ours", "peer", "ratio", "goal", "reached", "before", "change")
_GOAL = re.compile(r"(?P<p95>p95 )?(?P<sign><=|>=)?\s*(?P<number>[\d.]+)")


@dataclass(frozen=True)
class _Figure:
    """What the table says of a figure; ``value``: what the goal is about, and what is compared with that before."""

    ours: str
    peer: str
    ratio: str
    value: float
    unit: str


def table(results: Sequence[Mapping[str, Any]], *, since: int) -> list[str]:
    """The lines of a table of all figures from a place of the results on; each name once, with its last figure.

    Args:
        results: as `tests.bench.measure.keep` has written them, the oldest first.
        since: place of the first one of this run. Those before are what it is compared with.
    """
    new = {_key(one): one for one in results[since:] if _figure(one)}
    old = {(_key(one), _machine(one)): one for one in results[:since] if _figure(one)}
    rows = [_HEAD]
    for key, one in new.items():
        found, goal = _figure(one), one.get("goal", "")
        assert found is not None
        before = _figure(old.get((key, _machine(one)), {}))
        rows.append(
            (
                one["name"],
                found.ours,
                found.peer,
                found.ratio,
                goal or "-",
                "-" if not goal else "yes" if _reached(goal, found.value) else "no",
                f"{_number(before.value)}{before.unit}" if before else "-",
                f"{100 * (found.value / before.value - 1):+.0f} %" if before and before.value else "-",
            )
        )
    if len(rows) == 1:
        return ["no figure was finished"]
    widths = [max(len(row[place]) for row in rows) for place in range(len(_HEAD))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return [lines[0], "-" * max(map(len, lines)), *lines[1:]]


def _key(one: Mapping[str, Any]) -> tuple[str, str]:
    """The name of a figure, and that of its peer without what was chosen in the run (a batch size)."""
    return str(one["name"]), re.sub(r" \d+$", "", str(one.get("peer", "")))


def _machine(one: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(one["machine"].get(fact) for fact in _KIND)


def _figure(one: Mapping[str, Any]) -> _Figure | None:
    """None: this line is no figure of its own, as a single training is none."""
    unit = f" {one['unit']}" if "unit" in one else ""
    if "ours" in one:
        pairs = zip(one["ours"], one["theirs"], strict=True)
        # before the ratio was kept: the first paint alone is told the other way round, and its goal says so
        ratio = one.get("ratio") or statistics.median(
            ours / theirs if "<=" in one.get("goal", "") else theirs / ours for ours, theirs in pairs
        )
        ours, theirs = statistics.median(one["ours"]), statistics.median(one["theirs"])
        return _Figure(f"{_number(ours)}{unit}", f"{one['peer']}: {_number(theirs)}{unit}", f"{ratio:.2f}", ratio, "")
    if "values" in one:
        ordered = sorted(one["values"])
        high = ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]
        return _Figure(f"{_number(statistics.median(ordered))}, p95 {_number(high)}{unit}", "-", "-", high, unit)
    if "seconds" in one and "who" not in one:
        return _Figure(f"{_number(one['seconds'])} s", "-", "-", float(one["seconds"]), " s")
    return None


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def _reached(goal: str, value: float) -> bool:
    found = _GOAL.match(goal)
    if found is None:
        return False
    number = float(found["number"])
    return value >= number if found["sign"] == ">=" else value <= number
