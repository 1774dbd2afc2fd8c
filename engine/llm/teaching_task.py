"""One blind spot as the LLM teacher is asked about it: evidence, questions and the answers so far."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from engine.llm.answer_schemas import (
    Patterns,
    SampleRequest,
    Samples,
    patterns_problem,
    samples_form,
    samples_problem,
    usable_patterns,
    usable_samples,
)
from engine.llm.call_log import CallStep
from engine.llm.chat_backend import ChatAnswer, ChatBackend, Question
from engine.llm.prompt_guard import LeakFound
from engine.llm.prompts import Prompts
from engine.llm.questions import Done, Questions
from engine.project import Project
from engine.schema import PATTERN_KINDS, PatternKind
from engine.teaching.evidence import Evidence
from engine.teaching.leaks import LeakCheck


class TeachingTask:
    """The questions about one blind spot that are still open. Its answers are asked for in one thread.

    Args:
        project: its labels and quotas.
        evidence: what is shown.
        seen: hash of the evidence that the answers are based on; another one for some recordings.
        done: what was answered before.
        prompts: templates of the questions.
        leaks: knows the proof rows.

    Attributes:
        spot_id: the blind spot. seen, evidence, done: as above.
    """

    def __init__(
        self, project: Project, evidence: Evidence, seen: str, done: Done, prompts: Prompts, leaks: LeakCheck | None
    ) -> None:
        self.spot_id = evidence.blind_spot
        self.evidence = evidence
        self.seen = seen
        self.done = done
        self._project = project
        self._leaks = leaks
        self._questions = Questions(project, prompts)
        self._texts = {kind: [pattern.text for pattern in done.patterns[kind]] for kind in PATTERN_KINDS}

    @property
    def sample_request(self) -> SampleRequest:
        """The samples that are asked for; until the patterns are known, for as many as will be asked for."""
        teaching = self._project.settings.teaching
        patterns = sum(len(self._texts[kind]) or teaching.patterns for kind in PATTERN_KINDS)
        pair = self._project.settings.task.pair
        return SampleRequest.of(self.evidence, patterns, self._project.labels, pair, teaching)

    def usable(self, answer: Patterns) -> list[str]:
        """The patterns of an answer that have the form asked for."""
        return usable_patterns(answer, self._project.settings.teaching.patterns)

    def _holds_row(self, text: str) -> bool:
        return self._leaks is not None and self._leaks.holds_row(text, alone=True)

    def answers(self, asker: ChatBackend) -> Iterator[tuple[CallStep, ChatAnswer[Patterns] | ChatAnswer[Samples]]]:
        """Ask the open questions one after the other and yield each answer.

        Raises:
            ServerRefused, QuestionFailed, BudgetReached, LeakFound, Stopped: as the asker.
        """
        for kind in PATTERN_KINDS:
            if not self._texts[kind]:
                about_patterns = asker.ask(self._patterns_question(kind))
                self._texts[kind] = [text for text in self.usable(about_patterns.value) if not self._holds_row(text)]
                yield kind, about_patterns
                if not self._texts[kind]:
                    raise LeakFound(
                        "every pattern of the answer holds a held-out proof row, so none is kept",
                        where=self.spot_id,
                        hint="leave this blind spot to people",
                    )
        if not self.done.samples:
            yield "samples", asker.ask(self._samples_question())

    def _patterns_question(self, kind: PatternKind) -> Question[Patterns]:
        count = self._project.settings.teaching.patterns
        if kind == "abstraction":
            prompt = self._questions.abstraction(self.evidence)
        else:
            prompt = self._questions.extrapolation(self.evidence, self._texts["abstraction"])
        return Question(
            kind,
            self.spot_id,
            prompt,
            Patterns,
            self.seen,
            check=partial(patterns_problem, count=count),
            last_check=partial(patterns_problem, count=1),
        )

    def _samples_question(self) -> Question[Samples]:
        request = self.sample_request

        def nothing_usable(answer: Samples) -> str | None:
            return None if usable_samples(answer, request) else samples_problem(answer, request)

        prompt = self._questions.samples(self.evidence, self._texts["abstraction"], self._texts["extrapolation"])
        return Question(
            "samples",
            self.spot_id,
            prompt,
            samples_form(request.labels, pair=request.pair),
            self.seen,
            check=partial(samples_problem, request=request),
            last_check=nothing_usable,
        )
