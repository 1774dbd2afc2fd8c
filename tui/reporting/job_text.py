"""How a background job is doing, in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tui.reporting.durations import duration

if TYPE_CHECKING:
    from engine.jobs import JobView
    from engine.operations.job_records import DiscoverResult

STARTING = "starting: libraries are loaded, in 10 s on a quiet machine"
_OF_ROWS = {"score", "embed", "label", "length of texts"}  # stages whose parts are rows; others have parts of their own
SILENT_AFTER = 10.0  # seconds without a sign of life that are worth telling; a heartbeat comes every 2


def how_far(stage: str, done: int, total: int) -> str:
    """A stage, and how many rows of it are done if its parts are rows: ``score 350 of 2,000 rows``, ``train``."""
    return f"{stage} {done:,} of {total:,} rows" if stage in _OF_ROWS else stage


def figures(facts: Mapping[str, float | int | str | None]) -> list[str]:
    """The figures of a stage, in words: ``loss 0.31``, ``57 rows a second``."""
    told = []
    for name, value in facts.items():
        number = f"{value:.3g}" if isinstance(value, float) else str(value)
        told.append(f"{number} rows a second" if name == "rows_per_second" else f"{name.replace('_', ' ')} {number}")
    return told


def progress(job: JobView) -> str:
    """Where a running job is, in a few words: ``score 45 %, 32 s left``."""
    if job.stopping:
        return "is stopping"
    if job.heartbeat_age is not None and job.heartbeat_age > SILENT_AFTER:
        return f"silent for {duration(job.heartbeat_age)}"
    parts = [f"{100 * job.done // job.total} %"] if job.total else []
    if job.eta is not None:
        parts.append(f"{duration(job.eta)} left")
    return f"{job.stage} {', '.join(parts)}".strip() or "starting"


def with_kind(job: JobView) -> str:
    """What a running job is and where it is: ``discover score 45 %``; a stage of the same name is said once."""
    said = progress(job)
    return said if said.split()[0] == job.kind else f"{job.kind} {said}"


def ending(job: JobView) -> str:
    """How a job ended, in one sentence."""
    if job.state == "done":
        if job.kind == "discover":
            from engine.operations.job_records import DiscoverResult

            return f"{job.id} is done: {_discovered(job.made(DiscoverResult))}."
        if job.kind == "compare":
            return f"{job.id} is done; = shows who does better."
        if job.kind == "hunt":
            return f"{job.id} is done; # labels the rows that it chose."
        if job.sentence:
            return f"{job.id} is done: {job.sentence.rstrip('.')}."
        return f"{job.id} is done; p shows what it proved." if job.kind == "retrain" else f"{job.id} is done."
    if job.state == "failed":
        return f"{job.id} failed: {job.message}"
    if job.state == "stopped":
        return f"{job.id} was stopped; what it finished is kept and it can be resumed."
    why = f" ({job.message})" if job.message else ""
    return f"{job.id} was killed{why}; it can be resumed from its last checkpoint."


def _discovered(found: DiscoverResult | None) -> str:
    """How many blind spots there are, which are new, and the next key."""
    from engine.counted import counted  # not before the first paint

    if found is None:
        return "0 blind spots"
    said = counted(found.blind_spots, "blind spot")
    if found.new:
        return f"{said}, new: {', '.join(found.new)}; r retrains"
    if not found.flagged:
        return said
    return f"{said}, {counted(found.flagged, 'row')} flagged: # labels {'it' if found.flagged == 1 else 'them'}"
