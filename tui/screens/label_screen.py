"""Labelling by single keys: a key saves its label and shows the next row.

Nothing is pre-filled, and what anybody else said, person or LLM, is not in sight. `LabelApp` is this screen alone; in
the workbench it lies over the list of blind spots.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, ClassVar, cast

from rich.cells import cell_len
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Event, Key
from textual.screen import Screen

from engine.data.differences import differences
from engine.errors import BlindspotError
from engine.labelling.answers import CERTAINTY_WORDS, GUESS, LIKELY, SURE, UNSURE
from engine.labelling.session import LabelSession
from engine.text import visible
from tui.terminal.wrapping import bounded, fitted, wrapped
from tui.view_models.label_words import answer_words, label_words, no_row_words, pace_words
from tui.widgets.line import Line
from tui.widgets.text_pane import TextPane

if TYPE_CHECKING:
    from engine.label_queue.row_chooser import RowChooser
    from tui.steady_app import SteadyApp

DIGITS = "1234567890"
_AGREEMENT_EVERY = 5  # labels
_SHIFTED = (  # of the digits, on the keyboards of the US
    "exclamation_mark",
    "at",
    "number_sign",
    "dollar_sign",
    "percent_sign",
    "circumflex_accent",
    "ampersand",
    "asterisk",
    "left_parenthesis",
    "right_parenthesis",
)
_LOOKS_EVERY = 0.5  # seconds, for rows that are chosen meanwhile
_HELP = """\
1-9 0   the label with that number: saved, and the next row
shift   with a number (US keyboards): likely, not sure
c       the next label is likely; again: a guess; again: sure
/       find a label by a part of its name; the last five first
x       unsure: saved without a label
space   skip: the row comes again at the end
u       take the last label back, as often as you like
b       the row labelled before, to see or change its label
m       a note on this row, saved with its label
g       the guideline, if there is one
j k     scroll a long text; also page down, page up
T       colours: dark, light, plain
q       leave; everything is saved

alpha   how far people agree on the rows that several labelled:
        1 always, 0 no more than by chance
"""


def digit_of(place: int) -> str:
    """The key of the label in that place; empty beyond ten: those are found with /."""
    return DIGITS[place] if place < len(DIGITS) else ""


class _Notice(Line):
    """One line of what the app says."""

    DEFAULT_CSS = "_Notice { background: $surface; padding: 0 1; }"

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self._told = Text("")

    def tell(self, text: Text) -> None:
        """Show it."""
        self._told = text
        self.update()

    def line(self, width: int) -> Text:
        """What was told, cut to the width."""
        told = self._told.copy()
        told.truncate(width)
        return told


class _RowPane(TextPane, inherit_bindings=False):
    """The row; of the keys of other panes it leaves those alone that say something here."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "down", show=False),
        Binding("k,up", "up", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
    ]


