"""The real worker process with work that takes no model: it counts, keeping its place in a file.

It ends with the process of pytest that started it, also if that is killed: nobody else would stop it.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from typing import ClassVar

from engine.child import command
from engine.errors import ProjectError
from engine.files import write_atomic
from engine.jobs.job_process import main
from engine.jobs.kind import JobKind, JobOptions
from engine.progress import Monitor
from engine.project import Project
from engine.schema import Record
from tests import leftovers

FOREVER = 10**9
WORKER = command("tests.engine.jobs.slow_worker")


@dataclass(frozen=True, slots=True)
class CountOptions(JobOptions):
    """How far to count, and how to fail then: ``user`` or ``bug``."""

    kind: ClassVar[str] = "discover"

    to: int = FOREVER
    fail: str = ""


@dataclass(frozen=True, slots=True)
class RetrainCountOptions(CountOptions):
    """The same as another kind of job."""

    kind: ClassVar[str] = "retrain"


@dataclass(frozen=True, slots=True)
class CountResult(Record):
    """From where to where was counted."""

    started_at: int
    counted: int


def count(project: Project, options: CountOptions, monitor: Monitor) -> CountResult:
    """Count two milliseconds a step, resuming where the last attempt was."""
    tests = int(os.environ[leftovers.NAME].partition("-")[0])
    place = project.root / "place"
    done = int(place.read_text()) if place.is_file() else 0
    started_at = done
    monitor.note("counting")
    while done < options.to:
        done += 1
        write_atomic(place, str(done).encode())  # a kill may come at any moment
        monitor.step("count", done, options.to, loss=1 / done)
        time.sleep(0.002)
        os.kill(tests, 0)  # ProcessLookupError: it is gone
    if options.fail == "user":
        raise ProjectError("the shelf is empty", hint="fill it")
    if options.fail == "bug":
        raise ZeroDivisionError("a defect")
    return CountResult(started_at, done)


if __name__ == "__main__":
    kinds = [JobKind(one, count, lambda *_: []) for one in (CountOptions, RetrainCountOptions)]
    sys.exit(main(sys.argv[1:], {kind.options.kind: kind for kind in kinds}))
