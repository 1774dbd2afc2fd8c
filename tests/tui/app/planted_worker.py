"""The real worker process with a discovery that takes no model: it waits for the file `go`, then writes a result."""

from __future__ import annotations

import sys
import time
from typing import Any

from engine.jobs.worker import main
from engine.progress import Monitor
from engine.project import Project
from tests.tui.app.projects import write_discovery


def plant(project: Project, options: dict[str, Any], monitor: Monitor) -> dict[str, Any]:
    """Report a quarter of the work until the file `go` is there."""
    while not (project.root / "go").exists():
        monitor.step("score", 25, 100)
        time.sleep(0.02)
    write_discovery(project.root)
    return {"round": 1, "blind_spots": 3, "uus": 15}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], {"discover": plant}))
