"""Retraining: choose what is trained, start it, watch it, stop it, go on with it. The work is a job of its own process.

The app only shows what the job's files say; leaving the screen or the app changes nothing for the job.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.widgets import Static

from engine.proof.budget_matching import Equal
from engine.text import visible
from tui.keys import keys
from tui.screens.work_screen import Place, WorkScreen
from tui.shell import shell
from tui.terminal.wrapping import wrapped
from tui.view_models.retrain_plan import RetrainChoices, RetrainPlan
from tui.widgets.job_panel import JobPanel
from tui.widgets.job_rows import JobRows
from tui.widgets.line_list import LineList
from tui.widgets.run_rows import RunRows
from tui.widgets.scroll_mark import ScrollMark

if TYPE_CHECKING:
    from engine.jobs import JobView

_FRAME = 6  # lines: header, heading, scroll mark, border above the job, message, footer
_TOTAL_MOST = 3  # lines of the plan's sentence, as in retrain.tcss
_JOBS, _CHOICES_LEAST = 3, 4  # lines


@dataclass(frozen=True, slots=True)
class RetrainPlace(Place):
    """Cursors and focus; versions before 0.2 kept the choices here too."""

    choice: int = 0
    focus: str | None = None
    job: str | None = None
    changed: tuple[str, ...] | None = None
    seeds: tuple[int, ...] = ()
    equal: Equal | None = None
    reviewed: bool = False


class RetrainScreen(WorkScreen[RetrainPlace]):
    """Choices above, then the job under the cursor, then all jobs."""

    NAME = "retrain"
    PLACE = RetrainPlace
    HELP_TEXT = (
        "Each arm is the train rows plus one kind of teaching, or plus pool rows with labels of people or of an LLM. "
        "It is trained with every recipe and seed, and compared on held-out rows with a baseline trained with the "
        "same seeds. Arms of teaching can be cut to equal numbers of samples, or to equal cost. The job runs in the "
        "background: leave and come back."
    )
    CSS_PATH = "retrain.tcss"
    BINDINGS = [*keys("retrain")]

    def __init__(self) -> None:
        super().__init__()
        self._planning = RetrainPlan()
        self._is_new = True
        self._noted: tuple[str, str] = ("", "")
        self._notes: list[str] = []

    def body(self) -> ComposeResult:
        """Choices, plan, the job under the cursor, all jobs."""
        app = shell(self)
        with Container(id="panes"):
            with Vertical(id="plan"):
                yield Static("Train with samples or labels, then judge on held-out rows", id="heading", markup=False)
                choices = LineList(RunRows((), app.ink, app.glyphs.ellipsis), id="choices")
                yield choices
                yield ScrollMark(choices)
                yield Static(id="total", markup=False)
            with Vertical(id="work"):
                yield JobPanel()
                yield LineList(JobRows((), app.ink, app.glyphs), id="jobs")

    def on_resize(self) -> None:
        """Share out the lines anew."""
        if self.built:
            self._share_out()

    def _share_out(self) -> None:
        """The choices take every line that the plan, the job under the cursor and the newest jobs leave."""
        panel, jobs = self.query_one(JobPanel), len(self.job_list.rows)
        needed = panel.fit(self.size.width)
        total = len(wrapped(Text(visible(self._planning.sentence)), max(1, self.size.width - 2)))
        self.job_list.display = jobs > 0
        taken = _FRAME + min(total, _TOTAL_MOST) + needed + min(jobs, _JOBS) + (jobs > 0)
        self.choices.styles.max_height = max(_CHOICES_LEAST, self.size.height - taken)

    def footer(self) -> Sequence[str]:
        """Its own keys, and the way to the result."""
        own = ("retrain.start", "retrain.tick", "app.stop", "retrain.resume")
        return (*own, "screen.proof", "screen.back", "app.help")

    @property
    def choices(self) -> LineList:
        """Arms, recipes, seeds."""
        return self.query_one("#choices", LineList)

    @property
    def job_list(self) -> LineList:
        """All jobs."""
        return self.query_one("#jobs", LineList)

    @property
    def job(self) -> JobView | None:
        """The job under the cursor."""
        rows = self.job_list.rows
        assert isinstance(rows, JobRows)
        return rows.jobs[self.job_list.cursor] if rows.jobs else None

    def show(self) -> None:
        """Show choices, plan and jobs as they are now; what was ticked before one left the screen is ticked again."""
        if self._is_new:
            self._is_new = False
            if (chosen := shell(self).retrain_choices) is not None:
                self._planning.restore(chosen)
        self._show_choices()
        self.show_job()
        if self.focused is None:
            self.choices.focus()

    def show_job(self) -> None:
        """Show where the jobs are; a new one takes the cursor."""
        app, jobs = shell(self), self.workbench.jobs
        current, rows = self.job, self.job_list.rows
        assert isinstance(rows, JobRows)
        if jobs != list(rows.jobs):
            new = len(jobs) > len(rows.jobs)
            ids = [job.id for job in jobs]
            cursor = 0 if new or current is None or current.id not in ids else ids.index(current.id)
            self.job_list.show(JobRows(jobs, app.ink, app.glyphs), cursor=cursor)
        self._show_panel()
        super().show_job()

    def _show_panel(self) -> None:
        from engine.jobs import notes

        job = self.job
        if job is not None and self._noted != (job.id, job.message):
            self._noted = (job.id, job.message)
            self._notes = notes(self.workbench.project.root, job.id, last=2)
        self.query_one(JobPanel).show(job, self._notes)
        self._share_out()

    def _show_choices(self) -> None:
        app, planning = shell(self), self._planning
        planning.work_out(self.workbench)
        self.choices.show(RunRows(planning.rows, app.ink, app.glyphs.ellipsis))
        self.query_one("#total", Static).update(Text(visible(planning.sentence)))
        self._share_out()

    # where the user is

    def place(self) -> RetrainPlace:
        """Choices and cursors."""
        focus = self.focused.id if self.focused is not None else None
        job = self.job.id if self.job else None
        return RetrainPlace(self.choices.cursor, focus, job)

    def restore(self, place: RetrainPlace) -> None:
        """Return to those rows."""
        if place.changed is not None:
            self._planning.restore(RetrainChoices(place.changed, place.seeds, place.equal, place.reviewed))
            self._show_choices()
        self.choices.move_to(place.choice)
        ids = [job.id for job in self.workbench.jobs]
        if place.job in ids:
            self.job_list.move_to(ids.index(place.job))
        if place.focus in ("choices", "jobs"):
            self.query_one(f"#{place.focus}").focus()

    def put_back(self, state: RetrainChoices) -> None:
        """Return to the ticks and seeds as they were."""
        self._planning.restore(state)
        self._changed()

    def unavailable(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """Why an action cannot be used now."""
        if not self.ready:
            return None if action in ("back", "escape") else "The project is not open."
        running, job = self.workbench.running, self.job
        if action in ("start", "quick", "resume") and running is not None:
            return f"{running.id} is running: X stops it."
        if action == "quick" and self._planning.refusal is None and not self._planning.teaching:
            return "A quick look is trained with samples: tick an arm that has some."
        if action in ("start", "quick"):
            return self._planning.refusal
        if action == "resume" and (job is None or not job.resumable):
            state = f"{job.id} {job.stands}" if job else "There is no job"
            return f"{state}: only a job that failed, was stopped or was killed can go on."
        return None

    # what happens

    @on(LineList.Moved)
    def _moved(self, event: LineList.Moved) -> None:
        if event.list is self.job_list:
            self._show_panel()
        shell(self).autosave()
        self.refresh_bindings()

    @on(LineList.Chosen)
    def _chosen(self, event: LineList.Chosen) -> None:
        if event.list is self.choices:
            self.action_tick()

    def action_tick(self) -> None:
        """Tick the line under the cursor or take its tick away; the seeds are asked for."""
        rows = self.choices.rows
        assert isinstance(rows, RunRows)
        row = rows.rows[self.choices.cursor]
        if row.part == "seeds":
            self.action_seeds()
            return
        before = self._planning.chosen
        self._planning.tick(row)
        self.did(f"tick {row.name}", before, self._planning.chosen)
        self._changed()

    def action_seeds(self) -> None:
        """Ask for the seeds."""
        from tui.dialogs.seeds_dialog import SeedsDialog

        def take(seeds: tuple[int, ...] | None) -> None:
            if seeds is not None:
                before = self._planning.chosen
                self._planning.seeds = seeds
                self.did("change the seeds", before, self._planning.chosen)
                self._changed()

        self.app.push_screen(SeedsDialog(self._planning.seeds), take)

    def _changed(self) -> None:
        shell(self).retrain_choices = self._planning.chosen
        self._show_choices()
        shell(self).autosave()
        self.refresh_bindings()

    def action_start(self) -> None:
        """Start the job."""
        if shell(self).job_watch.start(self._planning.options):
            self.show_job()
            self.say("Started. It runs in the background: leave and come back as you like.")

    def action_quick(self) -> None:
        """Start a quick look."""
        from engine.operations.job_records import RetrainOptions

        arms = self._planning.teaching[-1:]  # the one with the most teaching stands last
        if shell(self).job_watch.start(RetrainOptions(arms=arms, quick=True)):
            self.show_job()
            self.say(f"A quick look at {arms[0]} has started: about a minute, one training, no proof rows.")

    def action_resume(self) -> None:
        """Go on with the job under the cursor."""
        job = self.job
        if job is not None and shell(self).job_watch.resume(job.id):
            self.show_job()
            self.say(f"{job.id} goes on from where it was.")
