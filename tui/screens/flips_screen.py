"""Rows that an arm flipped: what it fixed and what it newly broke, to be read one by one.

Pool and test rows only: proof rows are shown to nobody, the report has their counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Vertical

from engine.errors import BlindspotError
from engine.text import visible
from tui.keys import keys
from tui.screens.filtered_screen import FilteredScreen
from tui.screens.work_screen import Place
from tui.shell import shell
from tui.terminal.wrapping import wrapped
from tui.widgets.filter_bar import FilterBar
from tui.widgets.flip_rows import FlipRows, flip_detail
from tui.widgets.line_list import LineList
from tui.widgets.list_heading import ListHeading
from tui.widgets.scroll_mark import with_mark
from tui.widgets.text_pane import TextPane

if TYPE_CHECKING:
    from engine.proof.report import Flip

_WHICH: tuple[bool | None, ...] = (None, True, False)  # what the key goes through: all, fixed, broken


@dataclass(frozen=True, slots=True)
class FlipsPlace(Place):
    """Row, what is shown (None: fixed and broken), filter."""

    row: int = 0
    fixed: bool | None = None
    filter: str = ""


class FlipsScreen(FilteredScreen[FlipsPlace]):
    """The list above or on the left, the row under the cursor in full beneath or on the right."""

    NAME = "flips"
    PLACE = FlipsPlace
    HELP_TEXT = (
        "Pool and test rows whose label the arm changed in more than half of the seeds, those first on which the wrong "
        "model was most sure. Proof rows are shown to nobody: the proof has their counts."
    )
    CSS_PATH = "flips.tcss"
    BINDINGS = [*keys("flips")]

    def __init__(self, proof: str, arm: str, recipe: str) -> None:
        super().__init__()
        self._of = {"proof": proof, "arm": arm, "recipe": recipe}
        self._flips: list[Flip] = []
        self._seeds = 0
        self._fixed: bool | None = None

    def body(self) -> ComposeResult:
        """List and detail."""
        app = shell(self)
        with Container(id="panes"):
            with Vertical(id="master"):
                yield ListHeading()
                yield LineList(FlipRows((), app.ink, app.glyphs), id="rows")
            with Vertical(id="side"):
                yield from with_mark(TextPane(self._detail, id="detail"), indent=0)
        yield FilterBar("words")

    def footer(self) -> Sequence[str]:
        """Its own keys, and the way back."""
        return ("flips.which", "flips.filter", "screen.back", "app.help")

    @property
    def rows(self) -> LineList:
        """The list."""
        return self.query_one("#rows", LineList)

    @property
    def _listed(self) -> Sequence[Flip]:
        rows = self.rows.rows
        return rows.flips if isinstance(rows, FlipRows) else ()

    @property
    def flip(self) -> Flip | None:
        """The row under the cursor."""
        return self._listed[self.rows.cursor] if self.rows.cursor < len(self._listed) else None

    def show(self) -> None:
        """Read the flips once; a finished proof never changes."""
        from engine.proof.report import flipped, read_report

        if not self._seeds:
            try:
                report = read_report(self.workbench.project, self._of["proof"])
                self._flips = flipped(self.workbench.project, report, self._of["arm"], self._of["recipe"])
            except BlindspotError as error:
                self.leave(str(error))
                return
            self._seeds = len(report.seeds)
        self.refill()
        if self.focused is None:
            self.rows.focus()

    def refill(self) -> None:
        """Show the flips that are asked for."""
        app, words = shell(self), self.filter.text.casefold().split()
        chosen = [one for one in self._flips if self._fixed in (None, one.fixed) and _matches(one, words)]
        fixed = sum(one.fixed for one in self._flips)
        rows = FlipRows(chosen, app.ink, app.glyphs)
        name = visible(f"{self._of['arm']}, {self._of['recipe']}")
        shown = {None: "all shown", True: "fixed only", False: "newly broken only"}[self._fixed]
        title = f"Flips of {name}   {fixed} fixed, {len(self._flips) - fixed} newly broken   {shown}"
        self.query_one(ListHeading).show(title, rows.heading)
        self.rows.show(rows)

    def _detail(self, width: int) -> list[Text]:
        app, flip = shell(self), self.flip
        if flip is None:
            nothing = "No row of the pool's blind spots or of test was flipped."
            said = "Nothing matches: o shows all, esc clears the filter." if self._flips else nothing
            return wrapped(Text(said, style=app.ink.muted), width)
        return flip_detail(flip, self._seeds, width, app.ink, app.glyphs)

    # where the user is

    def arguments(self) -> dict[str, str]:
        """Proof, arm and recipe."""
        return self._of

    def place(self) -> FlipsPlace:
        """Row, what is shown, filter."""
        return FlipsPlace(self.rows.cursor, self._fixed, self.filter.text)

    def restore(self, place: FlipsPlace) -> None:
        """Return to that row."""
        self._fixed = place.fixed
        self.filter.set_text(place.filter)
        self.refill()
        self.rows.move_to(place.row)

    # what happens

    @on(LineList.Moved)
    def _moved(self) -> None:
        self.query_one("#detail", TextPane).show(self._detail)
        shell(self).autosave()

    def action_which(self) -> None:
        """All, only fixed, only broken."""
        self._fixed = _WHICH[(_WHICH.index(self._fixed) + 1) % len(_WHICH)]
        self.refill()


def _matches(flip: Flip, words: Sequence[str]) -> bool:
    text = f"{flip.text} {flip.text_pair or ''}".casefold()
    return all(word in text for word in words)
