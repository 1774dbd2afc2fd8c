"""People against LLMs: who wins, what is accepted, how far reviewers agree, how varied the samples are.

Shows the comparison that was drawn up last and says when it is out of date; drawing it up is a background job.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text
from textual.app import ComposeResult

from engine.errors import BlindspotError
from tui.keys import keys
from tui.reporting.comparison_tables import comparison_heading, comparison_meanings, comparison_notes, comparison_tables
from tui.reporting.measures import COMPARISON
from tui.screens.work_screen import Place, WorkScreen
from tui.shell import shell
from tui.terminal.wrapping import wrapped
from tui.widgets.notice import job_notice, notice
from tui.widgets.scroll_mark import with_mark
from tui.widgets.table_text import table_text
from tui.widgets.text_pane import TextPane

if TYPE_CHECKING:
    from engine.review.comparison import TeacherComparison

_KIND = "compare"


@dataclass(frozen=True, slots=True)
class ComparisonPlace(Place):
    """Whether judgements of one's own work count, and how far it is scrolled."""

    own: bool = False
    scroll: int = 0


class ComparisonScreen(WorkScreen[ComparisonPlace]):
    """One pane of tables, over all teachers first, then blind spot by blind spot."""

    NAME = "comparison"
    PLACE = ComparisonPlace
    MEASURES = COMPARISON
    HELP_TEXT = (
        "Based on all judgements of the blind review, and on the samples themselves. The headline counts only items "
        "whose sides had seen the same rows. Judgements of one's own text are left out; o counts them too. Below the "
        "tables it says why figures are missing."
    )
    BINDINGS = [*keys("comparison")]

    def __init__(self) -> None:
        super().__init__()
        self._own = False
        self._found: TeacherComparison | None = None
        self._is_current = True

    def body(self) -> ComposeResult:
        """The pane, and how much of it is out of sight."""
        yield from with_mark(TextPane(self._lines, id="comparison"), indent=1)

    def footer(self) -> Sequence[str]:
        """Its own keys, and the way to the review."""
        return ("comparison.compare", "comparison.own", "screen.review", "screen.costs", "screen.back", "app.help")

    @property
    def pane(self) -> TextPane:
        """The pane."""
        return self.query_one("#comparison", TextPane)

    def show(self) -> None:
        """Show the last comparison; the scroll stays."""
        from engine.review.comparison import is_current, read_comparison

        workbench = self.workbench
        try:
            self._found = read_comparison(workbench.project, own=self._own)
            self._is_current = self._found is None or is_current(workbench.project, self._found, workbench.teaching)
        except BlindspotError as error:
            self.leave(str(error))
            return
        self.pane.show(self._lines, keep_scroll=True)
        self.pane.focus()
        self.refresh_bindings()

    def show_job(self) -> None:
        """Show where the job is, and what it has left."""
        super().show_job()
        if not self.ready:
            return
        if self.workbench.running is None:
            self.show()
        elif self._found is None:
            self.pane.show(self._lines, keep_scroll=True)

    def _lines(self, width: int) -> list[Text]:
        app, found = shell(self), self._found
        if found is None:
            return self._notice(width) if self.ready else []
        inner = width - 2
        text = wrapped(Text(comparison_heading(found), style=app.ink.muted), inner)
        if not self._is_current:
            stale = "! Out of date: answers or judgements have changed since. S draws it up again."
            text += wrapped(Text(stale, style=app.ink.warn), inner)
        tables = comparison_tables(found)
        for table in tables:
            text += [Text(""), *table_text(inner, table, app.ink, app.glyphs)]
        notes = comparison_notes(found, "v")
        text += [Text("")] if notes else []
        for note in notes:
            text += wrapped(Text(note, style=app.ink.muted), inner)
        text += [Text(""), Text("What the measures mean", style=app.ink.strong)] if tables else []
        for name, meaning in comparison_meanings(tables):
            text += wrapped(Text.assemble((f"{name}  ", app.ink.accent), (meaning, app.ink.muted)), inner)
        return [Text.assemble(" ", line) for line in text]

    def _notice(self, width: int) -> list[Text]:
        app, job = shell(self), self.workbench.running
        if job is not None and job.kind == _KIND:
            return job_notice(width, app.ink, app.glyphs, job, title="Comparing")
        own = " with the judgements of people about their own text" if self._own else ""
        paragraphs = [
            f"S draws it up{own}, in the background: some seconds for a few hundred samples.",
            "It needs samples of at least one teacher. Judgements come from the review: v.",
        ]
        return notice(width, app.ink, title="No comparison yet", paragraphs=paragraphs)

    # where the user is

    def place(self) -> ComparisonPlace:
        """What counts, and how far it is scrolled."""
        return ComparisonPlace(self._own, self.pane.scroll_offset.y)

    def restore(self, place: ComparisonPlace) -> None:
        """Return to that line."""
        self._own = place.own
        self.update()
        self.call_after_refresh(self.pane.scroll_to, y=place.scroll, animate=False)

    def unavailable(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """Why an action cannot be used now."""
        if not self.ready:
            return None if action in ("back", "escape") else "The project is not open."
        running = self.workbench.running
        if action == "compare" and running is not None:
            return f"{running.id} is running: wait for it, or stop it with X."
        if action == "compare" and self._found is not None and self._is_current:
            return "It is up to date."
        return super().unavailable(action, parameters)

    # what happens

    def action_compare(self) -> None:
        """Draw it up in the background."""
        from engine.operations.job_records import CompareOptions

        if shell(self).job_watch.start(CompareOptions(own=self._own)):
            self.say("It is drawn up in the background.")
            self.show_job()

    def action_own(self) -> None:
        """Count judgements of one's own text too, or leave them out."""
        self._own = not self._own
        self.show()
        counted = "count too" if self._own else "are left out"
        self.say(f"Judgements of one's own text {counted}.")
        shell(self).autosave()
