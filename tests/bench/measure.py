"""What benchmarks have in common: which machine this is, how a ratio is printed, and where finished figures are kept.

Options come from the environment, as `make bench` passes them on: ``DATA`` (folder of public data), ``ROWS``, ``ONLY``
(names of benchmarks, with commas) and ``RESULTS`` (a file to which each finished figure is appended).
"""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import orjson


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    data: Path | None
    rows: int | None
    only: tuple[str, ...]
    results: Path


def _options() -> Options:
    given = os.environ.get
    data, rows = given("DATA"), given("ROWS")
    only = tuple(name for name in given("ONLY", "").split(",") if name)
    results = Path(given("RESULTS") or Path("bench-results") / "results.jsonl")
    return Options(Path(data) if data else None, int(rows) if rows else None, only, results)


options = _options()


def machine() -> dict[str, Any]:
    """Processor, cores, bf16 in hardware, versions."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").is_file() else []
    facts = dict(line.replace("\t", "").split(": ", 1) for line in lines if ": " in line)
    flags = facts.get("flags", "").split()
    return {
        "cpu": facts.get("model name", platform.processor()),
        "cores": os.cpu_count(),
        "isa": "avx512" if "avx512f" in flags else "avx2" if "avx2" in flags else "other",
        "bf16": bool({"avx512_bf16", "amx_bf16"} & set(flags)),
        "python": platform.python_version(),
        "textual": version("textual"),
        "torch": version("torch"),
        "transformers": version("transformers"),
    }


def machine_line() -> str:
    """The machine in one line."""
    found = machine()
    return (
        f"{found['cpu']}, {found['cores']} cores, {found['isa']}, {'bf16' if found['bf16'] else 'no bf16'}; "
        f"Python {found['python']}, torch {found['torch']}, Textual {found['textual']}"
    )


def compare(
    name: str,
    ours: Sequence[float],
    peer: str,
    theirs: Sequence[float],
    *,
    goal: str = "",
    unit: str = "s",
    upside_down: bool = False,
    **facts: Any,
) -> None:
    """Print and keep how many times the peer's time is ours, pair by pair: both were measured in turn.

    ``upside_down``: how many times our time is the peer's, for what does more than its peer.
    """
    pairs = zip(theirs, ours, strict=True) if upside_down else zip(ours, theirs, strict=True)
    ratios = sorted(over / under for under, over in pairs)
    wanted = f", goal {goal}" if goal else ""
    print(
        f"{name}: {statistics.median(ours):.4g} {unit}; {peer}: {statistics.median(theirs):.4g} {unit}; "
        f"ratio {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}, n = {len(ratios)}){wanted}"
        f"{_told(facts)}",
        flush=True,
    )
    told = {"name": name, "peer": peer, "unit": unit, "goal": goal, "ratio": statistics.median(ratios)}
    keep({**told, "ours": list(ours), "theirs": list(theirs), **facts})


def figure(name: str, values: Sequence[float], *, goal: str = "", unit: str = "ms", **facts: Any) -> None:
    """Print and keep a figure of its own: median and 95th percentile."""
    ordered = sorted(values)
    high = ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]
    wanted = f", goal {goal}" if goal else ""
    print(
        f"{name}: median {statistics.median(ordered):.4g} {unit}, p95 {high:.4g} {unit}, n = {len(ordered)}{wanted}"
        f"{_told(facts)}",
        flush=True,
    )
    keep({"name": name, "unit": unit, "values": list(values), "goal": goal, **facts})


def keep(result: dict[str, Any]) -> None:
    """Append a finished figure to the results file, with the machine and the time."""
    options.results.parent.mkdir(parents=True, exist_ok=True)
    with options.results.open("ab") as out:
        out.write(orjson.dumps({"time": round(time.time()), "machine": machine(), **result}) + b"\n")


def kept() -> list[dict[str, Any]]:
    """All finished figures of the results file, the oldest first."""
    return [orjson.loads(line) for line in options.results.open("rb")] if options.results.is_file() else []


def once(facts: dict[str, Any], work: Callable[[], Any]) -> Any:
    """What an earlier run has kept of the same facts; else what the work gives, which is kept. Both JSON values."""
    for one in kept():
        if "result" in one and all(one.get(key) == value for key, value in facts.items()):
            return one["result"]
    result = work()
    keep({**facts, "result": result})
    return result


def _told(facts: dict[str, Any]) -> str:
    return "".join(f"; {key.replace('_', ' ')} {value}" for key, value in facts.items())