class LabelScreen(Screen[None], inherit_bindings=False):
    """One person's session.

    Args:
        session: rows and labels.
        source, out: names of the files, for the heading.
        guideline: what the labels mean; empty if there is none. It is shown before the first row.
        told: a sentence to begin with.
        units: gives the labels of each row that several people gave one; None: nobody else labels.
        more: chooses further rows meanwhile; None: nothing does.
    """

    DEFAULT_CSS = """
    LabelScreen { background: $background; color: $foreground; overflow: hidden; }
    LabelScreen #row { padding: 0 2; }
    LabelScreen #labels { padding: 0 1; background: $surface; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(key, f"label({place})", show=False) for place, key in enumerate(DIGITS)),
        *(Binding(key, f"label({place}, {LIKELY})", show=False) for place, key in enumerate(_SHIFTED)),
        Binding("c", "certainty", show=False),
        Binding("slash", "find", show=False),
        Binding("x", "unsure", show=False),
        Binding("space", "skip", show=False),
        Binding("u", "undo", show=False),
        Binding("b", "row_before", show=False),
        Binding("m", "note", show=False),
        Binding("g", "guideline", show=False),
        Binding("T", "app.theme", show=False),
        Binding("question_mark,f1", "help", show=False),
        Binding("f7", "app.redraw", show=False),
        Binding("q,Q,ctrl+c", "leave", show=False),
    ]

    def __init__(
        self,
        session: LabelSession,
        *,
        source: str,
        out: str,
        guideline: str = "",
        told: str = "",
        units: Callable[[], list[list[str]]] | None = None,
        more: RowChooser | None = None,
    ) -> None:
        super().__init__()
        self._more = more
        self._is_choosing = more is not None
        self._units = units
        self._agreement = ""
        self._labelled = 0
        self.session = session
        self._source, self._out, self._guideline = source, out, guideline
        self._first = told
        self._certainty = SURE
        self._told_of_notes = False

    def compose(self) -> ComposeResult:
        """Heading, the row, the labels, pace, what was said, keys."""
        yield _Notice("heading")
        yield _RowPane(self._row, id="row")
        labels = _RowPane(self._labels, id="labels")
        labels.can_focus = False
        yield labels
        yield _Notice("pace")
        yield _Notice("said")
        yield _Notice("keys")

    @property
    def _app(self) -> SteadyApp:
        return cast("SteadyApp", self.app)

    async def on_mount(self) -> None:
        """Show the first row, or the guideline before it."""
        self.query_one("#row").focus()
        self._show(self._first)
        self._compute_agreement()
        if self._more is not None:
            self.set_interval(_LOOKS_EVERY, self._look_for_more)
        if self._guideline:
            await self.action_guideline()

    def _look_for_more(self) -> None:
        """Tell once if no further rows are chosen any more; show the next one where somebody waits for it."""
        if self._more is None:
            return
        if problem := self._more.take_problem():
            self._show(problem, warning=True)
        was_choosing, self._is_choosing = self._is_choosing, self._more.is_choosing
        if self.session.row is None:
            with suppress(BlindspotError):  # the next key tells it
                if self.session.skip() or was_choosing != self._is_choosing:
                    self._show()

    async def on_event(self, event: Event) -> None:
        """Whoever presses keys is at work: the row in front stays theirs."""
        if isinstance(event, Key):
            with suppress(BlindspotError):  # saving a label will tell that nothing can be written
                self.session.touch()
        await super().on_event(event)

    def _compute_agreement(self) -> None:
        """How far people agree, in a thread: its interval takes a tenth of a second."""
        units = self._units() if self._units else []
        if not units:
            return

        def compute() -> None:
            from engine.agreement import agreement_words

            self._agreement = agreement_words(units)
            self.call_later(self._show_pace)  # of this screen: one that was left takes no call any more

        self.run_worker(compute, thread=True, exclusive=True, exit_on_error=False)

    def repaint(self, said: str) -> None:
        """Show everything in other colours, and say so."""
        self._show(said)

    def on_key(self, event: Key) -> None:
        """A key that does nothing here says so."""
        if event.key not in self.active_bindings and (event.is_printable or event.key == "escape"):
            key = "esc" if event.key == "escape" else event.character
            self._show(f"{key} does nothing here: ? explains the keys.", warning=True)

    def on_resize(self) -> None:
        """Say as much as has room."""
        if not self.query("#keys"):
            return  # the first size comes before what is on the screen
        self._show_pace()
        self.query_one("#keys", _Notice).tell(self._keys())

    # what is shown

    def _show(self, said: str = "", *, warning: bool = False) -> None:
        pace = self.session.pace
        heading = Text.assemble(
            (
                fitted(f"{self._source} -> {self._out}", 44, ellipsis=self._app.glyphs.ellipsis).rstrip(),
                self._app.ink.strong,
            ),
            (f"   {pace.done:,} of {pace.done + pace.left:,} labelled", self._app.ink.muted),
        )
        self.query_one("#heading", _Notice).tell(heading)
        labels = self.query_one("#labels", TextPane)
        labels.styles.height = len(self._labels(max(20, self.size.width - 2)))
        labels.show(self._labels)
        self.query_one("#row", TextPane).show(self._row)
        self._show_pace()
        self.query_one("#said", _Notice).tell(Text(visible(said), style=self._app.ink.warn if warning else ""))
        self.query_one("#keys", _Notice).tell(self._keys())

    def _show_pace(self) -> None:
        words = pace_words(self.session.pace, self._agreement)
        if cell_len(words) > self._room:
            words = pace_words(self.session.pace)
        self.query_one("#pace", _Notice).tell(Text(words, style=self._app.ink.muted))

    def _row(self, width: int) -> list[Text]:
        row = self.session.row
        if row is None:
            said = no_row_words(self.session.pace.left, self._more.is_choosing if self._more else None)
            return [Text(""), Text(said, style=self._app.ink.strong), Text("q leaves, b goes back.")]
        lines = [Text("")]
        if row.text_pair is None:
            lines += wrapped(Text(bounded(row.text)), width)
        else:
            first, second = bounded(row.text), bounded(row.text_pair)
            for text, spans in zip((first, second), differences(first, second), strict=True):
                painted = Text(text)
                for start, end in spans:
                    painted.stylize(self._app.ink.change, start, end)
                lines += [*wrapped(painted, width), Text("")]
        for said in self.session.context:
            lines += [Text(""), *wrapped(Text(visible(said), style=self._app.ink.accent), width)]
        if self.session.note:
            lines += [Text(""), *wrapped(Text(f"note: {self.session.note}", style=self._app.ink.muted), width)]
        return lines

    def _labels(self, width: int) -> list[Text]:
        """The labels with their keys, as many in a line as fit; a label that the row has is marked."""
        given = self.session.given
        line, lines = Text(""), []
        shown = [*self.session.labels[: len(DIGITS)]]
        for place, label in enumerate(shown):
            has = given is not None and given.certainty != UNSURE and given.label == label
            word = Text.assemble(
                (digit_of(place), self._app.ink.accent),
                " ",
                (visible(label), self._app.ink.strong if has else ""),
                "*" if has else "",
            )
            if line and line.cell_len + 3 + word.cell_len > width:
                lines.append(line)
                line = Text("")
            line = Text.assemble(line, "   ", word) if line else word
        lines.append(line)
        more = len(self.session.labels) - len(shown)
        if more > 0:
            lines.append(Text.assemble(("/", self._app.ink.accent), (f" finds the other {more}", self._app.ink.muted)))
        return lines

    @property
    def _room(self) -> int:
        """Cells of a line."""
        return self.size.width - 2

    def _keys(self) -> Text:
        """The keys, as many as fit; the way out and the help for the others stay."""
        last = digit_of(min(len(self.session.labels), len(DIGITS)) - 1)
        words = [(f"1-{last}", "label"), ("space", "skip"), ("u", "undo"), ("b", "back"), ("m", "note")]
        words += [("g", "guideline")] if self._guideline else []
        out = [("?", "keys"), ("q", "leave")]
        while words and sum(len(key) + len(word) + 3 for key, word in [*words, *out]) - 2 > self._room:
            words.pop()
        text = Text()
        for key, word in [*words, *out]:
            text.append("  " if text else "").append(key, self._app.ink.accent).append(f" {word}", self._app.ink.muted)
        return text

    # actions

    async def action_label(self, place: int, certainty: int = 0) -> None:
        """Give the label in that place."""
        if place >= len(self.session.labels):
            self._show(f"There is no label {digit_of(place)}.", warning=True)
            return
        await self._give(self.session.labels[place], certainty or self._certainty)

    async def _give(self, label: str, certainty: int) -> None:
        from tui.dialogs.choice_dialog import ChoiceDialog

        reasons = self.session.reasons

        def give(reason: str = "") -> str:
            self.session.label(label, certainty, reason=reason)
            self._certainty = SURE
            self._labelled += 1
            if self._labelled % _AGREEMENT_EVERY == 0:
                self._compute_agreement()
            return f"Saved: {label_words(label, certainty)}."

        def because(place: int | None) -> None:
            if place is not None:
                self._do(partial(give, reasons[place]))

        if reasons and self.session.row is not None:
            await self.app.push_screen(ChoiceDialog("Why did they differ?", list(reasons)), because)
        else:
            self._do(give)

    def _do(self, work: Callable[[], str]) -> None:
        """Do something and say what came of it; what cannot be saved is told, and the row stays."""
        try:
            said = work()
        except BlindspotError as error:
            self._show(f"{error.what}; {error.hint}." if error.hint else f"{error.what}.", warning=True)
        else:
            self._show(said)

    def action_certainty(self) -> None:
        """How sure the next label is."""
        self._certainty = {SURE: LIKELY, LIKELY: GUESS, GUESS: SURE}[self._certainty]
        self._show(f"The next label: {CERTAINTY_WORDS[self._certainty]}.")

    def action_unsure(self) -> None:
        """Save that one is unsure."""

        def work() -> str:
            self.session.unsure()
            return "Saved: unsure."

        self._do(work)

    def action_skip(self) -> None:
        """Put the row off."""
        self._show("Skipped; it comes again at the end." if self.session.skip() else "There is no other row.")

    def action_undo(self) -> None:
        """Take the last label back."""

        def work() -> str:
            row = self.session.undo()
            return "There is nothing to take back." if row is None else "Taken back."

        self._do(work)

    def action_row_before(self) -> None:
        """Go to the row labelled before."""
        if not self.session.back():
            self._show("There is no row labelled before.")
            return
        given = self.session.given
        self._show(f"You said: {answer_words(given)}. Another number changes it, space goes on." if given else "")

    async def action_note(self) -> None:
        """Write a note on the row."""
        from tui.dialogs.text_dialog import TextDialog

        if self.session.row is None:
            return

        def take(note: str | None) -> None:
            def work() -> str:
                self.session.write_note(note or "")
                return "Noted."

            if note is not None:
                self._do(work)

        await self.app.push_screen(TextDialog("Note", "About this row:", value=self.session.note), take)

    async def action_find(self) -> None:
        """Find a label by a part of its name."""
        from tui.dialogs.choice_dialog import ChoiceDialog

        recent = self.session.recent
        order = [*recent, *(label for label in self.session.labels if label not in recent)]

        async def take(place: int | None) -> None:
            if place is not None:
                await self._give(order[place], self._certainty)

        await self.app.push_screen(ChoiceDialog("Which label?", [visible(label) for label in order]), take)

    async def action_guideline(self) -> None:
        """Show what the labels mean."""
        from tui.dialogs.page_dialog import PageDialog

        if not self._guideline:
            self._show("There is no guideline: --guideline FILE, or guidelines.md of the project.", warning=True)
            return
        await self.app.push_screen(PageDialog("Guideline", self._guideline))

    async def action_help(self) -> None:
        """Explain the keys."""
        from tui.dialogs.page_dialog import PageDialog

        await self.app.push_screen(PageDialog("Keys", _HELP))

    async def action_leave(self) -> None:
        """Leave; every label is saved already. Notes on rows without a label are told of first."""
        if self.session.unsaved_notes and not self._told_of_notes:
            self._told_of_notes = True
            self._show("A note is on a row without a label, and goes when you leave; q leaves.", warning=True)
            return
        self.dismiss()
