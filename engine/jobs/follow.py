"""Watching a job from outside: its events as they come, until it ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from engine.errors import JobError, JobInterrupted
from engine.files import open_read
from engine.jobs.events import Event, parse_event, read_events
from engine.jobs.launch import stop
from engine.jobs.spec import JobFiles
from engine.jobs.status import JobView, find_job

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


def follow_to_end(root: Path, job_id: str, show: Callable[[Event], None] = lambda event: None) -> JobView:
    """Wait until a job is done; ctrl-c asks it to stop, and what it finished is kept.

    Args:
        root: the project's folder.
        job_id: names the job.
        show: is given each of its events.

    Raises:
        JobInterrupted: ctrl-c; the sentence says how to go on.
        JobError: it failed, was stopped or was killed; the sentence says how to go on.
    """
    try:
        for event in follow(root, job_id):
            show(event)
    except KeyboardInterrupt:
        if find_job(root, job_id).state == "running":
            stop(root, job_id)
        raise JobInterrupted(
            f"job {job_id} was asked to stop", hint=f"`blindspot jobs DIR --resume {job_id}` goes on"
        ) from None
    view = find_job(root, job_id)
    if view.state == "failed":
        raise JobError(
            f"job {job_id} failed: {view.message.rstrip('.')}", hint=f"then `blindspot jobs DIR --resume {job_id}`"
        )
    if view.state != "done":
        raise JobError(f"job {job_id} {view.stands}", hint=f"`blindspot jobs DIR --resume {job_id}` goes on")
    return view


def notes(root: Path, job_id: str, *, last: int) -> list[str]:
    """The newest sentences that a job has noted, oldest of them first.

    Raises:
        JobError: there is no such job.
    """
    events = read_events(JobFiles.of(root / "jobs", job_id).events)
    return [event["message"] for event in events if event["type"] == "note"][-last:]
