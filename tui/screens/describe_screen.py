"""Explaining one blind spot: its rows in sight, a form for patterns and samples, and below it what is written.

What is typed is kept at once, refused or not. Every record can be changed, deleted, undone and redone until one
commits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Vertical

from engine.errors import BlindspotError
from engine.text import visible
from tui.dialogs.choose_label import choose_label
from tui.flows.commit_answer import decide, why_not
from tui.keys import key_of, keys
from tui.reporting.measures import TEACHING
from tui.screens.work_screen import Place, WorkScreen
from tui.shell import shell
from tui.view_models.teaching_draft import EDIT, PATTERN, SAMPLE, TeachingDraft, short_id
from tui.widgets.line_list import LineList
from tui.widgets.prose import Prose
from tui.widgets.spot_line import SpotLine
from tui.widgets.teaching_form import TeachingForm
from tui.widgets.typical_rows import TypicalRows
from tui.widgets.written_rows import WrittenList, WrittenRows

if TYPE_CHECKING:
    from engine.preview.record import Preview
    from engine.teaching.revisions import Action

OFF_FOR_ALL = "The model's verdict on what is typed is off for everybody: `live_verdict` in blindspot.toml is false."


@dataclass(frozen=True, slots=True)
class DescribePlace(Place):
    """What is being written, the focus, and both cursors: row and column in the fields, row in the lists."""

    slot: str = PATTERN
    focus: str | None = None
    cursor: tuple[int, int] | None = None
    pair_cursor: tuple[int, int] | None = None
    evidence: int = 0
    written: str | None = None


class DescribeScreen(WorkScreen[DescribePlace]):
    """Patterns and samples of one blind spot."""

    NAME = "describe"
    PLACE = DescribePlace
    HELP_TEXT = (
        "Say why the model gets these rows wrong (a pattern), and write labelled texts that teach it (samples). What "
        "you type is kept as you type. What other teachers wrote is sealed until you commit to your answer, or decline "
        "to give one."
    )
    MEASURES = TEACHING
    CSS_PATH = "describe.tcss"
    BINDINGS = [*keys("describe")]

    def __init__(self, spot: str) -> None:
        super().__init__()
        self.spot_id = spot
        self._drafting: TeachingDraft | None = None
        self._said, self._warns = "", False
        self._mean_error: float | None = None
        """How many UUs the estimates of this project were off, once a retrain has told."""

    def body(self) -> ComposeResult:
        """Evidence, form, what is written."""
        app = shell(self)
        yield SpotLine()
        with Container(id="panes"):
            yield LineList(TypicalRows((), app.ink), id="evidence")
            with Vertical(id="writing"):
                yield TeachingForm()
                yield WrittenList(WrittenRows((), (), app.ink, app.glyphs), id="written")

    def footer(self) -> Sequence[str]:
        """Keys of the field while one writes, else those of what is written."""
        if isinstance(self.focused, Prose):
            is_counter = self.ready and self._drafting is not None and self.drafting.is_counter
            copy = "describe.flip" if is_counter else "describe.copy"
            return ("field.hand_in", "describe.form", copy, "screen.escape", "prose.help")
        listed = ("written.change", "written.delete") if self.focused is self.written else ("describe.copy",)
        decided = "written.test" if self.focused is self.written else "app.undo"
        last = "describe.commit" if self._is_open else decided
        return (*listed, "describe.write", "describe.form", last, "screen.back", "app.help")

    @property
    def _is_open(self) -> bool:
        return self.ready and why_not(self.workbench, self.spot_id) is None

    @property
    def drafting(self) -> TeachingDraft:
        """The form's content."""
        assert self._drafting is not None, "the project is still being opened"
        return self._drafting

    @property
    def form(self) -> TeachingForm:
        """The form."""
        return self.query_one(TeachingForm)

    @property
    def evidence(self) -> LineList:
        """The rows of the blind spot."""
        return self.query_one("#evidence", LineList)

    @property
    def written(self) -> LineList:
        """Patterns and samples."""
        return self.query_one("#written", LineList)

    @property
    def _pairs(self) -> bool:
        return self.workbench.project.settings.task.pair

    def show(self) -> None:
        """Show the blind spot as it is now; what is being typed stays."""
        board = self.workbench.board
        if board is None or board.discovery.spot(self.spot_id) is None:
            self.app.call_later(self._leave_missing)
            return
        app = shell(self)
        first = self._drafting is None
        drafting = self._drafting = self._drafting or TeachingDraft(self.workbench, self.spot_id)
        gone = drafting.is_gone
        app.live_verdict.begin(board.discovery.model_key)
        rows_seen = board.evidence(self.spot_id)
        self.evidence.show(TypicalRows(rows_seen, app.ink, is_edited=lambda row: drafting.is_changed(EDIT + row)))
        rows = WrittenRows(
            drafting.patterns,
            drafting.samples,
            app.ink,
            app.glyphs,
            others=drafting.others,
            later=drafting.later,
            is_changed=drafting.is_changed,
        )
        self.written.show(rows)
        line = self.query_one(SpotLine)
        line.spot = board.spot(self.spot_id)
        line.by_others = len(rows) - rows.own
        if first or gone:
            drafting.slot = SAMPLE if drafting.patterns else PATTERN
            self._load()
        if first:
            self.form.text.focus()
            self.run_worker(self._look_back, thread=True, group="previews", exit_on_error=False)
            self.run_worker(drafting.annotator.prepare, thread=True, group="checker", exit_on_error=False)
        self.form.show()

    def _look_back(self) -> None:
        from engine.preview.record import mean_error

        self._mean_error = mean_error(self.workbench.project)

    def _leave_missing(self) -> None:
        if self.is_current:
            self.app.pop_screen()
            shell(self).say(f"There is no blind spot {self.spot_id} in this round.", warning=True)

    def _load(self) -> None:
        self.form.load(self.drafting, pairs=self._pairs)
        self.refresh_bindings()

    # where the user is

    def arguments(self) -> dict[str, str]:
        """The blind spot."""
        return {"spot": self.spot_id}

    def place(self) -> DescribePlace:
        """What is being written, the focus, and both cursors."""
        if self._drafting is None:
            return DescribePlace()
        focus = self.focused.id if self.focused is not None else None
        record = self._under_cursor
        return DescribePlace(
            slot=self._drafting.slot,
            focus=focus,
            cursor=self.form.text.cursor_location,
            pair_cursor=self.form.pair.cursor_location,
            evidence=self.evidence.cursor,
            written=record.id if record else None,
        )

    def restore(self, place: DescribePlace) -> None:
        """Return to that form, field and cursor."""
        if self._drafting is None:
            return
        self._drafting.slot = place.slot
        if self._drafting.is_gone:
            self._drafting.slot = PATTERN
        self._load()
        for field, cursor in ((self.form.text, place.cursor), (self.form.pair, place.pair_cursor)):
            field.move_cursor(cursor or field.document.end)
        self.evidence.move_to(place.evidence)
        self.written.move_to(self._rows.index(place.written) or 0)
        if place.focus in ("text", "pair", "evidence", "written"):
            self.query_one(f"#{place.focus}").focus()

    def turn_to(self, row: str) -> None:
        """Have that row of the evidence in sight."""
        rows = self.evidence.rows
        assert isinstance(rows, TypicalRows)
        ids = [one.prediction.id for one in rows.rows]
        if row in ids:
            self.evidence.move_to(ids.index(row))

    def covers(self, action: Action) -> bool:
        """Patterns and samples of this blind spot."""
        return all(kind in ("pattern", "sample") and spot == self.spot_id for kind, spot in action.places)

    @on(TeachingForm.Changed)
    @on(LineList.Moved)
    def _moved(self) -> None:
        shell(self).autosave()

    # writing

    @on(TeachingForm.HandedIn)
    def action_hand_in(self) -> None:
        """Write the pattern or sample, or show why it is refused."""
        try:
            done = self.drafting.hand_in()
        except BlindspotError as error:
            self.form.refuse(str(error))
            self.say("")
            if not isinstance(self.focused, Prose):
                self.form.text.focus()
            return
        is_sample = self.drafting.slot == SAMPLE and bool(self.drafting.samples)
        self._said, self._warns = done, False
        self._after(done)
        self.show_verdicts()
        if is_sample:
            shell(self).live_verdict.preview(self.spot_id)
        self.written.move_to(self._rows.own - 1)
        self.form.text.focus()

    def show_verdicts(self) -> None:
        """Warn of an anchor that the model gets wrong, once its verdict is there."""
        anchor = self.drafting.anchor if self._drafting is not None else None
        live = shell(self).live_verdict
        verdict = live.known((anchor.text, anchor.text_pair)) if anchor is not None and live.is_on else None
        doubt = self.drafting.doubt(verdict) if verdict is not None else None
        if doubt is not None and doubt != self._said:
            self._said, self._warns = doubt, True
            self.say(doubt, warning=True)

    def _after(self, done: str) -> None:
        self._load()
        shell(self).changed()
        self.say(done)

    def _switch(self, change: Callable[[], None]) -> None:
        self.form.keep()
        change()
        self.form.show()
        self.refresh_bindings()
        shell(self).autosave()

    def action_form(self) -> None:
        """Go to a new sample, or to a new pattern."""
        self.form.keep()
        drafting = self.drafting
        drafting.slot = PATTERN if drafting.is_sample and drafting.start is None else SAMPLE
        self._load()
        shell(self).changed()
        self.form.text.focus()

    def action_kind(self) -> None:
        """Take the next kind of pattern or role of sample."""
        self._switch(self.drafting.next_role if self.drafting.is_sample else self.drafting.next_kind)

    def action_label(self) -> None:
        """Take another label."""
        drafting = self.drafting

        def take(label: str) -> None:
            self._switch(lambda: drafting.set_label(label))

        choose_label(self, drafting.labels, drafting.label, take)

    def action_about(self) -> None:
        """Take the next pattern that the sample is for."""
        self._switch(self.drafting.next_about)

    def action_copy(self) -> None:
        """Copy the row under the evidence cursor into the form, to be changed."""
        rows = self.evidence.rows
        assert isinstance(rows, TypicalRows)
        row = rows.rows[self.evidence.cursor].prediction
        self.form.text.add(row.text)
        if self._pairs and row.text_pair is not None:
            self.form.pair.add(row.text_pair)
        self.form.text.focus()
        self.say(f"Row {self.evidence.cursor + 1} is copied: change it.")

    def action_flip(self) -> None:
        """Edit the row or sample under the cursor until the model's verdict flips."""
        self.form.keep()
        self.drafting.slot = EDIT + self._start_id
        self._load()
        shell(self).changed()
        self.form.text.focus()
        start = self.drafting.start
        assert start is not None
        form = key_of("describe.form")
        self.say(f"Its label was {visible(start.label)}: change it until it is not. {form} leaves it for later.")

    @property
    def _start_id(self) -> str:
        """The sample under the cursor if that list has the focus, else the row under the evidence cursor."""
        if self.focused is self.written:
            return str(self._under_cursor.id)
        rows = self.evidence.rows
        assert isinstance(rows, TypicalRows)
        return rows.rows[self.evidence.cursor].prediction.id

    def show_preview(self, preview: Preview) -> None:
        """Say what the samples would change, behind what was said of the last of them."""
        if preview.blind_spot == self.spot_id:
            flips = f"Estimate: {preview.flips} of {preview.rows} UUs would flip"
            off = f" (so far {self._mean_error:.1f} off)" if self._mean_error is not None else ""
            self.say(f"{self._said} {flips}{off}.".strip(), warning=self._warns)

    def action_verdict(self) -> None:
        """Hide the live verdict or show it again, for oneself."""
        live = shell(self).live_verdict
        live.toggle()
        self.form.show()
        shell(self).autosave()
        self.say("The model's verdict shows as you type." if live.wanted else "The model's verdict is hidden from you.")

    def action_turn(self, step: int) -> None:
        """Look at another row while writing."""
        self.evidence.action_down() if step > 0 else self.evidence.action_up()

    # what is written

    @property
    def _rows(self) -> WrittenRows:
        rows = self.written.rows
        assert isinstance(rows, WrittenRows)
        return rows

    @property
    def _under_cursor(self) -> Any:
        records = self._rows.records
        return records[self.written.cursor] if self.written.cursor < len(records) else None

    @on(LineList.Chosen)
    async def _chosen(self, event: LineList.Chosen) -> None:
        if event.list is self.written:
            await self.run_action("change")

    def action_change(self) -> None:
        """Put the record under the cursor into the form."""
        self.form.keep()
        self.drafting.slot = self._under_cursor.id
        self._load()
        shell(self).changed()
        self.form.text.focus()
        form = key_of("describe.form")
        self.say(f"Changing {short_id(self._under_cursor)}: ctrl+j hands it in, {form} leaves it as it was.")

    def action_delete(self) -> None:
        """Delete the record under the cursor."""
        self.form.keep()
        try:
            done = self.drafting.delete(self._under_cursor)
        except BlindspotError as error:
            shell(self).refuse(error)
            return
        self._after(done)

    async def action_test(self) -> None:
        """Test the pattern under the cursor."""
        await shell(self).go("pattern_test", pattern=self._under_cursor.id)

    async def action_find_rows(self) -> None:
        """Find rows of the pool that are like the pattern or sample under the cursor."""
        from tui.screens.found_rows_screen import find_rows_for

        await find_rows_for(self, self._under_cursor.id)

    def action_commit(self) -> None:
        """Commit to one's answer, or decline to give one."""
        self.form.keep()
        decide(self, self.spot_id)

    def action_write(self) -> None:
        """Back to the field."""
        self.form.text.focus()

    def action_escape(self) -> None:
        """From a field to what is written, from there back."""
        if isinstance(self.focused, Prose):
            self.written.focus()
            read_only = self.workbench.project.read_only
            kept = "Read-only: what you typed is not kept." if read_only else "What you typed is kept."
            self.say(f"{kept} i goes on writing, esc goes back.", warning=read_only)
        else:
            self.action_back()

    def unavailable(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """Why an action cannot be used now."""
        drafting = self._drafting
        if drafting is None:
            return None if action in ("back", "escape") else "The project is not open."
        if action == "verdict" and not shell(self).live_verdict.is_allowed:
            return self.workbench.lacks_verdicts or OFF_FOR_ALL
        if action == "commit":
            return why_not(self.workbench, self.spot_id)
        reason = drafting.why_not(action)
        if action in ("change", "delete", "test", "find_rows") or (action == "flip" and self.focused is self.written):
            reason = self._rows.why_not(action, self.written.cursor)
            if reason is None and action in ("change", "delete"):
                reason = drafting.why_frozen(self._under_cursor)
        elif action == "flip" and not len(self.evidence.rows):
            reason = "There is no row to be edited."
        if reason is None and action == "test" and drafting.board.spot(self.spot_id).decision is None:
            reason = "The test shows rows that are held back until you have handed in your answer: C does that."
        return reason or super().unavailable(action, parameters)
