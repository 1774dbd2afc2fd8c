"""The real worker process with work of a moment, for whatever kind of job a random key starts."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, replace

from engine.jobs.job_process import main
from engine.jobs.kind import JobOptions
from engine.operations.job_kinds import KINDS
from engine.progress import Monitor
from engine.project import Project
from engine.schema import Record


@dataclass(frozen=True, slots=True)
class CountResult(Record):
    """What it did."""

    sentence: str = "Counted to 200."


def count(project: Project, options: JobOptions, monitor: Monitor) -> CountResult:
    """Count to 200, five milliseconds a step: long enough for a key while it runs."""
    for done in range(200):
        monitor.step("count", done, 200)
        time.sleep(0.005)
    return CountResult()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], {name: replace(kind, work=count) for name, kind in KINDS.items()}))
