"""The evidence of one blind spot: every row in full, what the model says, and the annotator's mark of the label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.containers import Container, Vertical

from engine.errors import BlindspotError
from tui.flows.commit_answer import decide, why_not
from tui.keys import keys
from tui.reporting.measures import EVIDENCE
from tui.screens.filtered_screen import NOTHING_MATCHES, FilteredScreen
from tui.screens.spots_screen import SpotsScreen
from tui.screens.work_screen import Place
from tui.shell import shell
from tui.terminal.wrapping import wrapped
from tui.view_models.scattered import SCATTERED, flagged_of, uus_of
from tui.widgets.evidence_detail import evidence_detail
from tui.widgets.evidence_rows import EvidenceRows
from tui.widgets.filter_bar import FilterBar
from tui.widgets.line_list import LineList
from tui.widgets.list_heading import ListHeading
from tui.widgets.scroll_mark import with_mark
from tui.widgets.text_pane import TextPane

if TYPE_CHECKING:
    from engine.schema import RowVerdict
    from engine.teaching.revisions import Action
    from engine.teaching.views import EvidenceRow
    from engine.teaching.writer import Annotator

_VERDICT_WORDS = {"unmarked": None, "wrong": "label wrong", "ambiguous": "ambiguous", "fine": "fine"}
_SUSPECT = "label?"
_FLAGGED = "flagged"


@dataclass(frozen=True, slots=True)
class EvidencePlace(Place):
    """Row and filter."""

    row: str | None = None
    filter: str = ""


class EvidenceScreen(FilteredScreen[EvidencePlace]):
    """Rows on the left or above, the details of the current one beside or beneath."""

    NAME = "evidence"
    PLACE = EvidencePlace
    HELP_TEXT = (
        "Rows of one blind spot, most typical first. Read them, mark those whose gold label is wrong or can be argued "
        "about, then describe what they have in common. tab goes to the details and back."
    )
    MEASURES = EVIDENCE
    CSS_PATH = "evidence.tcss"
    BINDINGS = [*keys("evidence")]

    def __init__(self, spot: str) -> None:
        super().__init__()
        self.spot = spot
        self._listed: list[EvidenceRow] = []
        self._heights: dict[tuple[str, int, int], int] = {}

    def body(self) -> ComposeResult:
        """Heading, rows and details."""
        with Container(id="panes"):
            with Vertical(id="master"):
                yield ListHeading()
                yield LineList(id="rows")
            with Vertical(id="side"):
                yield from with_mark(TextPane(id="detail"), indent=0)
        yield FilterBar("words, or unmarked / wrong / ambiguous / fine / label? / flagged")

    def footer(self) -> Sequence[str]:
        """The marks, and the ways on and back; while a filter is typed, its keys."""
        if shell(self).is_typing:
            return ()
        marks = ("evidence.wrong", "evidence.ambiguous", "evidence.fine", "evidence.next")
        return (*marks, "evidence.describe", "screen.back", "app.help")

    @property
    def rows(self) -> LineList:
        """The list."""
        return self.query_one("#rows", LineList)

    @property
    def row(self) -> EvidenceRow | None:
        """The row under the cursor."""
        return self._listed[self.rows.cursor] if self._listed else None

    def show(self) -> None:
        """Fill the list, filtered; the cursor stays on its row."""
        if self._gone:
            self.leave(f"{self.spot} is not there any more: the blind spots were found anew.")
        else:
            self.refill()

    def refill(self) -> None:
        """Fill the list, filtered; the cursor stays on its row."""
        self._fill(self.row.prediction.id if self.row else None)

    @property
    def _gone(self) -> bool:
        board = self.workbench.board
        return board is None or (self.spot != SCATTERED and board.discovery.spot(self.spot) is None)

    @property
    def _flagged(self) -> list[EvidenceRow]:
        board = self.workbench.board
        return flagged_of(board, self.spot) if board else []

    def _fill(self, keep: str | None) -> None:
        from engine.text import visible

        app, board = shell(self), self.workbench.board
        assert board is not None, "evidence is opened from a blind spot"
        uus = uus_of(board, self.spot)
        flagged = self._flagged
        every = [*uus, *flagged]
        words = self.filter.text.casefold().split()
        kept = [(number, row) for number, row in enumerate(every, start=1) if _matches(row, words)]
        self._listed = [row for _, row in kept]
        rows = EvidenceRows(self._listed, [number for number, _ in kept], app.ink, app.glyphs, self._heights)
        ids = [row.prediction.id for _, row in kept]
        self.rows.show(rows, cursor=ids.index(keep) if keep in ids else None)
        rows_word = "row" if len(every) == 1 else "rows"
        shown = f"{len(kept)} of {len(every)} {rows_word}" if words else f"{len(every)} {rows_word}"
        shown += f", {len(flagged)} of them flagged" if flagged else ""
        if self.spot == SCATTERED:
            title = f"In no blind spot   {shown}"
        else:
            view = board.spot(self.spot)
            off = f", {view.size} of {view.size_before} UUs left" if view.size != view.size_before else ""
            off += f", {view.held_back} held back to test patterns" if view.held_back else ""
            off += f", {view.withheld} withheld (near proof)" if view.withheld else ""
            direction = f"{visible(view.gold)} {app.glyphs.arrow} {visible(view.predicted)}"
            title = "   ".join((f"{view.id}  {direction}", f"{shown}{off}", ", ".join(view.words)))
        self.query_one(ListHeading).show(title, rows.heading)

    # where the user is

    def arguments(self) -> dict[str, str]:
        """The blind spot."""
        return {"spot": self.spot}

    def place(self) -> EvidencePlace:
        """Row and filter."""
        return EvidencePlace(self.row.prediction.id if self.row else None, self.filter.text)

    def restore(self, place: EvidencePlace) -> None:
        """Return to that row and filter."""
        self.filter.set_text(place.filter)
        if not self._gone:
            self._fill(place.row)

    def covers(self, action: Action) -> bool:
        """Marks and perturbed pairs of the rows of this blind spot."""
        board = self.workbench.board
        spot = board.discovery.spot(self.spot) if board else None
        rows = spot.rows if spot else board.discovery.scattered if board else ()
        return all(kind in ("mark", "perturbation") and row in rows for kind, row in action.places)

    def unavailable(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """Why an action cannot be used now."""
        if action in ("wrong", "ambiguous", "fine", "clear", "copy") and self.row is None:
            return NOTHING_MATCHES
        if action in ("wrong", "ambiguous", "fine", "clear") and self.row is not None and self.row.flagged:
            return "This row is flagged, not checked: it has no gold label that could be marked."
        if action == "clear":
            row = self.row
            if row is None or row.mark is None:
                return "This row has no mark."
            if row.marked_by != self.workbench.teaching.author:
                return f"The mark is {row.marked_by}'s; a mark of your own wins over it."
        if action == "describe" and self.spot == SCATTERED:
            return "These rows belong to no blind spot."
        if action == "commit":
            return why_not(self.workbench, self.spot)
        if action == "check_flags" and not self._flagged:
            return "No row near it is flagged: flags come with an LLM's labels, and go with yours."
        return None

    # what happens

    @on(LineList.Moved)
    def _moved(self) -> None:
        self.query_one("#detail", TextPane).show(self._detail)
        shell(self).autosave()
        self.refresh_bindings()

    def _detail(self, width: int) -> list[Text]:
        app, board = shell(self), self.workbench.board
        if self.row is None or board is None:
            return wrapped(Text(NOTHING_MATCHES, style=app.ink.muted), width)
        return evidence_detail(width, self.row, board.discovery, app.ink, app.glyphs)

    def action_wrong(self) -> None:
        """Ask for the right label, if there is more than one other."""
        from engine.text import visible
        from tui.dialogs.choice_dialog import ChoiceDialog

        row = self.row
        if row is None:
            return
        others = [label for label in self.workbench.project.labels if label != row.prediction.label]

        def mark(choice: int | None) -> None:
            if choice is not None:
                self._mark(row, "label wrong", others[choice])

        if len(others) == 1:
            mark(0)
            return
        start = others.index(row.prediction.predicted) if row.prediction.predicted in others else 0
        title = f"Gold says {visible(row.prediction.label)}. Which label is right?"
        self.app.push_screen(ChoiceDialog(title, [visible(label) for label in others], current=start), mark)

    def action_ambiguous(self) -> None:
        """Either label can be defended."""
        if self.row is not None:
            self._mark(self.row, "ambiguous")

    def action_fine(self) -> None:
        """The gold label is right."""
        if self.row is not None:
            self._mark(self.row, "fine")

    def action_clear(self) -> None:
        """Take the mark off."""
        row = self.row
        if row is not None and self._write(lambda annotator: annotator.unmark(row.prediction.id)):
            self.say(f"Row {row.prediction.id} has no mark of yours any more.")

    def _mark(self, row: EvidenceRow, verdict: RowVerdict, label: str | None = None) -> None:
        if self._write(lambda annotator: annotator.mark(row.prediction.id, verdict, label)):
            right = f", right is {label}" if label else ""
            left = self.workbench.status().uus
            self.say(f"Row {row.prediction.id}: {verdict}{right}. {left} UUs left.")

    def _write(self, change: Any) -> bool:
        annotator: Annotator | None = self.workbench.annotator
        try:
            change(annotator)
        except BlindspotError as error:
            shell(self).refuse(error)
            return False
        shell(self).changed()
        return True

    def action_next(self) -> None:
        """Go to the next row without a mark."""
        rows, at = self._listed, self.rows.cursor
        later = [(at + step) % len(rows) for step in range(1, len(rows) + 1)]
        found = next((index for index in later if rows[index].mark is None and not rows[index].flagged), None)
        if found is None:
            self.say("Every row has a mark; ] goes to the next blind spot.")
        else:
            self.rows.move_to(found)

    async def action_spot(self, step: int) -> None:
        """Evidence of a neighbouring blind spot, in the order of the list."""
        bottom = self.app.screen_stack[0]
        assert isinstance(bottom, SpotsScreen)
        spot = bottom.step(self.spot, step)
        if spot is None:
            self.say("That was the last one in the list." if step > 0 else "This is the first one in the list.")
        else:
            await shell(self).go("evidence", spot=spot)

    async def action_describe(self) -> None:
        """Write patterns and samples, with this row in sight."""
        from tui.screens.describe_screen import DescribeScreen

        row = self.row
        await shell(self).go("describe", spot=self.spot)
        front = shell(self).front
        if isinstance(front, DescribeScreen) and row is not None:
            front.turn_to(row.prediction.id)

    def action_commit(self) -> None:
        """Commit to one's answer, or decline to give one."""
        decide(self, self.spot)

    def action_check_flags(self) -> None:
        """Queue the flagged rows, and go and label them."""
        from engine.label_queue.picked_rows import queue_flagged
        from tui.screens.label_rows import label_rows

        rows = [row.prediction.id for row in self._flagged]
        try:
            queue = queue_flagged(self.workbench.project, self.workbench.teaching, rows, self.spot)
        except BlindspotError as error:
            shell(self).refuse(error)
            return
        label_rows(self, queue.spec.name)

    @work(thread=True, group="copy")
    def action_copy(self) -> None:
        """Copy the text, or both texts of a pair on two lines."""
        from tui.terminal.clipboard import copy

        app, row = shell(self), self.row
        if row is None:
            return
        texts = [row.prediction.text, row.prediction.text_pair]
        text = "\n".join(part for part in texts if part is not None)
        try:
            said = copy(text, write=app.write_to_terminal, file=self.workbench.project.cache_dir / "copied.txt")
        except BlindspotError as error:
            app.call_later(app.refuse, error)
        else:
            app.call_later(app.say, said)


def _matches(row: EvidenceRow, words: list[str]) -> bool:
    if not words:
        return True
    text = f"{row.prediction.text} {row.prediction.text_pair or ''}".casefold()
    verdict = row.mark.verdict if row.mark else None

    def holds(word: str) -> bool:
        if word in (_SUSPECT, _FLAGGED):
            return row.suspect if word == _SUSPECT else row.flagged
        if word in _VERDICT_WORDS and row.flagged:
            return False
        return verdict == _VERDICT_WORDS[word] if word in _VERDICT_WORDS else word in text

    return all(map(holds, words))
