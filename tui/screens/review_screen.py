"""Judging what two teachers wrote about the same blind spot, without knowing who wrote what.

Answers are drafts until those to an item are handed in, which is final; only then are its sources shown. Both sides get
the same room, whatever is in them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text
from textual import on
from textual.app import ComposeResult

from engine.errors import BlindspotError
from tui.flows.commit_answer import decide
from tui.flows.hand_in_review import (
    ask_for_correction,
    ask_to_hand_in,
    no_item,
    still_open,
    what_next,
    which_are_asked,
    why_not_now,
)
from tui.keys import keys
from tui.screens.work_screen import Place, WorkScreen
from tui.shell import shell
from tui.view_models.judgement import JudgementDraft, SideName
from tui.view_models.review_queue import ReviewQueue
from tui.widgets.line_list import LineList
from tui.widgets.review_item import ReviewItem
from tui.widgets.review_lines import ItemLine
from tui.widgets.text_pane import TextPane

if TYPE_CHECKING:
    from engine.review.blind_review import QueueEntry
    from engine.schema import Preference


@dataclass(frozen=True, slots=True)
class Given:
    """Answers to one row of an item, by their keys."""

    item: str
    side: SideName
    row: int
    answers: dict[str, str]


@dataclass(frozen=True, slots=True)
class ReviewPlace(Place):
    """Item, side, row of each side, and what is shown."""

    item: str | None = None
    side: str | None = None
    rows: tuple[int, ...] = ()
    own: bool = False
    enlarged: bool = False


class ReviewScreen(WorkScreen[ReviewPlace]):
    """The rows of the blind spot above, the two sides beneath, beside each other where there is room."""

    NAME = "review"
    PLACE = ReviewPlace
    HELP_TEXT = (
        "Two teachers saw the same rows; you do not know who wrote which side. Answer from top to bottom; open "
        "questions have a question mark. y or n says whether the pattern helps to foresee other errors; a accepts, x "
        "rejects and e fixes a sample. Say which side is better, and hand in with ctrl+j. That is final: then you see "
        "who wrote what. Of many samples you are asked about a few, drawn at random; + shows all samples and further "
        "questions, which are optional. h and l go from side to side."
    )
    CSS_PATH = "review.tcss"
    BINDINGS = [*keys("review")]

    def __init__(self) -> None:
        super().__init__()
        self._queue: ReviewQueue | None = None
        self._draft: JudgementDraft | None = None

    def body(self) -> ComposeResult:
        """Notice, or item."""
        yield ItemLine()
        yield TextPane(self._notice, id="notice")
        yield ReviewItem()

    def footer(self) -> Sequence[str]:
        """Keys of judging, or the way on."""
        if self._draft is None:
            return ("review.commit", "review.describe", "review.next", "review.own", "screen.back", "app.help")
        if self._draft.is_final:
            return ("review.next", "review.later", "review.own", "screen.comparison", "screen.back", "app.help")
        asks, is_pattern = ("review.yes", "review.no"), self._draft.is_pattern(*self._row)
        verdicts = ("review.accept", "review.reject", "review.fix")
        if self._draft.asks_everything:  # the line above says how to see fewer
            return (*asks, *verdicts, "review.hand_in", "app.help")
        return (*(asks if is_pattern else verdicts), "review.everything", "review.hand_in", "screen.back", "app.help")

    @property
    def entry(self) -> QueueEntry | None:
        """The item in front, with its state."""
        return self._queue.entry if self._queue else None

    @property
    def queue(self) -> ReviewQueue:
        """All items, and where one is among them."""
        assert self._queue is not None, "unavailable before it is read"
        return self._queue

    @property
    def draft(self) -> JudgementDraft:
        """The answers to the item in front."""
        assert self._draft is not None, "unavailable without an item"
        return self._draft

    @property
    def shown(self) -> ReviewItem:
        """The item in front: its rows and its sides."""
        return self.query_one(ReviewItem)

    @property
    def _row(self) -> tuple[SideName, int]:
        return self.shown.current, self.shown.row

    # showing

    def show(self) -> None:
        """Show the queue as it is now; the item stays."""
        if self.workbench.board is None:
            self.leave("The blind spots are not there any more.")
            return
        self._queue = self._queue or ReviewQueue(self.workbench)
        self._go(self._queue.refresh)

    def _go(self, change: Callable[[], object]) -> bool:
        """Change the queue or the place in it, and show the item in front; whether that could be done."""
        try:
            change()
            self._show_item()
        except BlindspotError as error:
            shell(self).refuse(error)
            return False
        shell(self).autosave()
        return True

    def _show_item(self) -> None:
        """Show the item in front, or why it cannot be seen."""
        before = self._draft.item.id if self._draft else None
        self._draft = self.queue.draft()
        self.set_class(self._draft is not None, "-item")
        self._show_answers()
        if self._draft is None:
            self.query_one("#notice", TextPane).show(self._notice)
            self.query_one("#notice").focus()
        elif self._draft.item.id != before:
            self._show_evidence(cursor=0)
            self.shown.start(self._draft)
        self.refresh_bindings()

    def _show_evidence(self, cursor: int | None = None) -> None:
        board = self.workbench.board
        assert board is not None, "an item is shown over a discovery"
        self.shown.show_evidence(board.evidence(self.draft.item.blind_spot), cursor=cursor)

    def _show_answers(self) -> None:
        """Show both sides and the lines about them again."""
        self.shown.show(self._draft, self.queue.sources(self._draft))
        line = self.query_one(ItemLine)
        line.draft, line.queue = self._draft, self.queue
        self.update_lines()

    def _notice(self, width: int) -> list[Text]:
        return no_item(width, shell(self).ink, self.entry)

    def repaint(self) -> None:
        """Paint everything again in other colours."""
        if self._draft is not None:
            self._show_evidence()
        super().repaint()

    # where the user is

    def place(self) -> ReviewPlace:
        """Item, side, row of each side, and what is shown."""
        return ReviewPlace(
            item=self.entry.id if self.entry else None,
            side=self.shown.current,
            rows=tuple(self.shown.cursors),
            own=self._queue is not None and self._queue.own,
            enlarged=self.has_class("-enlarged"),
        )

    def restore(self, place: ReviewPlace) -> None:
        """Return to that item and row."""
        queue = self._queue
        if queue is None:
            return
        self.set_class(place.enlarged, "-enlarged")
        queue.own = place.own
        self._go(lambda: queue.read(place.item))
        if self._draft is not None and self._draft.item.id == place.item:
            self.shown.place(place.rows, place.side)

    @on(LineList.Moved)
    def _moved(self) -> None:
        self.refresh_bindings()
        shell(self).autosave()

    def action_side(self, side: SideName) -> None:
        """Go to one side."""
        self.shown.go_to(side)

    def action_enlarge(self) -> None:
        """Show the side alone, or everything again."""
        self.toggle_class("-enlarged")
        self.shown.reveal()
        shell(self).autosave()

    def action_turn(self, step: int) -> None:
        """Look at another row of the blind spot."""
        rows = self.shown.evidence
        rows.action_down() if step > 0 else rows.action_up()

    # from item to item

    def action_step(self, step: int) -> None:
        """The item after or before, around the end."""
        if self._go(lambda: self.queue.step(step)):
            self.say("")

    def action_next(self) -> None:
        """The next item that is to be judged, else one that was skipped."""
        queue = self.queue
        found = queue.next()
        if found is None:
            rest = f" {queue.sealed} sealed: ] goes to them." if queue.sealed else ""
            self.say(f"All are judged.{rest}")
        elif found == queue.at:
            self.say("This is the last one to be judged.")
        else:
            self.action_step(found - queue.at)

    def action_skip(self) -> None:
        """Set the item aside and go on, or take it up again."""
        if not self._go(self.queue.toggle_skip):
            return
        if self.queue.entry is None or self.queue.entry.state != "skipped":
            self.say("Taken up again.")
            return
        self.action_next()
        self.say("Skipped; its answers are kept, and it comes back at the end.")

    def action_own(self) -> None:
        """Show the items with one's own text too, or leave them out."""
        queue = self.queue
        queue.own = not queue.own
        if not self._go(queue.refresh):
            return
        own = sum(entry.own for entry in queue.entries)
        self.say(f"Items with your own text are shown, {own}; they count apart." if queue.own else "They are left out.")

    def action_commit(self) -> None:
        """Commit to one's own answer, or decline to give one."""
        assert self.entry is not None, "unavailable without an item"
        decide(self, self.entry.blind_spot)

    async def action_describe(self) -> None:
        """Go to the form of the blind spot."""
        assert self.entry is not None, "unavailable without an item"
        await shell(self).go("describe", spot=self.entry.blind_spot)

    # answering

    def _give(self, note: str, change: Callable[[], None]) -> None:
        """Change the answers to the row, and remember how they were."""
        draft, (side, row) = self.draft, self._row
        before = draft.given
        change()
        after = draft.given
        keys = [key for key in {**before, **after} if before.get(key) != after.get(key)]
        states = (
            Given(draft.item.id, side, row, {key: given.get(key, "") for key in keys}) for given in (before, after)
        )
        self.did(note, *states)

    def put_back(self, state: Given) -> None:
        """Return to the item and the row, and give them the answers that they had."""
        if self._go(lambda: self.queue.read(state.item)) and self._draft is not None:
            self._draft.put_back(state.answers)
            self.shown.go_to(state.side, state.row)
            self._show_answers()
            self.refresh_bindings()

    def _answered(self) -> None:
        """Show an answer, and go on once its row has no open question."""
        draft, (side, row) = self.draft, self._row
        self._show_answers()
        if not draft.unanswered(side, row):
            place = draft.next_row(side, row)
            if place is not None:
                self.shown.go_to(*place)
        self.say(what_next(draft, side, row))
        self.refresh_bindings()
        shell(self).autosave()

    def action_answer(self, answer: str) -> None:
        """Answer the first open question of the row."""
        place, name = self._row, self.draft.unanswered(*self._row)[0]
        self._give(f"{self.draft.asks(*place)[name]}: {answer}", lambda: self.draft.set(*place, name, answer))
        self._answered()

    def action_accept(self) -> None:
        """Accept the sample."""
        self._give("accept the sample", lambda: self.draft.accept(*self._row))
        self._answered()

    def action_reject(self) -> None:
        """Reject the sample."""
        self._give("reject the sample", lambda: self.draft.decide(*self._row, "reject"))
        self._answered()

    def action_fix(self) -> None:
        """Mend the sample."""
        place = self._row

        def take(mended: dict[str, str]) -> None:
            self._give("fix the sample", lambda: self.draft.fix(*place, mended))
            self._answered()

        ask_for_correction(self, self.draft, *place, then=take)

    def action_clear(self) -> None:
        """Take the answers off the row."""
        self._give("clear the row", lambda: self.draft.clear(*self._row))
        self._show_answers()
        shell(self).autosave()

    def action_everything(self) -> None:
        """Show all questions about this item, or only those that must be answered and those that are."""
        self.draft.ask_everything(not self.draft.asks_everything)
        self._show_answers()
        self.say(which_are_asked(self.draft))
        self.refresh_bindings()
        shell(self).autosave()

    def action_prefer(self, preference: Preference) -> None:
        """Say which side is better."""
        self._give("which side is better", lambda: self.draft.prefer(preference))
        self._answered()

    def action_hand_in(self) -> None:
        """Hand in the answers, after a question."""
        draft = self.draft
        if not draft.missing:
            ask_to_hand_in(self, draft, lambda: self._hand_in(draft))
            return
        place = draft.next_row(*self._row, needed=True)
        if place is not None:
            self.shown.go_to(*place)
        self.say(still_open(draft), warning=True)

    def _hand_in(self, draft: JudgementDraft) -> None:
        try:
            self.queue.review.judge(draft.judgement())
        except BlindspotError as error:
            shell(self).refuse(error)
            return
        draft.forget()
        self.workbench.steps.drop(lambda step: step.screen == self.NAME and step.before.item == draft.item.id)
        shell(self).changed()
        self.say("Handed in: the sources are shown above the sides. enter goes on.")

    # what cannot be done now

    def unavailable(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """Why an action cannot be used now."""
        if self._queue is None:
            return None if action in ("back", "escape") else "The project is not open."
        reason = why_not_now(self.workbench, self._queue, self._draft, self._row, action)
        return reason or super().unavailable(action, parameters)
