"""Watching a job from outside: its events as they come, until it ends."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from engine.files import open_read
from engine.jobs.events import Event, parse_event, read_events
from engine.jobs.spec import JobFiles
from engine.jobs.status import find_job

POLL_SECONDS = 0.25


def follow(root: Path, job_id: str) -> Iterator[Event]:
    """Yield the events of a job from its first one on, waiting for more until it has ended or died.

    Raises:
        JobError: there is no such job.
    """
    files = JobFiles.of(root / "jobs", job_id)
    position = 0
    while True:
        ended = find_job(root, job_id).state != "running"  # asked before reading, so that nothing is missed
        with suppress(FileNotFoundError), open_read(files.events) as log:
            log.seek(position)
            for line in log:
                if not line.endswith(b"\n"):
                    break
                position += len(line)
                event = parse_event(line)
                if event is not None:
                    yield event
        if ended:
            return
        time.sleep(POLL_SECONDS)


def notes(root: Path, job_id: str, *, last: int) -> list[str]:
    """The newest sentences that a job has noted, oldest of them first.

    Raises:
        JobError: there is no such job.
    """
    events = read_events(JobFiles.of(root / "jobs", job_id).events)
    return [event["message"] for event in events if event["type"] == "note"][-last:]
