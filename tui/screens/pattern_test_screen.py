"""The test of a pattern: does it apply to rows that its teacher has not seen? Answers come before the truth is shown.

Answers can be changed until then; handing in is final. After it one's own pattern can be reworded once, with the rows
in sight on which it was wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.widgets import TextArea

from engine.counted import counted
from engine.errors import BlindspotError
from tui.keys import keys
from tui.screens.work_screen import Place, WorkScreen
from tui.shell import shell
from tui.view_models.pattern_answers import APPLIES, PatternAnswers
from tui.widgets.line_list import LineList
from tui.widgets.list_heading import ListHeading
from tui.widgets.pattern_test_rows import PatternTestRows, figure_lines, pattern_lines
from tui.widgets.prose import Prose
from tui.widgets.text_pane import TextPane

if TYPE_CHECKING:
    from engine.teaching.revisions import Action

_MOST_LINES = 5  # of the pattern, and of the figures


@dataclass(frozen=True, slots=True)
class PatternTestPlace(Place):
    """Row, and whether a new wording is being written."""

    row: int = 0
    rewording: bool = False


class PatternTestScreen(WorkScreen[PatternTestPlace]):
    """The pattern above, its rows, and below them the figures."""

    NAME = "pattern_test"
    PLACE = PatternTestPlace
    HELP_TEXT = (
        "The model gets some of these rows wrong, like those of the blind spot, and the others right; nobody who wrote "
        "patterns has seen them. Say of each row whether the pattern applies, then hand in all answers with ctrl+j: "
        "only then you see which rows are wrong. A good pattern applies to those and to no other."
    )
    CSS_PATH = "pattern_test.tcss"
    AUTO_FOCUS = "#rows"
    BINDINGS = [*keys("pattern_test"), *keys("field")]

    def __init__(self, pattern: str) -> None:
        super().__init__()
        self.pattern_id = pattern
        self.trying: PatternAnswers | None = None
        """The test; None before it is shown."""

    def body(self) -> ComposeResult:
        """Pattern, rows, figures, and the field for a new wording."""
        yield TextPane(id="pattern")
        yield ListHeading()
        yield LineList(id="rows")
        yield TextPane(id="figures")
        yield Prose(id="wording")

    def footer(self) -> Sequence[str]:
        """Keys of judging, of what comes after, or of the field."""
        if isinstance(self.focused, Prose):
            return ("field.hand_in", "prose.down", "prose.up", "screen.escape", "prose.help")
        judging = (
            ()
            if self.trying and self.trying.revealed
            else ("pattern_test.applies", "pattern_test.not", "field.hand_in")
        )
        return (*judging, "pattern_test.reword", "pattern_test.llm", "screen.back", "app.help")

    @property
    def rows(self) -> LineList:
        """The rows."""
        return self.query_one("#rows", LineList)

    @property
    def wording(self) -> Prose:
        """The field of the new wording."""
        return self.query_one("#wording", Prose)

    @property
    def _at_hand(self) -> PatternAnswers:
        assert self.trying is not None, "the action is available once the test is shown"
        return self.trying

    @property
    def _rewording(self) -> bool:
        return self.has_class("-rewording")

    # showing

    def show(self) -> None:
        """Show the test as it is now."""
        if self.workbench.board is None:
            self.leave("The blind spots are not there any more.")
            return
        try:
            self.trying = PatternAnswers(self.workbench, self.pattern_id)
        except BlindspotError as error:
            self.leave(str(error))
            return
        if self._rewording and self.trying.not_rewordable():
            self._close()
        self.query_one("#pattern", TextPane).show(self._pattern_lines, keep_scroll=True)
        self.query_one("#figures", TextPane).show(self._figure_lines, keep_scroll=True)
        self._fit()
        self._show_rows()

    def _fit(self) -> None:
        """Give the pattern and the figures as many lines as they need, within limits: the rows need room."""
        width = max(1, self.size.width - 2)
        for name, lines in (("pattern", self._pattern_lines(width)), ("figures", self._figure_lines(width))):
            self.query_one(f"#{name}").styles.height = min(_MOST_LINES, max(1, len(lines))) + 1  # a line between

    def on_resize(self) -> None:
        """Other widths take other heights."""
        if self.trying is not None:
            self._fit()

    def _show_rows(self) -> None:
        app, trying = shell(self), self._at_hand
        cases, answers = trying.wrong if self._rewording else trying.cases, trying.answers()
        rows = PatternTestRows(cases, answers, app.ink, app.glyphs, revealed=trying.revealed)
        self.rows.show(rows)
        if self._rewording:
            title = f"{counted(len(cases), 'counter-example')}: rows on which the pattern was wrong"
        elif trying.revealed:
            title = f"{len(cases)} rows, {counted(len(trying.wrong), 'counter-example')} (!)" if cases else "No rows"
        else:
            title = f"{len(answers)} of {len(cases)} judged: does the pattern apply to the row?"
        self.query_one(ListHeading).show(title, rows.heading)
        self.refresh_bindings()

    def _pattern_lines(self, width: int) -> list[Text]:
        return pattern_lines(self._at_hand, width, shell(self).ink)

    def _figure_lines(self, width: int) -> list[Text]:
        return figure_lines(self._at_hand, width, shell(self).ink)

    # where the user is

    def arguments(self) -> dict[str, str]:
        """The pattern."""
        return {"pattern": self.pattern_id}

    def place(self) -> PatternTestPlace:
        """Row, and whether a new wording is being written."""
        return PatternTestPlace(self.rows.cursor, self._rewording)

    def restore(self, place: PatternTestPlace) -> None:
        """Return to that row or field."""
        trying = self.trying
        if trying and place.rewording and trying.revealed and trying.not_rewordable() is None:
            self._open()
        self.rows.move_to(place.row)

    @property
    def subject(self) -> str:
        """The pattern."""
        return self.pattern_id

    def covers(self, action: Action) -> bool:
        """The new wording of this pattern."""
        return action.keys == {("pattern", self.pattern_id)} and action.note.startswith("reword")

    def put_back(self, state: tuple[str, str]) -> None:
        """Give the row the answer that it had."""
        row, answer = state
        trying = self._at_hand
        trying.answer(row, answer)
        self._show_rows()
        self.rows.move_to(next((at for at, case in enumerate(trying.cases) if case.row.id == row), 0))

    def unavailable(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """Why an action cannot be used now."""
        trying = self.trying
        if trying is None:
            return None if action in ("back", "escape") else "The project is not open."
        if action in ("judge", "clear") or (action == "hand_in" and not self._rewording):
            return trying.not_judgeable()
        if action == "reword":
            return trying.not_rewordable()
        if action == "llm":
            return trying.not_askable()
        return super().unavailable(action, parameters)

    # judging

    @on(LineList.Moved)
    def _moved(self) -> None:
        shell(self).autosave()

    def action_judge(self, answer: str) -> None:
        """The pattern applies to the row under the cursor, or it does not; go on to the next one without an answer."""
        trying, at = self._at_hand, self.rows.cursor
        self._answer(trying.cases[at].row.id, answer, "applies" if answer == APPLIES else "does not apply")
        answers = trying.answers()
        order = [*range(at + 1, len(trying.cases)), *range(at)]
        left = next((index for index in order if trying.cases[index].row.id not in answers), None)
        if left is None:
            self.say("Every row is judged: ctrl+j hands in all answers, for good.")
        else:
            self.rows.move_to(left)
        shell(self).autosave()

    def action_clear(self) -> None:
        """Take the answer off the row under the cursor."""
        self._answer(self._at_hand.cases[self.rows.cursor].row.id, "", "clear the answer")
        shell(self).autosave()

    def _answer(self, row: str, answer: str, words: str) -> None:
        before = self._at_hand.given(row)
        self._at_hand.answer(row, answer)
        self.did(f"row {self.rows.cursor + 1}: {words}", (row, before), (row, answer))
        self._show_rows()

    def action_hand_in(self) -> None:
        """Hand in the new wording, or all answers after a question."""
        from tui.dialogs.choice_dialog import ChoiceDialog

        if self._rewording:
            self._reword()
            return
        trying = self._at_hand
        if left := len(trying.cases) - len(trying.answers()):
            self.say(f"{left} {'row has' if left == 1 else 'rows have'} no answer yet.", warning=True)
            return

        def write(choice: int | None) -> None:
            if choice == 0:
                self._hand_in()

        title = "Hand in all answers? They cannot be changed then."
        self.app.push_screen(ChoiceDialog(title, ["hand in", "not yet"], current=1), write)

    def _hand_in(self) -> None:
        try:
            self._at_hand.hand_in()
        except BlindspotError as error:
            shell(self).refuse(error)
            return
        self._drop_steps()
        shell(self).changed()
        more = " e rewords it." if self._at_hand.not_rewordable() is None else ""
        self.say(f"Handed in; rows with ! are counter-examples.{more}")

    def _drop_steps(self) -> None:
        """What the rows are has been shown: the answers are final."""
        self.workbench.steps.drop(lambda step: (step.screen, step.subject) == (self.NAME, self.subject))

    def action_llm(self) -> None:
        """Let the LLM judge, in the background."""
        from engine.operations.job_records import JudgeOptions

        if shell(self).job_watch.start(JudgeOptions(patterns=(self.pattern_id,))):
            self.say("The LLM judges in the background; its figures are shown here.")

    async def action_find_rows(self) -> None:
        """Find rows of the pool that are like the pattern's."""
        from tui.screens.found_rows_screen import find_rows_for

        await find_rows_for(self, self.pattern_id)

    # rewording

    def action_reword(self) -> None:
        """Open the field, with the counter-examples in sight; without a judgement of one's own, ask first."""
        from tui.dialogs.choice_dialog import ChoiceDialog

        if self._at_hand.revealed:
            self._open()
            return

        def reveal(choice: int | None) -> None:
            if choice == 0:
                self._at_hand.reveal()
                self._drop_steps()
                self._open()

        title = "This shows what the rows are: you cannot judge this wording yourself then."
        self.app.push_screen(ChoiceDialog(title, ["show them and reword", "not yet"], current=1), reveal)

    def _open(self) -> None:
        self.add_class("-rewording")
        self.wording.show_text(self._at_hand.wording)
        self._show_rows()
        self.wording.focus()
        self.say("ctrl+j hands in the new wording, esc leaves it.")

    def _close(self) -> None:
        self.remove_class("-rewording")
        self.rows.focus()

    @on(TextArea.Changed)
    def _typed(self, event: TextArea.Changed) -> None:
        event.stop()
        if self._rewording:
            self._at_hand.wording = self.wording.text
            shell(self).autosave()

    def _reword(self) -> None:
        try:
            new = self._at_hand.reword()
        except BlindspotError as error:
            shell(self).refuse(error)
            return
        before, self.pattern_id = self.pattern_id, new
        self._close()
        shell(self).changed()
        beside = f" as {new}" if new != before else ""
        self.say(f"{before} is reworded{beside}; the figures of the wording before stay with that one.")

    def action_turn(self, step: int) -> None:
        """Look at another counter-example while writing."""
        self.rows.action_down() if step > 0 else self.rows.action_up()

    def action_escape(self) -> None:
        """From the field to the rows, from there back."""
        if self._rewording:
            self._close()
            self._show_rows()
            self.say("What you typed is kept.")
        else:
            self.action_back()
