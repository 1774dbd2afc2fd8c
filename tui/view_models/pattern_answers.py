"""One annotator's test of one pattern: answers kept as they are given, and when what the rows are may be shown.

Answers are drafts of one wording until they are handed in. Knows nothing of the terminal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.files import content_key
from engine.schema import Teacher
from engine.teaching.pattern_testing import (
    PatternResult,
    PatternTest,
    hand_in,
    has_judged,
    not_rewordable,
    open_pattern,
    pattern_test_of,
    results,
    reword,
)

if TYPE_CHECKING:
    from engine.schema import Pattern
    from engine.teaching.pattern_testing import PatternCase
    from tui.view_models.workbench import Workbench

APPLIES = "applies"
_SEEN, _WORDING = "seen", "wording"


class PatternAnswers:
    """The test as it is now.

    Attributes:
        test: the pattern in its present wording, and its rows. results: of this wording first, then of earlier ones.

    Raises:
        StoreError: there is no such pattern, or this annotator may not see its rows yet.
    """

    def __init__(self, workbench: Workbench, pattern_id: str) -> None:
        assert workbench.board is not None, "nothing has been discovered yet"
        self._workbench = workbench
        project, found, teaching = workbench.project, workbench.board.discovery, workbench.teaching
        pattern = open_pattern(teaching, pattern_id, unjudged=workbench.board.unjudged)
        self.test: PatternTest = pattern_test_of(project, found, teaching, pattern)
        self.results: list[PatternResult] = results(project, found, teaching, pattern)

    @property
    def pattern(self) -> Pattern:
        """The pattern in its present wording."""
        return self.test.pattern

    @property
    def now(self) -> list[PatternResult]:
        """The results of the present wording."""
        return [result for result in self.results if result.text == self.pattern.text]

    @property
    def shown(self) -> PatternResult | None:
        """The result whose rows are listed: one's own of this wording, else the first there is."""
        own = (result for result in self.now if result.author == self._workbench.teaching.author)
        return next(own, self.results[0] if self.results else None)

    @property
    def revealed(self) -> bool:
        """Whether what the rows are may be shown: this annotator has nothing left to judge, or gave it up."""
        judged = has_judged(self._workbench.teaching, self.pattern)
        return not self.test.cases or judged or bool(self._draft(_SEEN))

    @property
    def cases(self) -> tuple[PatternCase, ...]:
        """The rows to judge, or those that were judged."""
        return self.shown.cases if self.revealed and self.shown else self.test.cases

    @property
    def wrong(self) -> tuple[PatternCase, ...]:
        """The counter-examples; none before they may be shown."""
        return self.shown.wrong if self.revealed and self.shown else ()

    def answers(self) -> dict[str, bool]:
        """Whether the pattern applies, by row id: as drafted, or as it was judged."""
        if self.revealed:
            wrong = {case.row.id for case in self.wrong}
            return {case.row.id: case.is_uu != (case.row.id in wrong) for case in self.cases} if self.shown else {}
        given = {case.row.id: self._draft(case.row.id) for case in self.cases}
        return {row: answer == APPLIES for row, answer in given.items() if answer}

    # what is kept

    def given(self, row: str) -> str:
        """The answer to a row as it is drafted; empty if there is none."""
        return self._draft(row)

    def answer(self, row: str, answer: str) -> None:
        """Keep an answer; an empty one takes it off."""
        self._keep(row, answer)

    def reveal(self) -> None:
        """Give up judging this wording, to see what the rows are."""
        self._keep(_SEEN, _SEEN)

    @property
    def wording(self) -> str:
        """The new wording as it was typed last; else the present one."""
        return self._draft(_WORDING) or self.pattern.text

    @wording.setter
    def wording(self, text: str) -> None:
        self._keep(_WORDING, "" if text == self.pattern.text else text)

    def hand_in(self) -> None:
        """Write all answers, for good.

        Raises:
            StoreError: one is missing, or they cannot be written.
        """
        teaching, answers = self._workbench.teaching, self.answers()
        hand_in(teaching, self.test, answers, Teacher(teaching.author, "human"))
        for row in answers:
            self._keep(row, "")

    def reword(self) -> str:
        """Write the new wording; returns the id of its pattern, another one where the old wording was handed in.

        Raises:
            StoreError: it is empty or the same, or it cannot be written.
        """
        new = reword(self._workbench.teaching, self.pattern, self.wording, self.results)
        self._keep(_WORDING, "")
        return new.id

    # why not

    def not_judgeable(self) -> str | None:
        """Why nothing can be judged, as a sentence."""
        if not self.test.cases:
            return f"It cannot be tested: {self.test.reason}."
        return "You have seen what the rows are: nothing is left to judge." if self.revealed else None

    def not_rewordable(self) -> str | None:
        """Why the pattern cannot be reworded, as a sentence."""
        reason = not_rewordable(self._workbench.teaching, self.pattern, self.results)
        return f"{reason}." if reason else None

    def not_askable(self) -> str | None:
        """Why the LLM cannot be asked to judge, as a sentence."""
        running = self._workbench.running
        if not self._workbench.project.settings.llm.model:
            return "No LLM is set up: name one under [llm] model in blindspot.toml."
        if not self.test.cases:
            return f"It cannot be tested: {self.test.reason}."
        if any(result.judge.kind == "llm" for result in self.now):
            return "The LLM has judged this wording already."
        return f"{running.id} is running." if running else None

    def _key(self, name: str) -> str:  # begins as in version 0.1.0, so that its drafts are found
        return f"trial.{content_key(self.pattern.id, self.pattern.text)}.{name}"

    def _draft(self, name: str) -> str:
        return self._workbench.draft(self._key(name))

    def _keep(self, name: str, value: str) -> None:
        self._workbench.keep_draft(self._key(name), value)
