"""What calls of an LLM cost, by their tokens. A price that is not known makes the sum unknown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.figure import Figure, total, unknown
from engine.llm.budget import cost_of
from engine.llm.call_log import Call
from engine.schema import Record
from engine.settings import CostSettings

NO_CALLS = "no calls on record: imported"
RECORDED = "replayed from a recording: what that had cost is not known"
BROKEN_OFF = "without calls whose answer was lost before it said what they took"


@dataclass(frozen=True, slots=True)
class CallTotals(Record):
    """Calls of an LLM.

    Attributes:
        failed: calls that brought nothing to use: no answer, or a bad one; they are paid all the same.
        recorded: replayed from a file, so nobody was asked.
        tokens_in, tokens_out, tokens_cached, tokens_thought: as far as they are known; the cached ones are among
            tokens_in, those that models thought with among tokens_out.
        estimated: calls whose tokens are a guess from the length of the texts.
        uncounted: calls whose answer was lost before it said what they took.
    """

    calls: int
    failed: int
    recorded: int
    tokens_in: int
    tokens_out: int
    tokens_cached: int
    estimated: int
    uncounted: int
    tokens_thought: int = 0


def call_totals(calls: Sequence[Call]) -> CallTotals:
    """Count calls and their tokens."""
    return CallTotals(
        calls=len(calls),
        failed=sum(call.status != "ok" for call in calls),
        recorded=sum(call.recorded for call in calls),
        tokens_in=sum(call.tokens_in or 0 for call in calls),
        tokens_out=sum(call.tokens_out or 0 for call in calls),
        tokens_cached=sum(call.tokens_cached or 0 for call in calls),
        estimated=sum(call.estimated for call in calls),
        uncounted=sum(_is_uncounted(call) for call in calls),
        tokens_thought=sum(call.tokens_thought or 0 for call in calls),
    )


def paid_for_calls(calls: Iterable[Call], cost: CostSettings) -> Figure:
    """What calls cost here: failed ones as much as others, recorded ones nothing."""
    return total(_paid_for_call(call, cost) for call in calls)


def worth_of_calls(calls: Sequence[Call], cost: CostSettings) -> Figure:
    """What an LLM's work costs, to be compared with a person's: unknown where it was replayed or imported."""
    if not calls:
        return unknown(NO_CALLS)
    return unknown(RECORDED) if any(call.recorded for call in calls) else paid_for_calls(calls, cost)


def _paid_for_call(call: Call, cost: CostSettings) -> Figure:
    if call.recorded:
        return Figure(0.0)
    price = cost.prices.get(call.model)
    if price is None:
        return unknown(f'no price: set [cost.prices."{call.model}"] in blindspot.toml')
    if _is_uncounted(call):
        return Figure(0.0, BROKEN_OFF)
    if call.status == "ok" and (call.tokens_in is None or call.tokens_out is None):
        return unknown("a call does not say how many tokens it took")
    return Figure(cost_of(price, call.tokens_in or 0, call.tokens_out or 0, call.tokens_cached or 0))


def _is_uncounted(call: Call) -> bool:
    """An error that a server sends (a refusal, too many requests) takes no tokens; a lost or cut answer may have."""
    lost = call.http_status is None or call.http_status < 400
    return call.status != "ok" and call.tokens_in is None and lost
