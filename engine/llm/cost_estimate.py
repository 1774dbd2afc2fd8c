"""Estimate of calls, tokens and cost of an LLM teaching run before it starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.llm.budget import cost_of, likely_tokens
from engine.llm.prompts import Prompts
from engine.llm.questions import Questions, answered, chosen_spots
from engine.project import Project
from engine.schema import Record
from engine.settings import TeachingSettings
from engine.teaching.evidence import Evidence, evidence_for
from engine.teaching.records import Records

_PATTERN = 60  # tokens of a pattern of 50 words at most
_WORD = "word"  # as long as a token
_FRAME = 15  # tokens of JSON around a sample


@dataclass(frozen=True, slots=True)
class CostEstimate(Record):
    """A guess at a run.

    Attributes:
        model: who is asked; empty: nobody is set up.
        blind_spots: that still need answers.
        calls: questions that will be asked, if every answer is good.
        tokens_in, tokens_out: of all calls.
        cost: in ``currency``; None where the price of the model is not known.
    """

    model: str
    blind_spots: int
    calls: int
    tokens_in: int
    tokens_out: int
    cost: float | None
    currency: str

    @property
    def sentence(self) -> str:
        """The estimate in words: ``12 calls for 4 blind spots, about 9,000 tokens in and 4,000 out, price unknown``."""
        if not self.calls:
            return "nothing to ask: every answer is there"
        price = "price unknown" if self.cost is None else f"about {self.cost:.2f} {self.currency}"
        calls, spots = "call" + "s" * (self.calls != 1), "blind spot" + "s" * (self.blind_spots != 1)
        tokens = f"about {self.tokens_in:,} tokens in and {self.tokens_out:,} out"
        return f"{self.calls} {calls} for {self.blind_spots} {spots}, {tokens}, {price}"


def estimate(project: Project, spots: Sequence[str] | None = None) -> CostEstimate:
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
    costs = project.settings.cost
    price = costs.prices.get(name)
    cost = cost_of(price, tokens_in, tokens_out) if price else None
    return CostEstimate(name, waiting, calls, tokens_in, tokens_out, cost, costs.currency)


def _sizes(project: Project, prompts: Prompts, evidence: Evidence) -> list[tuple[int, int]]:
    """Tokens in and out of the three questions; answers that are not there yet are taken to be of usual length."""
    asked, questions = project.settings.teaching, Questions(project, prompts)
    unknown = [_WORD * _PATTERN] * asked.patterns
    asking = (
        questions.abstraction(evidence),
        questions.extrapolation(evidence, unknown),
        questions.samples(evidence, unknown, unknown),
    )
    tokens = [likely_tokens(prompt.system + prompt.user) for prompt in asking]
    rows = [row.text + (row.text_pair or "") for row in evidence.rows]
    sample = _FRAME + likely_tokens("".join(rows)) // max(1, len(rows))
    answers = (asked.patterns * _PATTERN, asked.patterns * _PATTERN, sample * _samples(asked))
    return list(zip(tokens, answers, strict=True))


def _samples(asked: TeachingSettings) -> int:
    return 2 * asked.patterns * (asked.targets + asked.counters) + asked.anchors
