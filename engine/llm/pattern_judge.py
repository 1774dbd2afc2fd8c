"""The LLM as a judge: does a pattern apply to a row? One question a pattern, or some for the rows that it has found.

After a test it may reword its own patterns once, with the counter-examples before it. Imports pydantic.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

from pydantic import BaseModel

from engine.llm.address import server_use
from engine.llm.answer_schemas import Patterns, patterns_problem, usable_patterns
from engine.llm.budget import Budget
from engine.llm.call_log import CALLS_FILE, CallLog, read_calls
from engine.llm.chat_backend import ChatAnswer, ChatBackend, Question
from engine.llm.judge_questions import ROWS_AT_ONCE, Verdicts, checked_wording, judge_question, texts_of
from engine.llm.label_task import parts
from engine.llm.prompts import Prompts, fenced
from engine.llm.question_run import QuestionRun
from engine.llm.reports import JudgeReport
from engine.progress import Monitor
from engine.project import Project
from engine.schema import Pattern
from engine.teaching.authors import llm_author
from engine.teaching.evidence import evidence_for
from engine.teaching.found_rows import FoundRows
from engine.teaching.leaks import HoldsProofRow
from engine.teaching.pattern_testing import (
    PatternCase,
    PatternResult,
    find_pattern,
    hand_in,
    has_judged,
    not_rewordable,
    pattern_test_of,
    results,
    reword,
)
from engine.teaching.records import Teaching
from engine.trust import require

Form = TypeVar("Form", bound=BaseModel)
Opens = Callable[[threading.Event, Callable[[str], None]], ChatBackend]


def judge(
    project: Project,
    *,
    patterns: Sequence[str] | None = None,
    refine: bool = False,
    max_cost: float | None = None,
    max_tokens: int | None = None,
    since: float | None = None,
    monitor: Monitor,
) -> JudgeReport:
    """Let the LLM of the settings judge patterns, and reword its own.

    Args:
        project: the folder; its settings name the LLM.
        patterns: ids; None or empty: those of all teachers.
        refine: whether it rewords its own patterns that have counter-examples, once each.
        max_cost: stop before the run costs more, in the currency of the prices.
        max_tokens: stop before the run takes more tokens, prompts and answers together.
        since: seconds since the epoch; calls from then on count towards the limits too, as in `teach`.
        monitor: steps count patterns.

    Raises:
        NotTrusted: nobody at this machine has agreed to the server, the variable or the prompts that the project names.
        SettingsError: a template has a mistake, or a limit of cost has no price to count by.
        ServerRefused: no model is named, or nothing can be asked.
        StoreError: there is no such pattern, or it cannot be written.
        Stopped: from the monitor; every answer until then is kept.
    """
    prompts = Prompts(project)
    opens = _opens(project, prompts, max_cost=max_cost, max_tokens=max_tokens, since=since)
    return judge_with(opens, project, prompts, patterns=patterns, refine=refine, monitor=monitor)


def judge_found(
    project: Project,
    found: FoundRows,
    *,
    max_cost: float | None = None,
    max_tokens: int | None = None,
    since: float | None = None,
    monitor: Monitor,
) -> FoundRows:
    """Ask the LLM of the settings to which of the rows that a search has found the pattern, or the text, applies.

    What is returned is kept nowhere yet.

    Args:
        project: the folder; its settings name the LLM.
        found: what it is asked about.
        max_cost: as in `judge`.
        max_tokens: as in `judge`.
        since: as in `judge`.
        monitor: steps count questions.

    Raises:
        StoreError: the search has no wording that could apply.
        NotTrusted, SettingsError, ServerRefused, Stopped: as `judge`.
    """
    checked_wording(found.wording)
    prompts = Prompts(project)
    opens = _opens(project, prompts, max_cost=max_cost, max_tokens=max_tokens, since=since)
    with _running(opens, project, prompts, monitor) as run:
        applies = run.judge_found(found)
        rows = tuple(replace(row, applies=applies.get(row.id)) for row in found.rows)
        unasked = run.questions.stopped or next(iter(run.failed.values()), "")
        return replace(found, rows=rows, judge=run.asker.teacher, unasked=unasked)


def _opens(
    project: Project, prompts: Prompts, *, max_cost: float | None, max_tokens: int | None, since: float | None
) -> Opens:
    """How the server of the settings is asked, if the person has agreed to that."""
    settings = project.settings
    require(project.root, [server_use(settings.llm, prompts.own)])

    def open_client(stop: threading.Event, note: Callable[[str], None]) -> ChatBackend:
        from engine.llm.client import Client
        from engine.llm.prompt_guard import PromptGuard

        budget = Budget(max_cost, max_tokens, settings.cost.prices.get(settings.llm.model))
        log = CallLog(project.llm_dir / CALLS_FILE)
        budget.count_earlier(read_calls(log.path), since)
        return Client(settings.llm, log, budget=budget, check_prompt=PromptGuard(project), stop=stop, note=note)

    return open_client


def judge_with(
    opens: Opens,
    project: Project,
    prompts: Prompts,
    *,
    patterns: Sequence[str] | None = None,
    refine: bool = False,
    monitor: Monitor,
) -> JudgeReport:
    """As `judge`, with whoever ``opens`` gives to be asked; it is closed at the end."""
    with _running(opens, project, prompts, monitor) as run:
        chosen = [find_pattern(run.teaching, name) for name in patterns or ()] or list(run.teaching.patterns())
        run.judge(chosen)
        if refine and not run.questions.stopped:
            run.refine(chosen)
        return run.report()


@contextmanager
def _running(opens: Opens, project: Project, prompts: Prompts, monitor: Monitor) -> Iterator[_Run]:
    """A run with whoever is asked open; what is on the way is given up if it fails."""
    stop, questions = threading.Event(), QuestionRun[None](monitor)
    with closing(opens(stop, questions.note)) as asker:
        try:
            yield _Run(project, prompts, asker, monitor, questions)
        except BaseException:
            stop.set()
            raise


@dataclass
class _Run:
    project: Project
    prompts: Prompts
    asker: ChatBackend
    monitor: Monitor
    questions: QuestionRun[None]
    judged: list[str] = field(default_factory=list)
    reworded: list[str] = field(default_factory=list)
    before: list[str] = field(default_factory=list)
    untestable: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.discovery = self.project.discovered()
        self.teaching = Teaching.of(self.project, llm_author(self.asker.teacher.name))

    def report(self) -> JudgeReport:
        return JudgeReport(
            self.asker.teacher.name,
            tuple(self.judged),
            tuple(self.reworded),
            tuple(self.before),
            self.untestable,
            self.failed,
            self.questions.stopped,
        )

    def judge(self, patterns: Sequence[Pattern]) -> None:
        """Judge every pattern that has rows, and that this LLM has not judged in its present wording."""
        tests = {}
        for pattern in patterns:
            test = pattern_test_of(self.project, self.discovery, self.teaching, pattern)
            if has_judged(self.teaching, pattern):
                self.before.append(pattern.id)
            elif not test.cases:
                self.untestable[pattern.id] = test.reason
            else:
                tests[pattern.id] = test
        questions = {
            name: judge_question(
                self.prompts, test.pattern.text, [case.row for case in test.cases], test.pattern.blind_spot, name
            )
            for name, test in tests.items()
        }
        for name, answer in self._answers("judge", questions):
            rows = [case.row.id for case in tests[name].cases]
            hand_in(self.teaching, tests[name], _applies(rows, answer.value), self.asker.teacher)
            self.judged.append(name)

    def judge_found(self, found: FoundRows) -> dict[str, bool]:
        """Whether what was searched for applies, by row id, of those rows that have an answer."""
        spot = find_pattern(self.teaching, found.pattern).blind_spot if found.pattern else ""
        asked = {str(number): part for number, part in enumerate(parts(found.rows, ROWS_AT_ONCE))}
        questions = {
            name: judge_question(self.prompts, found.wording, rows, spot, found.pattern) for name, rows in asked.items()
        }
        applies: dict[str, bool] = {}
        for name, answer in self._answers("judge", questions):
            applies |= _applies([row.id for row in asked[name]], answer.value)
        return applies

    def refine(self, patterns: Sequence[Pattern]) -> None:
        """Reword the LLM's own patterns that its judgement has shown a counter-example of."""
        found = {pattern.id: (pattern, self._results(pattern)) for pattern in patterns}
        open_ones = {name: one for name, one in found.items() if one[1] and not_rewordable(self.teaching, *one) is None}
        questions = {name: self._refine_question(*one) for name, one in open_ones.items()}
        for name, answer in self._answers("refine", questions):
            pattern, tested = open_ones[name]
            try:
                reword(self.teaching, pattern, usable_patterns(answer.value, 1)[0], tested)
            except HoldsProofRow as error:
                self.failed[name] = str(error)
            else:
                self.reworded.append(name)

    def _results(self, pattern: Pattern) -> list[PatternResult]:
        """What this LLM has found about the wording that the pattern has now."""
        found = results(self.project, self.discovery, self.teaching, pattern)
        return [one for one in found if one.text == pattern.text and one.author == self.teaching.author]

    def _refine_question(self, pattern: Pattern, tested: Sequence[PatternResult]) -> Question[Patterns]:
        evidence = evidence_for(self.project, self.discovery, self.teaching, pattern.blind_spot)
        wrong = tested[0].wrong
        prompt = self.prompts.render(
            "refine",
            evidence=self.prompts.evidence(evidence),
            kind=pattern.kind,
            pattern=fenced(pattern.text),
            missed=_fenced_rows(wrong, are_uus=True),
            covered=_fenced_rows(wrong, are_uus=False),
        )
        return Question(
            "refine",
            pattern.blind_spot,
            prompt,
            Patterns,
            evidence.hash,
            pattern.id,
            partial(_wording_problem, pattern.text),
        )

    def _answers(self, stage: str, questions: dict[str, Question[Form]]) -> Iterator[tuple[str, ChatAnswer[Form]]]:
        """The answers as they come, by pattern id; what fails is noted, and the end of the budget ends the run."""
        done, ask = 0, self.asker.ask
        todo, parallel = list(questions), self.project.settings.llm.parallel

        def look() -> None:
            self.monitor.step(stage, done, len(todo), failed=len(self.failed))

        for name, found in self.questions.results(
            todo, lambda name: ask(questions[name]), parallel=parallel, look=look
        ):
            done += 1
            if isinstance(found, ChatAnswer):
                yield name, found
            else:
                self.failed[name] = str(found)


def _wording_problem(before: str, answer: Patterns) -> str | None:
    problem = patterns_problem(answer, 1)
    if problem is None and usable_patterns(answer, 1) == [before]:
        return "this is the wording that it has already"
    return problem


def _applies(rows: Sequence[str], answer: Verdicts) -> dict[str, bool]:
    return {rows[verdict.row - 1]: verdict.applies for verdict in answer.verdicts}


def _fenced_rows(wrong: Sequence[PatternCase], *, are_uus: bool) -> str:
    return fenced([{**texts_of(case.row), "right_label": case.row.label} for case in wrong if case.is_uu == are_uus])
