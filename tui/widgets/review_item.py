"""A review item: rows of the blind spot above its two sides, which get the same room, whatever is in them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult
from textual.containers import Container, Vertical

from tui.shell import shell
from tui.view_models.judgement import SIDES, JudgementDraft, SideName
from tui.widgets.line_list import LineList
from tui.widgets.review_lines import PreferenceLine, SideLine
from tui.widgets.side_rows import SideRows
from tui.widgets.typical_rows import TypicalRows

if TYPE_CHECKING:
    from engine.review.blind_review import Sources
    from engine.teaching.views import EvidenceRow


class ReviewItem(Vertical):
    """The side that has the focus, or had it last, is the current one: the one that is answered."""

    def __init__(self) -> None:
        super().__init__(id="item")
        self.current: SideName = SIDES[0]
        """The side that is answered."""

    def compose(self) -> ComposeResult:
        """Evidence, left and right side, which is better."""
        yield LineList(id="evidence")
        with Container(id="sides"):
            for side in SIDES:
                with Vertical(id=f"side-{side}", classes="side"):
                    yield SideLine(side)
                    yield LineList(id=side)
        yield PreferenceLine()

    @property
    def evidence(self) -> LineList:
        """The rows of the blind spot."""
        return self.query_one("#evidence", LineList)

    def rows_of(self, side: SideName) -> LineList:
        """The rows of one side."""
        return self.query_one(f"#{side}", LineList)

    @property
    def row(self) -> int:
        """The row that is answered."""
        return self._row_of(self.current)

    @property
    def cursors(self) -> list[int]:
        """The row of each side."""
        return [self._row_of(side) for side in SIDES]

    def _row_of(self, side: SideName) -> int:
        """The row that the cursor of a side is on, by its number, which is not its place where others are hidden."""
        found = self.rows_of(side)
        return found.rows.shown[found.cursor] if isinstance(found.rows, SideRows) else 0

    def show_evidence(self, rows: Sequence[EvidenceRow], *, cursor: int | None = None) -> None:
        """Show what both teachers were shown."""
        shown = [row for row in rows if not row.held_back]
        self.evidence.show(TypicalRows(shown, shell(self).ink), cursor=cursor)

    def show(self, draft: JudgementDraft | None, sources: Sources | None) -> None:
        """Show the answers, and who wrote the sides."""
        app = shell(self)
        for side in SIDES:
            if draft is not None:
                rows = SideRows(draft, side, app.ink, app.glyphs)
                self.rows_of(side).show(rows, cursor=_place_of(self._row_of(side), rows))
                self.call_after_refresh(self.rows_of(side).reveal)  # a correction makes its row taller
        for line, side in zip(self.query(SideLine), SIDES, strict=True):
            line.source = getattr(sources, side) if sources else None
            line.samples = draft.samples(side) if draft is not None else (0, 0)
        better = self.query_one(PreferenceLine)
        better.draft, better.sources = draft, sources

    def start(self, draft: JudgementDraft) -> None:
        """Go to the first row with an open question; to the first of all if there is none."""
        self.place((0, 0))
        self.go_to(*(draft.next_row(self.current, 0) or (self.current, 0)))

    def place(self, cursors: Iterable[int], current: object = SIDES[0]) -> None:
        """Put the cursor of each side on a row, and the focus on one side; an unknown one is the first."""
        for side, row in zip(SIDES, cursors, strict=False):
            self._move(side, row)
        self.go_to(next((side for side in SIDES if side == current), SIDES[0]))

    def go_to(self, side: SideName, row: int | None = None) -> None:
        """Answer that side from now on, at a row or where its cursor is."""
        self.query_one(f"#side-{side}").add_class("-current")  # what is not displayed cannot take the focus
        rows = self.rows_of(side)
        rows.focus()
        self.current = side
        if row is not None:
            self._move(side, row)

    def _move(self, side: SideName, row: int) -> None:
        """Put the cursor of a side on a row, or, where that is hidden, on the one before."""
        found = self.rows_of(side)
        if isinstance(found.rows, SideRows):
            found.move_to(_place_of(row, found.rows))

    def reveal(self) -> None:
        """Bring the row that is answered into sight once there is other room."""
        self.call_after_refresh(self.rows_of(self.current).reveal)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """The side that has the focus is the one that is answered."""
        self.current = next((side for side in SIDES if side == event.widget.id), self.current)
        for side, line in zip(SIDES, self.query(SideLine), strict=True):
            self.query_one(f"#side-{side}").set_class(side == self.current, "-current")
            line.current = side == self.current
            line.update()


def _place_of(row: int, rows: SideRows) -> int:
    """Place of a row among those that are shown; that of the one before where it is hidden."""
    return max(0, bisect_right(rows.shown, row) - 1)
