"""Starts background jobs and watches the one that runs: its files are read twice a second, in a thread, while it does.

When no job runs there is no timer. Nothing here decides whether a job lives: that is read from its files each time.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from engine.errors import BlindspotError
from tui.reporting.job_text import ending, with_kind

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from textual.timer import Timer

    from engine.jobs import JobView
    from engine.jobs.kind import JobOptions
    from engine.schema import Discovery
    from tui.app import BlindspotApp
    from tui.view_models.workbench import Workbench

_EVERY = 0.5  # seconds


class JobWatch:
    """The app's end of background jobs. Reached as ``app.job_watch``; the views are in ``workbench.jobs``."""

    def __init__(self, app: BlindspotApp) -> None:
        self._app = app
        self._timer: Timer | None = None
        self._number = 0
        """Of the last command; what was read before it is out of date and dropped."""

    @property
    def line(self) -> str:
        """The running job for the header; empty if none runs."""
        job = self._app.workbench.running if self._app.workbench else None
        return with_kind(job) if job else ""

    def start(self, options: JobOptions) -> bool:
        """Start a job, or show why it cannot be; whether it was started.

        If the job needs something outside the project, it is asked about first, and the job starts on a yes.
        """
        from engine import jobs

        return self._trusting(options, lambda root: jobs.start(root, options))

    def resume(self, job_id: str) -> bool:
        """Go on with a job that ended without its result; asks as `start` does."""
        from engine import jobs
        from engine.operations.job_kinds import asked_of

        assert self._app.workbench is not None, "the project is still being opened"
        job = next(view for view in self._app.workbench.jobs if view.id == job_id)
        try:
            options = asked_of(job)
        except BlindspotError as error:
            self._app.refuse(error)
            return False
        return self._trusting(options, lambda root: jobs.resume(root, job_id))

    def stop(self) -> bool:
        """Ask the running job to stop."""
        from engine import jobs

        job = self._app.workbench.running if self._app.workbench else None
        return job is not None and self._do(lambda root: jobs.stop(root, job.id))

    def look(self) -> None:
        """Read the jobs once, and go on watching if one runs."""
        if self._app.workbench is not None:
            self._app.run_worker(partial(self._read, self._number), thread=True, group="jobs", exclusive=True)

    def watch(self) -> None:
        """Watch if a job runs."""
        workbench = self._app.workbench
        if workbench is not None and workbench.running and self._timer is None:
            self._timer = self._app.set_interval(_EVERY, self.look, name="watch jobs")
        elif (workbench is None or not workbench.running) and self._timer is not None:
            self._timer.stop()
            self._timer = None

    def _trusting(self, options: JobOptions, command: Callable[[Path], str | None]) -> bool:
        """Do it if all that the job uses outside the project was agreed to; else ask, and do it on a yes."""
        from engine.guest import refuse_guests
        from engine.operations.job_kinds import job_uses
        from engine.project import Project
        from engine.trust import agree, untrusted
        from tui.dialogs.trust_dialog import AGREE, TrustDialog

        workbench = self._app.workbench
        assert workbench is not None, "the project is still being opened"
        root = workbench.project.root
        try:
            refuse_guests("starting a job")  # before anything is asked
            # as it is now, for the job reads it anew, and not as it was when the app opened
            missing = untrusted(root, job_uses(Project.open(root, verify=False), options))
        except BlindspotError as error:
            self._app.refuse(error)
            return False
        if not missing:
            return self._do(command)

        def answer(choice: int | None) -> None:
            if choice != AGREE:
                self._app.say("Not agreed: nothing was sent, read or run.")
                return
            try:
                agree(root, missing)
            except BlindspotError as error:
                self._app.refuse(error)
                return
            if self._do(command):
                self._app.say("Agreed; the job runs in the background.")

        self._app.push_screen(TrustDialog(missing), answer)
        return False

    def _do(self, command: Callable[[Path], str | None]) -> bool:
        from engine import jobs

        workbench = self._app.workbench
        assert workbench is not None, "the project is still being opened"
        try:
            command(workbench.project.root)
            self._number += 1
            self._seen(self._number, jobs.jobs(workbench.project.root))
        except BlindspotError as error:
            self._app.refuse(error)
            return False
        return True

    def _read(self, number: int) -> None:
        from engine import jobs

        workbench = self._app.workbench
        assert workbench is not None
        running = workbench.running
        if running is not None:
            views = [_again(workbench.project.root, view) if view is running else view for view in workbench.jobs]
        else:
            views = jobs.jobs(workbench.project.root)
        found, problem = None, None
        if _finished(views) - _finished(workbench.jobs):
            try:
                found = workbench.project.discovery()
            except BlindspotError as error:
                problem = error
        # `call_from_thread` would wait, and block the end of the app.
        self._app.call_later(self._seen, number, views, found)
        if problem is not None:  # after how the job ended; raised here, it would end the app
            self._app.call_later(self._app.refuse, problem)

    def _seen(self, number: int, views: list[JobView], found: Discovery | None = None) -> None:
        app, workbench = self._app, self._app.workbench
        if workbench is None or number != self._number:
            return
        before, workbench.jobs = workbench.running, views
        self.watch()
        if found is not None:
            self._load(workbench, found)
            app.changed()
        elif before is not None or workbench.running is not None:
            app.job_changed()
        ended = next((view for view in views if before and view.id == before.id and view.state != "running"), None)
        if ended is not None:
            self._take_in(workbench)
            app.say(ending(ended), warning=ended.state != "done")
        app.tell_problems()

    def _load(self, workbench: Workbench, found: Discovery) -> None:
        try:
            workbench.load(found)
        except BlindspotError as error:
            self._app.refuse(error)

    def _take_in(self, workbench: Workbench) -> None:
        """Show what the job has written into the records."""
        try:
            if workbench.teaching.refresh():
                self._app.changed()
        except BlindspotError as error:
            self._app.refuse(error)


def _again(root: Path, view: JobView) -> JobView:
    from engine import jobs

    try:
        return jobs.find_job(root, view.id)
    except BlindspotError:
        return replace(view, state="killed", message="its folder was removed")


def _finished(views: list[JobView]) -> set[str]:
    return {view.id for view in views if view.kind == "discover" and view.state == "done"}
