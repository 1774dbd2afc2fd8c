"""Following a job to its end from the command line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from engine import jobs
from engine.jobs import Event, JobView
from tui.hints import with_project
from tui.reporting.durations import duration
from tui.reporting.job_text import STARTING, figures, how_far
from tui.terminal.printing import RewrittenLine, print_error


def follow_to_end(root: Path, job_id: str) -> JobView:
    """Show a job's progress until it ends; ctrl-c asks it to stop, and what it finished is kept.

    Where the command alone is asked to end (SIGTERM, SIGHUP), the job goes on, and that is said.

    Raises:
        SystemExit: the command was asked to end.
        JobInterrupted: ctrl-c.
        JobError: it failed, was stopped or was killed; the sentence says how to go on.
    """
    line = ProgressLine()
    line.begin()
    try:
        return jobs.follow_to_end(root, job_id, line.show)
    except SystemExit:
        line.clear()
        goes_on = f"job {job_id} goes on in the background; `blindspot jobs DIR --stop {job_id}` stops it."
        print_error(with_project(goes_on, root))
        raise
    finally:
        line.clear()


class ProgressLine:
    """One line on stderr that is written over again; silent unless stderr is a terminal.

    Shows the events of a job, and is a monitor (`engine.progress.Monitor`) of work in this process.
    """

    def __init__(self) -> None:
        self._line = RewrittenLine()

    def begin(self) -> None:
        """Say that the process of a job starts, as it is silent until its libraries are loaded."""
        self._line.show(STARTING)

    def show(self, event: Event) -> None:
        """Show where the job is; notes stay on the screen."""
        if event["type"] == "note":
            self.note(event["message"])
        elif event["type"] == "progress":
            self._show(event["stage"], event["done"], event["total"], event["facts"], event["eta"])

    def step(self, stage: str, done: int, total: int, **facts: float | int | str) -> None:
        """Show how far a stage is."""
        self._show(stage, done, total, facts, None)

    def note(self, message: str) -> None:
        """Show a sentence that stays."""
        self._line.show(message, stays=True)

    def clear(self) -> None:
        """Leave the line empty."""
        self._line.clear()

    def _show(
        self, stage: str, done: int, total: int, facts: Mapping[str, float | int | str | None], eta: float | None
    ) -> None:
        """Stage, share done, time left and figures, in one line."""
        share = f"{100 * done // total} %" if total else ""
        left = f"about {duration(eta)} left" if eta is not None else ""
        self._line.show("  ".join(part for part in (how_far(stage, done, total), share, left, *figures(facts)) if part))
