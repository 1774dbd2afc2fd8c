"""One job in a few lines: where it is, how far, its figures, its last sign of life, and what it noted.

Each line repaints only when it has changed, so watching a job costs a few hundred bytes a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical

from engine.text import visible
from tui.reporting.durations import duration
from tui.reporting.job_text import SILENT_AFTER, STARTING, figures, how_far
from tui.shell import shell
from tui.terminal.glyphs import Glyphs
from tui.terminal.wrapping import fitted, wrapped
from tui.themes import Ink
from tui.widgets.line import Line
from tui.widgets.notice import progress_bar

if TYPE_CHECKING:
    from engine.jobs import JobView

LINES = 7


class _PanelLine(Line):
    """One line of the panel."""

    number = 0

    def line(self, width: int) -> Text:
        panel = self.parent
        assert isinstance(panel, JobPanel)
        lines = panel.lines(width)
        text = lines[self.number] if self.number < len(lines) else Text("")
        text.no_wrap, text.end = True, ""
        return text


class JobPanel(Vertical):
    """Shows a job; nothing is read here."""

    DEFAULT_CSS = f"""
    JobPanel {{ height: {LINES}; padding: 0 1; }}
    """

    def __init__(self) -> None:
        super().__init__()
        self.job: JobView | None = None
        self.notes: Sequence[str] = ()

    def compose(self) -> ComposeResult:
        """Its lines."""
        for number in range(LINES):
            line = _PanelLine()
            line.number = number
            yield line

    def show(self, job: JobView | None, notes: Sequence[str]) -> None:
        """Show a job, or that there is none yet."""
        self.job, self.notes = job, notes
        for line in self.query(_PanelLine):
            line.update()

    def fit(self, width: int) -> int:
        """Take the lines that there is something to say in, of a terminal that wide.

        Returns:
            Their number.
        """
        needed = min(LINES, len(self.lines(max(1, width - 2))))
        self.styles.height = needed
        return needed

    def lines(self, width: int) -> list[Text]:
        """What the panel says at this width."""
        app = shell(self)
        if self.job is None:
            return [Text("No job has run yet.", style=app.ink.muted)]
        if self.job.state == "running":
            return running_lines(self.job, self.notes, width, app.ink, app.glyphs)
        return ended_lines(self.job, width, app.ink)


def running_lines(job: JobView, notes: Sequence[str], width: int, ink: Ink, glyphs: Glyphs) -> list[Text]:
    """A job that runs: stage, bar, figures, sign of life, its last notes."""
    state = "is stopping at its next step" if job.stopping else "is running"
    stage = visible(how_far(job.stage, job.done, job.total)) or STARTING
    title = Text.assemble((job.id, ink.strong), (f" {state}", ink.accent), (_asked(job), ink.muted))
    left = f"about {duration(job.eta)} left" if job.eta is not None else "time left is not known yet"
    told = Text(visible("   ".join([*figures(job.facts), left])))
    age = job.heartbeat_age
    life = Text("no sign of life yet", style=ink.muted)
    if age is not None:
        silent = age > SILENT_AFTER
        said = f"{'! ' if silent else ''}last sign of life {duration(age)} ago"
        life = Text(said, style=ink.warn if silent else ink.muted)
    room = LINES - 5
    noted = [Text(fitted(visible(note), width, ellipsis=glyphs.ellipsis), style=ink.muted) for note in notes[-room:]]
    return [title, Text(stage), progress_bar(job, max(4, width - 40), ink, glyphs), told, life, *noted]


def ended_lines(job: JobView, width: int, ink: Ink) -> list[Text]:
    """A job that has ended: how, why, and what can be done now."""
    bad = job.state in ("failed", "killed")
    state = Text(f" {'! ' if bad else ''}{job.stands}", style=ink.warn if bad else "")
    title = Text.assemble((job.id, ink.strong), state, (_asked(job), ink.muted))
    if job.state == "done":
        shown = "p shows before and after, with the verdict." if job.kind == "retrain" else ""
        said = visible(job.sentence) or shown or "The list of blind spots shows what it found."
        return [title, *wrapped(Text(said), width)]
    reached = f"It had come to: {visible(job.stage)} {job.done:,} of {job.total:,}." if job.stage else ""
    why = visible(job.message) if job.state == "failed" else ""
    story = wrapped(Text(f"{why} {reached}".strip()), width) if why or reached else []
    advice = wrapped(Text("R goes on from there; what was finished is not done again."), width)
    return [title, *story[: LINES - 1 - len(advice)], *advice]


def _asked(job: JobView) -> str:
    """What a retrain was asked for: ``human, all; scratch; seeds 13, 14``."""
    from engine.operations.job_records import RetrainOptions

    asked = job.asked(RetrainOptions)
    if asked is None:
        return ""
    parts = [", ".join(named or ()) for named in (asked.arms, asked.recipes)]
    seeds = ", ".join(map(str, asked.seeds or ()))
    said = "; ".join(part for part in (*parts, f"seeds {seeds}" if seeds else "") if part)
    return f"   {visible(said)}" if said else ""
