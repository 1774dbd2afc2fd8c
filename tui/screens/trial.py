"""The trial of a pattern: does it apply to rows that its teacher has not seen? All is handed in before the truth shows.

Answers are drafts until then and can be changed; handing in is final. After it one's own pattern can be reworded once,
with the rows in sight on which it was wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.widgets import TextArea

from engine.data.text import visible
from engine.errors import BlindspotError
from engine.files import content_key
from engine.schema import Pattern, Teacher
from engine.teaching.trial import (
    Result,
    Trial,
    hand_in,
    has_judged,
    not_rewordable,
    open_pattern,
    results,
    reword,
    trial_of,
)
from tui.keys import keys
from tui.screens.base import WorkScreen
from tui.shell import shell
from tui.widgets.line_list import LineList
from tui.widgets.list_heading import ListHeading
from tui.widgets.prose import Prose
from tui.widgets.text_pane import TextPane
from tui.widgets.trial_rows import TrialRows
from tui.widgets.wrapping import wrapped

if TYPE_CHECKING:
    from engine.teaching.trial import Case

_APPLIES, _NOT, _SEEN = "applies", "not", "seen"


class TrialScreen(WorkScreen):
    """The pattern above, its rows, and below them the figures."""

    NAME = "trial"
    HELP_TEXT = (
        "Some of these rows the model gets wrong like the rows of the blind spot, the others it gets right; nobody who "
        "wrote patterns has seen them. Say of each whether the pattern applies, then hand in all answers with ctrl+j: "
        "what the rows are is shown then. A good pattern applies to the wrong ones and to no other."
    )
    CSS_PATH = "trial.tcss"
    AUTO_FOCUS = "#rows"
    BINDINGS = [*keys("trial"), *keys("field")]

    def __init__(self, pattern: str) -> None:
        super().__init__()
        self.pattern_id = pattern
        self._trial: Trial | None = None
        self._results: list[Result] = []

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
            return ("field.submit", "prose.down", "prose.up", "prose.help")
        judging = () if self._revealed else ("trial.applies", "trial.not", "field.submit")
        return (*judging, "trial.reword", "trial.llm", "screen.back", "app.help")

    @property
    def rows(self) -> LineList:
        """The rows."""
        return self.query_one("#rows", LineList)

    @property
    def wording(self) -> Prose:
        """The field of the new wording."""
        return self.query_one("#wording", Prose)

    @property
    def pattern(self) -> Pattern | None:
        """The pattern in its present wording; None before it is shown."""
        return self._trial.pattern if self._trial else None

    @property
    def _shown(self) -> Result | None:
        """The result whose rows are listed: one's own of this wording, else the first there is."""
        own = (result for result in self._now if result.author == self.workbench.teaching.author)
        return next(own, self._results[0] if self._results else None)

    @property
    def _now(self) -> list[Result]:
        """The results of the present wording."""
        return [result for result in self._results if self.pattern is not None and result.text == self.pattern.text]

    @property
    def _revealed(self) -> bool:
        """Whether this annotator may know what the rows are: nothing is left for them to judge."""
        trial = self._trial
        return trial is not None and (
            not trial.cases or has_judged(self.workbench.teaching, trial.pattern) or bool(self._draft(_SEEN))
        )

    @property
    def _cases(self) -> tuple[Case, ...]:
        shown = self._shown
        if self._revealed and shown is not None:
            return shown.wrong if self.has_class("-rewording") else shown.cases
        return self._trial.cases if self._trial else ()

    def _answers(self) -> dict[str, bool]:
        shown = self._shown
        if self._revealed and shown is not None:
            wrong = {case.row.id for case in shown.wrong}
            return {case.row.id: case.is_uu != (case.row.id in wrong) for case in shown.cases}
        given = {case.row.id: self._draft(case.row.id) for case in self._cases}
        return {row: answer == _APPLIES for row, answer in given.items() if answer}

    # drafts: of one wording each

    def _key(self, name: str) -> str:
        pattern = self.pattern
        return f"trial.{content_key(self.pattern_id, pattern.text if pattern else '')}.{name}"

    def _draft(self, name: str) -> str:
        return self.workbench.draft(self._key(name))

    def _keep(self, name: str, value: str) -> None:
        self.workbench.keep_draft(self._key(name), value)

    # showing

    def show(self) -> None:
        """Show the trial as it is now."""
        board, teaching = self.workbench.board, self.workbench.teaching
        if board is None:
            self.leave("The blind spots are not there any more.")
            return
        try:
            pattern = open_pattern(teaching, self.pattern_id)
        except BlindspotError as error:
            self.leave(str(error))
            return
        self._trial = trial_of(self.workbench.project, board.discovery, teaching, pattern)
        self._results = results(self.workbench.project, board.discovery, teaching, pattern)
        if self.has_class("-rewording") and self._not_rewordable():
            self._close()
        self.query_one("#pattern", TextPane).show(self._pattern_lines, keep_scroll=True)
        self.query_one("#figures", TextPane).show(self._figure_lines, keep_scroll=True)
        self._show_rows()

    def _show_rows(self) -> None:
        app, cases, answers = shell(self), self._cases, self._answers()
        rows = TrialRows(cases, answers, app.ink, app.glyphs, revealed=self._revealed)
        self.rows.show(rows)
        if self.has_class("-rewording"):
            title = f"{_counted(len(cases))}: rows on which the pattern was wrong"
        elif self._revealed:
            wrong = len(self._shown.wrong) if self._shown else 0
            title = f"{len(cases)} rows, {_counted(wrong)} (!)" if cases else "No rows"
        else:
            title = f"{len(answers)} of {len(cases)} judged: does the pattern apply to the row?"
        self.query_one(ListHeading).show(title, rows.heading)
        self.refresh_bindings()

    def _pattern_lines(self, width: int) -> list[Text]:
        app, pattern = shell(self), self.pattern
        if pattern is None:
            return []
        head = f"{visible(pattern.id)}  {pattern.kind} of {pattern.blind_spot}, by {visible(pattern.teacher.name)} "
        head += f"({pattern.teacher.title}){', reworded' if pattern.refined else ''}: "
        return wrapped(Text.assemble((head, app.ink.muted), (visible(pattern.text), app.ink.strong)), width)

    def _figure_lines(self, width: int) -> list[Text]:
        app, trial = shell(self), self._trial
        if trial is None:
            return []
        lines: list[Text] = []
        if trial.reason:
            lines += wrapped(Text(f"No figures for this wording: {trial.reason}.", style=app.ink.muted), width)
        elif not self._now:
            lines += wrapped(Text("Nobody has judged this wording yet.", style=app.ink.muted), width)
        for result in self._results:
            earlier = "" if result in self._now else "the wording before, "
            who = f"{earlier}by {visible(result.judge.name)} ({result.judge.title}): "
            lines += wrapped(Text.assemble((who, app.ink.muted), result.figures), width)
        return lines

    # where the user is

    def arguments(self) -> dict[str, Any]:
        """The pattern."""
        return {"pattern": self.pattern_id}

    def place(self) -> dict[str, Any]:
        """Row, and whether a new wording is being written."""
        return {"row": self.rows.cursor, "rewording": self.has_class("-rewording")}

    def restore(self, place: dict[str, Any]) -> None:
        """Return to that row or field."""
        if place.get("rewording") and self._revealed and self._not_rewordable() is None:
            self._open()
        self.rows.move_to(int(place.get("row", 0)))

    def show_job(self) -> None:
        """Take in what a job that judges has written."""
        super().show_job()
        if self.ready and self.workbench.running is None and self.workbench.teaching.refresh():
            self.show()

    def repaint(self) -> None:
        """Paint everything again in other colours."""
        self.show()
        super().repaint()

    def unavailable(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """Why an action cannot be used now."""
        trial = self._trial
        if trial is None:
            return None if action in ("back", "escape") else "The project is not open."
        if action in ("judge", "clear") or (action == "submit" and not self.has_class("-rewording")):
            return self._not_judgeable(trial)
        if action == "reword":
            reason = self._not_rewordable()
            return f"{reason}." if reason else None
        if action == "llm":
            return self._not_askable(trial)
        return super().unavailable(action, parameters)

    def _not_judgeable(self, trial: Trial) -> str | None:
        if not trial.cases:
            return f"It cannot be tested: {trial.reason}."
        return "What the rows are has been shown: nothing is left to judge." if self._revealed else None

    def _not_rewordable(self) -> str | None:
        pattern = self.pattern
        return not_rewordable(self.workbench.teaching, pattern, self._results) if pattern else None

    def _not_askable(self, trial: Trial) -> str | None:
        settings, running = self.workbench.project.settings.llm, self.workbench.running
        if not settings.model:
            return "No LLM is set up: name one under [llm] model in blindspot.toml."
        if not trial.cases:
            return f"It cannot be tested: {trial.reason}."
        if any(result.judge.kind == "llm" for result in self._now):
            return "The LLM has judged this wording already."
        return f"{running.id} is running." if running else None

    # judging

    @on(LineList.Moved)
    def _moved(self) -> None:
        shell(self).autosave()

    def action_judge(self, answer: str) -> None:
        """The pattern applies to the row under the cursor, or it does not; go on to the next one without an answer."""
        self._keep(self._cases[self.rows.cursor].row.id, answer)
        self._show_rows()
        answers, at = self._answers(), self.rows.cursor
        order = [*range(at + 1, len(self._cases)), *range(at)]
        left = next((index for index in order if self._cases[index].row.id not in answers), None)
        if left is None:
            self.say("Every row is judged: ctrl+j hands in all answers, for good.")
        else:
            self.rows.move_to(left)
        shell(self).autosave()

    def action_clear(self) -> None:
        """Take the answer off the row under the cursor."""
        self._keep(self._cases[self.rows.cursor].row.id, "")
        self._show_rows()
        shell(self).autosave()

    def action_submit(self) -> None:
        """Hand in the new wording, or all answers after a question."""
        from tui.dialogs.choice import ChoiceDialog

        if self.has_class("-rewording"):
            self._reword()
            return
        trial, answers = self._trial, self._answers()
        if trial is None:
            return
        if left := len(trial.cases) - len(answers):
            self.say(f"{left} {'row has' if left == 1 else 'rows have'} no answer yet.", warning=True)
            return

        def write(choice: int | None) -> None:
            if choice == 0:
                self._hand_in(trial, answers)

        title = "Hand in all answers? They cannot be changed then."
        self.app.push_screen(ChoiceDialog(title, ["hand in", "not yet"], current=1), write)

    def _hand_in(self, trial: Trial, answers: dict[str, bool]) -> None:
        teaching = self.workbench.teaching
        try:
            hand_in(teaching, trial, answers, Teacher(teaching.author, "human"))
        except BlindspotError as error:
            shell(self).refuse(error)
            return
        for row in answers:
            self._keep(row, "")
        shell(self).changed()
        more = " e rewords it." if self._not_rewordable() is None else ""
        self.say(f"Handed in; rows with ! are counter-examples.{more}")

    def action_llm(self) -> None:
        """Let the LLM judge, in the background."""
        if shell(self).job_watch.start("judge", {"patterns": [self.pattern_id]}):
            self.say("The LLM judges in the background; its figures are shown here.")

    # rewording

    def action_reword(self) -> None:
        """Open the field, with the counter-examples in sight; without a judgement of one's own, ask first."""
        from tui.dialogs.choice import ChoiceDialog

        if self._revealed:
            self._open()
            return

        def reveal(choice: int | None) -> None:
            if choice == 0:
                self._keep(_SEEN, _SEEN)
                self._open()

        title = "This shows what the rows are: you cannot judge this wording yourself then."
        self.app.push_screen(ChoiceDialog(title, ["show them and reword", "not yet"], current=1), reveal)

    def _open(self) -> None:
        pattern = self.pattern
        assert pattern is not None, "the action is available once the pattern is shown"
        self.add_class("-rewording")
        self.wording.show_text(self._draft("wording") or pattern.text)
        self._show_rows()
        self.wording.focus()
        self.say("ctrl+j hands in the new wording, esc leaves it.")

    def _close(self) -> None:
        self.remove_class("-rewording")
        self.rows.focus()

    @on(TextArea.Changed)
    def _typed(self, event: TextArea.Changed) -> None:
        event.stop()
        if self.pattern is not None and self.has_class("-rewording"):
            text = self.wording.text
            self._keep("wording", "" if text == self.pattern.text else text)
            shell(self).autosave()

    def _reword(self) -> None:
        pattern = self.pattern
        assert pattern is not None, "the field is open"
        try:
            reword(self.workbench.teaching, pattern, self.wording.text, self._results)
        except BlindspotError as error:
            shell(self).refuse(error)
            return
        self._keep("wording", "")
        self._close()
        shell(self).changed()
        self.say(f"{pattern.id} is reworded; the figures of the wording before stay with that one.")

    def action_turn(self, step: int) -> None:
        """Look at another counter-example while writing."""
        self.rows.action_down() if step > 0 else self.rows.action_up()

    def action_escape(self) -> None:
        """From the field to the rows, from there back."""
        if self.has_class("-rewording"):
            self._close()
            self._show_rows()
            self.say("What you typed is kept.")
        else:
            self.action_back()


def _counted(examples: int) -> str:
    return f"{examples} counter-example{'s' * (examples != 1)}"
