"""All jobs of a project as a list: one line each, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import PurePath
from typing import TYPE_CHECKING

from rich.text import Text

from engine.text import visible
from tui.reporting.job_text import progress
from tui.terminal.glyphs import Glyphs
from tui.terminal.wrapping import fitted
from tui.themes import Ink

if TYPE_CHECKING:
    from engine.jobs import JobView

_ID, _STATE, _WHEN = 13, 11, 14


class JobRows:
    """One line a job: id, state, when it was asked for, and what came of it."""

    def __init__(self, jobs: Sequence[JobView], ink: Ink, glyphs: Glyphs) -> None:
        self.jobs = jobs
        self._ink = ink
        self._glyphs = glyphs

    def __len__(self) -> int:
        return len(self.jobs)

    def height(self, index: int, width: int) -> int:
        """Always one line."""
        return 1

    def lines(self, index: int, width: int) -> list[Text]:
        """The job's one line."""
        job, ink, ellipsis = self.jobs[index], self._ink, self._glyphs.ellipsis
        bad = job.state in ("failed", "killed")
        state = ("! " if bad else "") + ("stopping" if job.stopping else job.state)
        style = ink.warn if bad else ink.accent if job.state == "running" else ink.muted
        text = Text(no_wrap=True, end="")
        text.append(fitted(job.id, _ID, ellipsis=ellipsis))
        text.append(f"{state:<{_STATE}}", style)
        text.append(f"{when(job.created):<{_WHEN}}", ink.muted)
        said = progress(job) if job.state == "running" else _outcome(job)
        text.append(fitted(visible(said), max(0, width - text.cell_len), ellipsis=ellipsis), ink.muted)
        return [text]


def when(seconds: float) -> str:
    """A time as day and clock, here: ``21 Nov 01:55``."""
    return datetime.fromtimestamp(seconds).strftime("%d %b %H:%M")


def _outcome(job: JobView) -> str:
    if job.state == "done":
        from engine.operations.job_records import RetrainResult

        if proof := job.made(RetrainResult):
            return f"proof {PurePath(proof.report).parent.name}"
        if job.sentence:
            return job.sentence
        return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in job.result.items())
    if job.state == "failed" or not job.total:
        return job.message
    return f"at {job.stage} {100 * job.done // job.total} %"
