"""Estimate of calls, tokens and cost of a run of an LLM that judges to which rows patterns apply, before it starts."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.llm.budget import likely_tokens
from engine.llm.judge_questions import ROWS_AT_ONCE, JudgedRow, checked_wording, judge_question
from engine.llm.label_task import parts
from engine.llm.prompts import Prompts
from engine.llm.run_estimate import RunEstimate, likely_cost, likely_thought
from engine.project import Project
from engine.schema import Pattern
from engine.teaching.authors import llm_author
from engine.teaching.pattern_testing import find_pattern, has_judged, pattern_test_of
from engine.teaching.records import Records, Teaching
from engine.teaching.row_search import places_without_label
from engine.text import clean

_VERDICT = 10  # tokens of the verdict on one row


@dataclass(frozen=True, slots=True)
class JudgeEstimate(RunEstimate):
    """A guess at a run that judges. ``rows``: verdicts that it asks for."""

    rows: int

    @property
    def sentence(self) -> str:
        """The estimate in words, as `in_words`."""
        if not self.calls:
            return "nothing to ask: every pattern has been judged, or cannot be tested"
        return self.in_words(self.rows, "row")


def estimate_search(project: Project, *, pattern: Pattern | None, text: str, count: int) -> JudgeEstimate:
    """Guess what the judging of a search will take. Nothing is searched: rows drawn at random stand in for the found.

    Args:
        project: with a discovery.
        pattern: what is searched for; None: the text.
        text: what is searched for without a pattern.
        count: rows to find.

    Raises:
        ProjectError: nothing has been discovered yet.
        StoreError: neither a pattern nor a text is named, or no row is without a label.
        SettingsError: a template of the project has a mistake.
    """
    wording = checked_wording(pattern.text if pattern else clean(text))
    pool = project.examples("pool")
    places = places_without_label(project, project.discovered(), Records(project.teaching_dir), pool)
    drawn = random.Random(project.settings.discovery.seed).sample(places, min(count, len(places)))
    return _estimate(project, ((wording, part) for part in parts([pool[place] for place in drawn], ROWS_AT_ONCE)))


def estimate_pattern_tests(project: Project, patterns: Sequence[str]) -> JudgeEstimate:
    """Guess what the judging of patterns will take; those that the LLM has judged are left out, and so is rewording.

    Args:
        project: with a discovery.
        patterns: ids; none: those of all teachers.

    Raises:
        ProjectError: nothing has been discovered yet.
        StoreError: there is no such pattern.
        SettingsError: a template of the project has a mistake.
    """
    name, discovery = project.settings.llm.model, project.discovered()
    records = Teaching.of(project, llm_author(name)) if name else Records(project.teaching_dir)
    chosen = [find_pattern(records, one) for one in patterns] or records.patterns()
    if isinstance(records, Teaching):
        chosen = [one for one in chosen if not has_judged(records, one)]
    tests = (pattern_test_of(project, discovery, records, one) for one in chosen)
    return _estimate(project, ((one.pattern.text, [case.row for case in one.cases]) for one in tests if one.cases))


def _estimate(project: Project, asked: Iterable[tuple[str, Sequence[JudgedRow]]]) -> JudgeEstimate:
    """The estimate for wordings, each with the rows of one question."""
    prompts, costs, name = Prompts(project), project.settings.cost, project.settings.llm.model
    calls = rows = tokens_in = 0
    for wording, part in asked:
        prompt = judge_question(prompts, wording, part, "", None).prompt
        calls, rows = calls + 1, rows + len(part)
        tokens_in += likely_tokens(prompt.system + prompt.user)
    tokens_out = rows * _VERDICT + likely_thought(project, calls)
    cost = likely_cost(costs, name, tokens_in, tokens_out)
    return JudgeEstimate(name, calls, tokens_in, tokens_out, cost, costs.currency, rows=rows)
