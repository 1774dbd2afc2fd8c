"""The real worker process with jobs that take no model: they wait for the file `go`, then write their result."""

from __future__ import annotations

import sys
import time
from typing import Any

from engine.child import command
from engine.jobs.job_process import main
from engine.jobs.kind import JobKind
from engine.operations.job_records import CompareOptions, CompareResult, DiscoverOptions, DiscoverResult
from engine.progress import Monitor
from engine.project import Project
from engine.review.draw_comparison import compare as draw_up
from tests.tui.app.projects import write_discovery

WORKER = command("tests.tui.app.planted_worker")


def plant(project: Project, options: DiscoverOptions, monitor: Monitor) -> DiscoverResult:
    """Report a quarter of the work until the file `go` is there; what it writes is cut off if that says `damaged`."""
    _wait(project, monitor)
    write_discovery(project.root)
    if (project.root / "go").read_text() == "damaged":
        (project.round_dir(1) / "discovery.json").write_text("{")
    return DiscoverResult(round=1, blind_spots=3, uus=15, tau=0.9)


def compare(project: Project, options: CompareOptions, monitor: Monitor) -> CompareResult:
    """Report a quarter of the work until the file `go` is there, then compare without embeddings."""
    _wait(project, monitor)
    found = draw_up(project, own=options.own, embed=False)
    return CompareResult(found.judgements, found.items)


def _wait(project: Project, monitor: Monitor) -> None:
    while not (project.root / "go").exists():
        monitor.step("score", 25, 100)
        time.sleep(0.02)


if __name__ == "__main__":
    kinds: list[JobKind[Any]] = [
        JobKind(DiscoverOptions, plant, lambda *_: []),
        JobKind(CompareOptions, compare, lambda *_: []),
    ]
    sys.exit(main(sys.argv[1:], {kind.options.kind: kind for kind in kinds}))
