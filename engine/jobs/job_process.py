"""The process of a job; what each kind does is in `engine.operations.job_kinds`.

It holds the project's lock and its own for as long as it lives, says in its log what it does, and ends with exactly
one final event: done, failed or stopped. Without one, and with the locks free, it was killed.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
import traceback
from collections import deque
from pathlib import Path
from typing import Any

from engine import problems
from engine.errors import BlindspotError, FileError, Stopped
from engine.extras import missing_told
from engine.files import remove, write_atomic
from engine.jobs.events import EventLog, EventType, read_events
from engine.jobs.kind import JobKinds, read_options
from engine.jobs.spec import JobFiles
from engine.project import Project

HEARTBEAT_SECONDS = 2.0
PROGRESS_SECONDS = 0.5
ETA_SECONDS = 60.0
WARM_UP_SECONDS = 5.0  # after the first part: first steps of a training take up to three times as long as later ones
_RESERVED = 1 << 14  # bytes; an event has some hundred
MEASURED_SECONDS, MEASURED_PARTS = 5.0, 3  # before anything is said of the time left


class JobMonitor:
    """Turns progress into events, at most two a second, and a wish to stop into `Stopped`."""

    def __init__(self, log: EventLog, stop_file: Path) -> None:
        self._log = log
        self._stop_file = stop_file
        self._stage = ""
        self._total, self._done = 0, 0
        self._moving: float | None = None
        """When the first part of this total was done."""
        self._written = 0.0
        self._points: deque[tuple[float, int]] = deque()
        """When how much was done: since the warm-up, or over the last minute or half of the time."""
        self.stop = False

    def step(self, stage: str, done: int, total: int, **facts: float | int | str) -> None:
        """Report progress; see `engine.progress.Monitor`."""
        now = time.monotonic()
        if stage != self._stage:
            self._stage, self._written = stage, 0.0
        if done >= total or now - self._written >= PROGRESS_SECONDS:
            self._written = now
            self._log.append(
                "progress", stage=stage, done=done, total=total, eta=self._eta(done, total, now), facts=facts
            )
        if self.stop or self._stop_file.exists():
            raise Stopped

    def note(self, message: str) -> None:
        """Keep a sentence."""
        self._log.append("note", message=message)

    def _eta(self, done: int, total: int, now: float) -> float | None:
        """Seconds left at the pace of the last minute, or of half the time so far where that is longer.

        What passes before the first part (libraries and models are loaded) and while the work warms up tells nothing of
        the pace, nor do parts that were finished before and are passed at once. Stages that count towards one total
        share it.
        """
        points, moves = self._points, done > self._done
        if total != self._total or done < self._done:
            self._total, self._moving, moves = total, None, False
            points.clear()
        elif moves and self._moving is None:
            self._moving = now
        self._done = done
        if self._moving is None or now - self._moving < WARM_UP_SECONDS or done >= total or not (points or moves):
            return None
        if moves:
            points.append((now, done))
        span = max(ETA_SECONDS, (now - self._moving) / 2)
        while now - points[0][0] > span and len(points) > MEASURED_PARTS + 1:
            points.popleft()
        began, first = points[0]
        if now - began < MEASURED_SECONDS or len(points) <= MEASURED_PARTS:
            return None
        return round((now - began) * (total - done) / (done - first), 1)


def run(project_root: Path, job_id: str, kinds: JobKinds) -> int:
    """Do the work of a job in this process and return the exit status."""
    files = JobFiles.of(project_root / "jobs", job_id)
    spec = files.read_spec()
    attempt = 1 + sum(event["type"] == "started" for event in read_events(files.events))
    log = EventLog(files.events)
    log.append("started", attempt=attempt, pid=os.getpid())
    monitor = JobMonitor(log, files.stop)
    with contextlib.suppress(FileError):  # what the job itself writes will tell that the disk is full
        write_atomic(files.reserve, bytes(_RESERVED))
    signal.signal(signal.SIGTERM, lambda *_: setattr(monitor, "stop", True))
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    ended = threading.Event()
    heart = threading.Thread(target=_beat, args=(log, ended), daemon=True)
    heart.start()
    try:
        options = read_options(kinds, spec.kind, spec.options)
        with missing_told():
            result = kinds[spec.kind].work(Project.open(project_root), options, monitor)
    except Stopped:
        final: tuple[EventType, dict[str, Any]] = (
            "stopped",
            {"message": "stopped as asked; `--resume` goes on from here"},
        )
    except BlindspotError as error:
        final = ("failed", {"message": str(error)})
    except BaseException as error:
        traceback.print_exc()
        final = ("failed", {"message": f"{type(error).__name__}: {error}; the whole story is in {files.log}"})
    else:
        final = ("done", {"result": result.as_json()})
    ended.set()
    heart.join()
    try:
        with contextlib.suppress(FileError):  # the end matters more
            for sentence in problems.take():
                monitor.note(sentence)
        _tell_end(log, files.reserve, *final)
    except FileError as error:  # the disk is full: where its end is looked for, it will seem to have been killed
        print(final[1].get("message", final[0]), error, sep="\n", file=sys.stderr)
        return 1
    return 1 if final[0] == "failed" else 0


def _tell_end(log: EventLog, reserve: Path, kind: EventType, values: dict[str, Any]) -> None:
    """Write the last event: if the disk is full, into the room that was kept for it."""
    try:
        log.append(kind, **values)
    except FileError:
        remove(reserve)
        log.append(kind, **values)
    with contextlib.suppress(FileError):
        remove(reserve)


def _beat(log: EventLog, ended: threading.Event) -> None:
    while not ended.wait(HEARTBEAT_SECONDS):
        with contextlib.suppress(FileError):  # the disk is full; there may be room at the next beat
            log.append("heartbeat")


def main(arguments: list[str], kinds: JobKinds) -> int:
    """Take over the locks from the launcher and run; ``arguments``: ROOT JOB LOCK_FD ALIVE_FD."""
    root, job_id, *locks = arguments
    for lock in locks:
        os.set_inheritable(int(lock), False)
    with contextlib.suppress(OSError):
        os.nice(10)  # the app's keys come first; on a busy machine a job without it slows typing
    return run(Path(root), job_id, kinds)
