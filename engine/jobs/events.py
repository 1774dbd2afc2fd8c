"""The append-only event log of a job: one JSON object a line, numbered, written whole in one call."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import orjson
from typing_extensions import NotRequired, TypedDict

EventType = Literal["started", "progress", "note", "heartbeat", "done", "failed", "cancelled"]
FINAL: frozenset[str] = frozenset({"done", "failed", "cancelled"})


class Event(TypedDict):
    """One line of the log. ``time`` is seconds since the epoch; ``eta`` seconds left of the stage, None at first."""

    seq: int
    time: float
    type: EventType
    attempt: NotRequired[int]
    pid: NotRequired[int]
    stage: NotRequired[str]
    done: NotRequired[int]
    total: NotRequired[int]
    eta: NotRequired[float | None]
    facts: NotRequired[dict[str, Any]]
    message: NotRequired[str]
    result: NotRequired[dict[str, Any]]


class EventLog:
    """Appends events; safe for the threads of one process (the heartbeat has its own)."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._seq = max((event["seq"] for event in read_events(path)), default=0)
        torn = path.is_file() and not path.read_bytes().endswith(b"\n") and path.stat().st_size > 0
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        if torn:  # the process before us died inside a write: end its line, so that ours stands alone
            os.write(self._fd, b"\n")

    def append(self, kind: EventType, **values: Any) -> None:
        """Write one event and make it durable if it ends the job."""
        with self._lock:
            self._seq += 1
            event = {"seq": self._seq, "time": round(time.time(), 3), "type": kind, **values}
            os.write(self._fd, orjson.dumps(event) + b"\n")
            if kind in FINAL:
                os.fsync(self._fd)


def read_events(path: Path, *, last_bytes: int | None = None) -> Iterator[Event]:
    """Whole events in order; ``last_bytes`` reads only the end of the log. A torn line is passed over."""
    if not path.is_file():
        return
    with path.open("rb") as log:
        if last_bytes is not None and path.stat().st_size > last_bytes:
            log.seek(-last_bytes, os.SEEK_END)
            log.readline()
        for line in log:
            event = parse_event(line)
            if event is not None:
                yield event


def parse_event(line: bytes) -> Event | None:
    """The event in a line, or None when the line is torn."""
    try:
        event: Event = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return event if line.endswith(b"\n") else None
