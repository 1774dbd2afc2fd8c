"""The real worker process with work of a moment, for whatever kind of job a random key starts."""

from __future__ import annotations

import sys
import time
from typing import Any

from engine.jobs.job_process import main
from engine.jobs.spec import JOB_KINDS
from engine.progress import Monitor
from engine.project import Project


def count(project: Project, options: dict[str, Any], monitor: Monitor) -> dict[str, Any]:
    """Count to 200, five milliseconds a step: long enough for a key while it runs."""
    for done in range(200):
        monitor.step("count", done, 200)
        time.sleep(0.005)
    return {"sentence": "Counted to 200."}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], dict.fromkeys(JOB_KINDS, count)))
