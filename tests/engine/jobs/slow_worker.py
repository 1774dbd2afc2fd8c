"""The real worker process with work that takes no model: it counts, keeping its place in a file.

It ends with the process of pytest that started it, also if that is killed: nobody else would stop it.
"""

from __future__ import annotations

import os
import sys
import time
from typing import Any

from engine.errors import ProjectError
from engine.files import write_atomic
from engine.jobs.job_process import main
from engine.progress import Monitor
from engine.project import Project
from tests import leftovers


def count(project: Project, options: dict[str, Any], monitor: Monitor) -> dict[str, Any]:
    """Count to ``options["to"]`` or for ever, two milliseconds a step, resuming where the last attempt was."""
    to, tests = options.get("to", 10**9), int(os.environ[leftovers.NAME].partition("-")[0])
    place = project.root / "place"
    done = int(place.read_text()) if place.is_file() else 0
    started_at = done
    monitor.note("counting")
    while done < to:
        done += 1
        write_atomic(place, str(done).encode())  # a kill may come at any moment
        monitor.step("count", done, to, loss=1 / done)
        time.sleep(0.002)
        os.kill(tests, 0)  # ProcessLookupError: it is gone
    if options.get("fail") == "user":
        raise ProjectError("the shelf is empty", hint="fill it")
    if options.get("fail") == "bug":
        raise ZeroDivisionError("a defect")
    return {"started_at": started_at, "counted": done}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], {"discover": count, "retrain": count}))
