"""The real worker process with work that takes no model: it counts, keeping its place in a file."""

from __future__ import annotations

import sys
import time
from typing import Any

from engine.errors import ProjectError
from engine.files import write_atomic
from engine.jobs.worker import main
from engine.progress import Monitor
from engine.project import Project


def count(project: Project, options: dict[str, Any], monitor: Monitor) -> dict[str, Any]:
    """Count to ``options["to"]`` or for ever, two milliseconds a step, resuming where the last attempt was."""
    to = options.get("to", 10**9)
    place = project.root / "place"
    done = int(place.read_text()) if place.is_file() else 0
    started_at = done
    monitor.note("counting")
    while done < to:
        done += 1
        write_atomic(place, str(done).encode())  # a kill may come at any moment
        monitor.step("count", done, to, loss=1 / done)
        time.sleep(0.002)
    if options.get("fail") == "user":
        raise ProjectError("the shelf is empty", mend="fill it")
    if options.get("fail") == "bug":
        raise ZeroDivisionError("a defect")
    return {"started_at": started_at, "counted": done}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], {"discover": count, "retrain": count}))
