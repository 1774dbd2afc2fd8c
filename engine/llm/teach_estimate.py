"""Estimate of calls, tokens and cost of an LLM teaching run before it starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.llm.budget import likely_tokens
from engine.llm.prompts import Prompts
from engine.llm.questions import Questions, answered, chosen_spots
from engine.llm.run_estimate import RunEstimate, likely_cost, likely_thought
from engine.project import Project
from engine.settings import TeachingSettings
from engine.teaching.evidence import Evidence, evidence_for
from engine.teaching.records import Records

_PATTERN = 60  # tokens of a pattern of 50 words at most
_WORD = "word"  # as long as a token
_FRAME = 15  # tokens of JSON around a sample


@dataclass(frozen=True, slots=True)
class TeachEstimate(RunEstimate):
    """A guess at a run that teaches. ``blind_spots``: that still need answers."""

    blind_spots: int

    @property
    def sentence(self) -> str:
        """The estimate in words, as `in_words`."""
        if not self.calls:
            return "nothing to ask: every answer is there"
        return self.in_words(self.blind_spots, "blind spot")


def estimate(project: Project, spots: Sequence[str] | None = None) -> TeachEstimate:
    """Guess what a run will take: what is answered already is left out.

    Args:
        project: with a discovery.
        spots: ids of the blind spots; None: all.

    Raises:
        ProjectError: nothing has been discovered yet.
        StoreError: there is no such blind spot.
        SettingsError: a template of the project has a mistake.
    """
    discovery, records, name = project.discovered(), Records(project.teaching_dir), project.settings.llm.model
    prompts = Prompts(project)
    waiting = calls = tokens_in = tokens_out = 0
    for spot_id in chosen_spots(discovery, spots):
        evidence = evidence_for(project, discovery, records, spot_id)
        left = answered(records, name, spot_id, evidence.hash).open
        if left:
            sizes = _sizes(project, prompts, evidence)[-left:]
            waiting, calls = waiting + 1, calls + len(sizes)
            tokens_in += sum(size for size, _ in sizes)
            tokens_out += sum(size for _, size in sizes)
    tokens_out += likely_thought(project, calls)
    costs = project.settings.cost
    cost = likely_cost(costs, name, tokens_in, tokens_out)
    return TeachEstimate(name, calls, tokens_in, tokens_out, cost, costs.currency, blind_spots=waiting)


def _sizes(project: Project, prompts: Prompts, evidence: Evidence) -> list[tuple[int, int]]:
    """Tokens in and out of the three questions; answers that are not there yet are taken to be of usual length."""
    teaching, questions = project.settings.teaching, Questions(project, prompts)
    unknown = [_WORD * _PATTERN] * teaching.patterns
    asking = (
        questions.abstraction(evidence),
        questions.extrapolation(evidence, unknown),
        questions.samples(evidence, unknown, unknown),
    )
    tokens = [likely_tokens(prompt.system + prompt.user) for prompt in asking]
    rows = [row.text + (row.text_pair or "") for row in evidence.rows]
    sample = _FRAME + likely_tokens("".join(rows)) // max(1, len(rows))
    answers = (teaching.patterns * _PATTERN, teaching.patterns * _PATTERN, sample * _samples(teaching))
    return list(zip(tokens, answers, strict=True))


def _samples(teaching: TeachingSettings) -> int:
    return 2 * teaching.patterns * (teaching.targets + teaching.counters) + teaching.anchors
