"""The real worker process with jobs that take no model: they wait for the file `go`, then write their result."""

from __future__ import annotations

import sys
import time
from typing import Any

from engine.jobs.job_process import main
from engine.progress import Monitor
from engine.project import Project
from engine.review.draw_comparison import compare as draw_up
from tests.tui.app.projects import write_discovery


def plant(project: Project, options: dict[str, Any], monitor: Monitor) -> dict[str, Any]:
    """Report a quarter of the work until the file `go` is there."""
    _wait(project, monitor)
    write_discovery(project.root)
    return {"round": 1, "blind_spots": 3, "uus": 15}


def compare(project: Project, options: dict[str, Any], monitor: Monitor) -> dict[str, Any]:
    """Report a quarter of the work until the file `go` is there, then compare without embeddings."""
    _wait(project, monitor)
    draw_up(project, own=bool(options.get("own")), embed=False)
    return {}


def _wait(project: Project, monitor: Monitor) -> None:
    while not (project.root / "go").exists():
        monitor.step("score", 25, 100)
        time.sleep(0.02)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], {"discover": plant, "compare": compare}))
