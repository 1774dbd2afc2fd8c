"""The state of jobs, read from their files alone: the same answer from any process, at any time."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

from engine.errors import FileError
from engine.files import find_files
from engine.jobs.events import FINAL, Event, Facts, read_events
from engine.jobs.kind import Options
from engine.jobs.spec import JobFiles
from engine.locks import is_held
from engine.problems import leave_out
from engine.schema import Record
from engine.shapes import WrongShape

Result = TypeVar("Result", bound=Record)
JobState = Literal["running", "done", "failed", "stopped", "killed"]

# Enough for some hundred events: the last progress and the last heartbeat are always among them.
_TAIL_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class JobView:
    """One job as it stands.

    Attributes:
        stage, done, total: where it is. eta: seconds left of the stage, None while unknown.
        facts: figures of the stage, such as ``loss``. heartbeat_age: seconds since its last sign of life.
        message: why it failed, or its last note.
        options, result: what it was asked for and what it made, as JSON; `asked` and `made` give them as records.
        stopping: it was asked to stop and has not stopped yet.
    """

    id: str
    kind: str
    state: JobState
    created: float
    options: dict[str, Any] = field(default_factory=dict)
    stage: str = ""
    done: int = 0
    total: int = 0
    eta: float | None = None
    facts: Facts = field(default_factory=dict)
    heartbeat_age: float | None = None
    message: str = ""
    result: dict[str, Any] = field(default_factory=dict)
    stopping: bool = False

    @property
    def resumable(self) -> bool:
        """Whether `resume` makes sense: it ended without its result."""
        return self.state in ("failed", "stopped", "killed")

    @property
    def stands(self) -> str:
        """How it stands, as a predicate: ``is running``, ``was stopped``."""
        return {"failed": "failed", "stopped": "was stopped", "killed": "was killed"}.get(
            self.state, f"is {self.state}"
        )

    @property
    def sentence(self) -> str:
        """What came of it, in a sentence; empty where it has not come or its kind says none."""
        return str(self.result.get("sentence", ""))

    def asked(self, kind: type[Options]) -> Options | None:
        """What it was asked for; None where it is of another kind, or its file is damaged."""
        return _fitting(self.options, kind) if self.kind == kind.kind else None

    def made(self, kind: type[Result]) -> Result | None:
        """What it made; None where it is not done, made something else, or its file is damaged."""
        return _fitting(self.result, kind)


def jobs(root: Path) -> list[JobView]:
    """All jobs of a project, newest first; a damaged one is left out (`engine.problems`)."""
    views = []
    for path in find_files(root / "jobs", "*/spec.json"):
        try:
            views.append(_view(JobFiles(path.parent)))
        except FileNotFoundError:  # it was deleted this moment
            continue
        except FileError as error:
            leave_out(error)
    return sorted(views, key=lambda view: int(view.id.rsplit("-", 1)[1]), reverse=True)


def find_job(root: Path, job_id: str) -> JobView:
    """One job.

    Raises:
        JobError: there is no such job.
    """
    return _view(JobFiles.of(root / "jobs", job_id))


def active_job(root: Path) -> JobView | None:
    """The job that runs now, if one does."""
    return next((view for view in jobs(root) if view.state == "running"), None)


def _view(files: JobFiles) -> JobView:
    spec = files.read_spec()
    # The lock is asked first: a job that ends in between has written its last event by then, and shows as ended.
    alive = is_held(files.alive)
    events = list(read_events(files.events, last_bytes=_TAIL_BYTES))
    turning_point = _last(events, FINAL | {"started"})
    state: JobState = "killed"
    if alive:
        state = "running"
    elif turning_point and turning_point["type"] in FINAL:
        state = turning_point["type"]  # type: ignore[assignment]
    progress = _last(events, {"progress"})
    note = turning_point if turning_point and "message" in turning_point else _last(events, {"note"})
    return JobView(
        id=spec.id,
        kind=spec.kind,
        state=state,
        created=spec.created,
        options=spec.options,
        stage=progress["stage"] if progress else "",
        done=progress["done"] if progress else 0,
        total=progress["total"] if progress else 0,
        eta=_eta_now(progress) if progress and state == "running" else None,
        facts=progress["facts"] if progress else {},
        heartbeat_age=max(0.0, time.time() - events[-1]["time"]) if events else None,
        message=note["message"] if note else "",
        result=turning_point.get("result", {}) if turning_point and state == "done" else {},
        stopping=alive and files.stop.exists(),
    )


def _fitting(values: dict[str, Any], kind: type[Result]) -> Result | None:
    try:
        return kind.from_json(values)
    except WrongShape:
        return None


def _last(events: list[Event], kinds: set[str] | frozenset[str]) -> Event | None:
    return next((event for event in reversed(events) if event["type"] in kinds), None)


def _eta_now(progress: Event) -> float | None:
    eta = progress.get("eta")
    return None if eta is None else max(0.0, eta - (time.time() - progress["time"]))
