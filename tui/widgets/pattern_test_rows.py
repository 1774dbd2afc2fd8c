"""A test of a pattern: the pattern, how well it has told rows apart, and the rows to judge.

Every row is in full, with the judge's answer in front and, once handed in, what the row is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from engine.text import visible
from tui.terminal.glyphs import Glyphs
from tui.terminal.wrapping import wrapped
from tui.themes import Ink
from tui.widgets.evidence_rows import paragraphs
from tui.widgets.paragraph_rows import ParagraphRows, column_names

if TYPE_CHECKING:
    from engine.teaching.pattern_testing import PatternCase
    from tui.view_models.pattern_answers import PatternAnswers

_NUMBER, _ANSWER, _TRUTH = 4, 8, 6  # cells of the columns, each followed by a space
_HEAD = _NUMBER + 1 + _ANSWER + 1


class PatternTestRows(ParagraphRows):
    """Rows to judge, or judged.

    Args:
        cases: in the order of the test.
        answers: whether the pattern applies, by row id; what is not in it is still to be judged.
        revealed: whether to show what the rows are.
    """

    def __init__(
        self, cases: Sequence[PatternCase], answers: Mapping[str, bool], ink: Ink, glyphs: Glyphs, *, revealed: bool
    ) -> None:
        super().__init__([paragraphs(case.row, ink) for case in cases], _HEAD + (_TRUTH + 1 if revealed else 0))
        self.cases = cases
        self._answers = answers
        self._ink = ink
        self._glyphs = glyphs
        self._revealed = revealed

    def _columns(self, index: int) -> Text:
        case, ink = self.cases[index], self._ink
        answer = self._answers.get(case.row.id)
        wrong = self._revealed and answer is not None and answer != case.is_uu
        number, word = f"{'! ' * wrong}{index + 1}", {None: "-", True: "applies", False: "not"}[answer]
        head = Text.assemble(
            (f"{number:>{_NUMBER}} ", ink.warn if wrong else ink.muted),
            (f"{word:<{_ANSWER}} ", ink.muted if answer is None else ink.accent),
        )
        if self._revealed:
            head.append(f"{'UU' if case.is_uu else 'right':<{_TRUTH}} ", ink.warn if wrong else ink.muted)
        return head

    def heading(self, width: int) -> Text:
        """The names of the columns."""
        truth = f"{'row is':<{_TRUTH}} " if self._revealed else ""
        names = f"{'no':>{_NUMBER}} {'pattern':<{_ANSWER}} {truth}text"
        return column_names(names, width, self._ink, self._glyphs)


def pattern_lines(trying: PatternAnswers, width: int, ink: Ink) -> list[Text]:
    """The pattern after its id, kind, blind spot and teacher."""
    pattern = trying.pattern
    head = f"{visible(pattern.id)}  {pattern.kind} of {pattern.blind_spot}, by {visible(pattern.teacher.name)} "
    head += f"({pattern.teacher.title}){', reworded' if pattern.refined else ''}: "
    return wrapped(Text.assemble((head, ink.muted), (visible(pattern.text), ink.strong)), width)


def figure_lines(trying: PatternAnswers, width: int, ink: Ink) -> list[Text]:
    """The figures of each judge, those of the wording before too; without any, why there are none."""
    lines: list[Text] = []
    if trying.test.reason:
        lines += wrapped(Text(f"No figures for this wording: {trying.test.reason}.", style=ink.muted), width)
    elif not trying.now:
        lines += wrapped(Text("Nobody has judged this wording yet.", style=ink.muted), width)
    for result in trying.results:
        earlier = "" if result in trying.now else "the wording before, "
        who = f"{earlier}by {visible(result.judge.name)} ({result.judge.title}): "
        lines += wrapped(Text.assemble((who, ink.muted), result.figures), width)
    return lines
