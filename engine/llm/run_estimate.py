"""What the estimates of runs of an LLM have in common. Light."""

from __future__ import annotations

from dataclasses import dataclass

from engine.counted import counted
from engine.llm.budget import cost_of
from engine.llm.call_log import CALLS_FILE, read_calls
from engine.project import Project
from engine.schema import Record
from engine.settings import CostSettings


@dataclass(frozen=True, slots=True)
class RunEstimate(Record):
    """A guess at what a run takes.

    Attributes:
        model: who is asked; empty: nobody is set up.
        calls: questions that will be asked, if every answer is good.
        tokens_in, tokens_out: of all calls.
        cost: in ``currency``; None where the price of the model is not known.
    """

    model: str
    calls: int
    tokens_in: int
    tokens_out: int
    cost: float | None
    currency: str

    def in_words(self, count: int, what: str) -> str:
        """``12 calls for 4 blind spots, about 9,000 tokens in and 4,000 out, price unknown``.

        Args:
            count: how many things it asks about.
            what: one of them, as a noun whose plural ends in s.
        """
        price = "price unknown" if self.cost is None else f"about {self.cost:.2f} {self.currency}"
        tokens = f"about {self.tokens_in:,} tokens in and {self.tokens_out:,} out"
        return f"{counted(self.calls, 'call')} for {counted(count, what)}, {tokens}, {price}"


def likely_thought(project: Project, calls: int) -> int:
    """Tokens that the model of the settings thinks in so many calls, by those it has answered before; 0: not known."""
    model = project.settings.llm.model
    asked = (call for call in read_calls(project.llm_dir / CALLS_FILE) if call.model == model)
    known = [call.tokens_thought for call in asked if call.tokens_thought is not None]
    return round(calls * sum(known) / len(known)) if known else 0


def likely_cost(costs: CostSettings, model: str, tokens_in: int, tokens_out: int) -> float | None:
    """What calls of a model may cost, in the currency of the settings; None where its price is not known."""
    price = costs.prices.get(model)
    return cost_of(price, tokens_in, tokens_out) if price else None
