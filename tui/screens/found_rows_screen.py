"""The rows of the pool that a pattern or sample has found: looked through, queued by one key, and labelled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text
from textual import on
from textual.app import ComposeResult

from engine.errors import BlindspotError
from engine.text import visible
from tui.keys import keys
from tui.screens.label_rows import label_rows
from tui.screens.work_screen import Place, WorkScreen
from tui.shell import shell
from tui.terminal.wrapping import wrapped
from tui.view_models.row_search import RowSearch
from tui.widgets.found_row_lines import FoundRowLines
from tui.widgets.line_list import LineList
from tui.widgets.list_heading import ListHeading
from tui.widgets.text_pane import TextPane

if TYPE_CHECKING:
    from engine.jobs.kind import JobOptions

_MOST_LINES = 5  # of what is searched by


@dataclass(frozen=True, slots=True)
class FoundRowsPlace(Place):
    """The row under the cursor."""

    row: int = 0


class FoundRowsScreen(WorkScreen[FoundRowsPlace]):
    """What is searched by above, beneath it the rows."""

    NAME = "found"
    PLACE = FoundRowsPlace
    HELP_TEXT = (
        "Pool rows that nobody has labelled, first those most like the pattern's targets and the rows of its blind "
        "spot, or like the sample. L asks the LLM to which of them the pattern applies. # queues those, or all if no "
        "LLM was asked, and opens the label screen, which does not show what the model says. Their labels train."
    )
    CSS_PATH = "found_rows.tcss"
    AUTO_FOCUS = "#rows"
    BINDINGS = [*keys("found")]

    def __init__(self, record: str) -> None:
        super().__init__()
        self.record_id = record
        self.search: RowSearch | None = None
        """What is found; None before it is shown."""
        self._searching = False

    def body(self) -> ComposeResult:
        """What is searched by, and the rows."""
        yield TextPane(id="query")
        yield ListHeading()
        yield LineList(id="rows")

    def footer(self) -> Sequence[str]:
        """Keys of what is found."""
        return ("screen.label", "found.again", "found.llm", "screen.back", "app.help")

    @property
    def rows(self) -> LineList:
        """The rows."""
        return self.query_one("#rows", LineList)

    @property
    def _at_hand(self) -> RowSearch:
        assert self.search is not None, "the action is available once the search is shown"
        return self.search

    # showing

    def show(self) -> None:
        """Show what is found as it is now."""
        if self.workbench.board is None:
            self.leave("The blind spots are not there any more.")
            return
        try:
            self.search = search = RowSearch(self.workbench, self.record_id)
        except BlindspotError as error:
            self.leave(str(error))
            return
        running = self.workbench.running
        self._searching = running is not None and running.kind == "search"
        app, found = shell(self), search.found
        rows = FoundRowLines(found.rows if found else (), search.labelled, app.ink, app.glyphs)
        self.query_one("#query", TextPane).show(self._query_lines, keep_scroll=True)
        self._fit()
        self.rows.show(rows)
        self.query_one(ListHeading).show(self._title(), rows.heading)
        self.refresh_bindings()

    def _title(self) -> str:
        found = self._at_hand.found
        if self._searching:
            return "Searching the pool"
        if found is None:
            return "No rows are found yet: * searches the pool"
        asked = [row.applies for row in found.rows if row.applies is not None]
        parts = [f"{len(found.rows):,} of {found.candidates:,} rows without a label"]
        parts += [f"it applies to {sum(asked)} of {len(asked)}"] if asked else []
        done = sum(row.id in self._at_hand.labelled for row in found.rows)
        return "   ".join([*parts, *([f"{done} labelled since"] if done else [])])

    def _query_lines(self, width: int) -> list[Text]:
        search, ink = self._at_hand, shell(self).ink
        record = search.record
        kind = search.pattern.kind if search.pattern else search.sample.role if search.sample else ""
        head = f"{visible(record.id)}  {kind} of {record.blind_spot}, by {visible(record.teacher.name)}: "
        lines = wrapped(Text.assemble((head, ink.muted), (visible(record.text), ink.strong)), width)
        if search.found is None:
            return lines
        if search.stale:
            return lines + wrapped(Text(f"Out of date: {search.stale}. * searches anew.", style=ink.warn), width)
        told = f"Found by {search.found.searched_by}"
        told += f"; asked: {visible(search.found.judge.name)}" if search.found.judge else ""
        told += f"; {visible(search.found.unasked).rstrip('.')}" if search.found.unasked else ""
        return lines + wrapped(Text(f"{told}.", style=ink.muted), width)

    def _fit(self) -> None:
        """Give what is searched by as many lines as it needs, within limits: the rows need room."""
        lines = self._query_lines(max(1, self.size.width - 2))
        self.query_one("#query").styles.height = min(_MOST_LINES, max(1, len(lines))) + 1  # a line between

    def on_resize(self) -> None:
        """Other widths take other heights."""
        if self.search is not None:
            self._fit()

    def show_job(self) -> None:
        """Take in what a search has found."""
        super().show_job()
        running = self.workbench.running if self.ready else None
        if self.ready and self._searching != (running is not None and running.kind == "search"):
            self.show()

    # where the user is

    def arguments(self) -> dict[str, str]:
        """The pattern or sample."""
        return {"record": self.record_id}

    def place(self) -> FoundRowsPlace:
        """The row under the cursor."""
        return FoundRowsPlace(self.rows.cursor)

    def restore(self, place: FoundRowsPlace) -> None:
        """Return to that row."""
        self.rows.move_to(place.row)

    @on(LineList.Moved)
    def _moved(self) -> None:
        shell(self).autosave()

    def unavailable(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """Why an action cannot be used now."""
        search = self.search
        if search is None:
            return None if action in ("back", "escape") else "The project is not open."
        reasons = {
            "find_rows": search.not_searchable,
            "llm": search.not_askable,
            "label_rows": search.not_queueable,
        }
        return reasons[action]() if action in reasons else super().unavailable(action, parameters)

    # what happens

    def begin(self) -> None:
        """Search, unless the rows of the present wording are found already, or a job runs."""
        if self.search is not None and not self.search.is_current and self.search.not_searchable() is None:
            self.action_find_rows()

    def action_find_rows(self) -> None:
        """Search the pool, in the background."""
        self._start(self._at_hand.options(by_llm=False), "The pool is searched in the background.")

    def action_llm(self) -> None:
        """Search, and let the LLM say to which rows the pattern applies, in the background."""
        self._start(self._at_hand.options(by_llm=True), "The LLM is asked in the background to which rows it applies.")

    def _start(self, options: JobOptions, said: str) -> None:
        if shell(self).job_watch.start(options):
            self.show()
            self.say(said)

    def action_label_rows(self) -> None:
        """Queue what applies, or all, and go and label it."""
        try:
            queue = self._at_hand.queue()
        except BlindspotError as error:
            shell(self).refuse(error)
            return
        label_rows(self, queue)


async def find_rows_for(screen: WorkScreen, record: str) -> None:
    """Lead to the rows that a pattern or sample finds, and search for them if that was not done yet."""
    app = shell(screen)
    await app.go("found", record=record)
    if isinstance(app.front, FoundRowsScreen):
        app.front.begin()
