"""The append-only event log of a job: one JSON object a line, numbered, written whole in one call."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

import orjson
from typing_extensions import NotRequired, TypedDict

from engine.files import append_line, open_read
from engine.shapes import fit

EventType = Literal["started", "progress", "note", "heartbeat", "done", "failed", "stopped"]
_PROGRESS = {"stage", "done", "total", "facts"}
_MOST = 10**11  # events of a job, and seconds since the epoch (the year 5138)
_LONGEST = 1 << 24  # bytes of a line
Facts = dict[str, int | float | str | None]  # None: a figure that is no number, as JSON has none for it
FINAL: frozenset[str] = frozenset({"done", "failed", "stopped"})


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
    facts: NotRequired[Facts]
    message: NotRequired[str]
    result: NotRequired[dict[str, Any]]


class EventLog:
    """Appends events; safe for the threads of one process (the heartbeat has its own)."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._seq = max((event["seq"] for event in read_events(path)), default=0)
        self._path = path

    def append(self, kind: EventType, **values: Any) -> None:
        """Write one event and make it durable if it ends the job."""
        with self._lock:
            self._seq += 1
            event = {"seq": self._seq, "time": round(time.time(), 3), "type": kind, **values}
            append_line(self._path, orjson.dumps(event), durable=kind in FINAL)


def read_events(path: Path, *, last_bytes: int | None = None) -> Iterator[Event]:
    """Whole events in order; ``last_bytes`` reads only the end of the log. A torn line is passed over."""
    with suppress(FileNotFoundError), open_read(path) as log:
        if last_bytes is not None and log.seek(0, os.SEEK_END) > last_bytes:
            log.seek(-last_bytes, os.SEEK_END)
            log.readline()
        else:
            log.seek(0)
        while line := log.readline(_LONGEST):
            event = parse_event(line)
            if event is not None:
                yield event


def parse_event(line: bytes) -> Event | None:
    """The event in a line, or None when the line is torn."""
    try:
        values = orjson.loads(line)
        if isinstance(values, dict) and values.get("type") == "cancelled":  # the word of version 0.1.0
            values["type"] = "stopped"
        event: Event = fit(values, Event)
    except ValueError:
        return None
    whole = line.endswith(b"\n") and (event["type"] != "progress" or event.keys() >= _PROGRESS)
    return event if whole and 0 <= event["seq"] < _MOST and 0 <= event["time"] < _MOST else None
