"""A hard limit on the cost and tokens of a run; requests in flight count at their worst case."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from engine.errors import SettingsError, Stopped
from engine.llm.call_log import Call
from engine.llm.chat_backend import BudgetReached
from engine.settings import Price

# English takes about 4 UTF-8 bytes a token; 2.5 leaves room for names, numbers and JSON. Outside ASCII tokenizers of
# bytes may know no longer piece than one byte (emoji, rare scripts), so there each byte counts.
_BYTES_AT_WORST = 2.5
_BYTES_AS_A_RULE = 4.0
_LOOK_SECONDS = 0.1


def most_tokens(text: str) -> int:
    """How many tokens a text takes at worst."""
    plain = sum(map(str.isascii, text))
    return math.ceil(plain / _BYTES_AT_WORST) + _size(text) - plain


def likely_tokens(text: str) -> int:
    """How many tokens a text takes as a rule."""
    return math.ceil(_size(text) / _BYTES_AS_A_RULE)


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def cost_of(price: Price, tokens_in: int, tokens_out: int, tokens_cached: int = 0) -> float:
    """What a call costs, in the currency of the prices; ``tokens_cached`` are among ``tokens_in``."""
    cached = price.input if price.cached < 0 else price.cached
    return ((tokens_in - tokens_cached) * price.input + tokens_cached * cached + tokens_out * price.output) / 1e6


class Reservation:
    """What one call may take; unless it is settled it counts as spent to its worst case."""

    def __init__(self, tokens: int, cost: float, price: Price | None) -> None:
        self.tokens = tokens
        self.cost = cost
        self._price = price

    def settle(self, tokens_in: int, tokens_out: int, tokens_cached: int = 0) -> None:
        """What it really took."""
        self.tokens = tokens_in + tokens_out
        self.cost = cost_of(self._price, tokens_in, tokens_out, tokens_cached) if self._price else 0.0


class Budget:
    """What a run may spend and has spent. Safe for threads.

    Args:
        max_cost: limit in the currency of the prices; None: no limit.
        max_tokens: limit of prompt and answer tokens together; None: no limit.
        price: of the model; None: not known.

    Raises:
        SettingsError: a limit of cost, and no price to count by; or a limit that is none, below 0 or not a number.
    """

    def __init__(
        self, max_cost: float | None = None, max_tokens: int | None = None, price: Price | None = None
    ) -> None:
        for name, limit in (("cost", max_cost), ("tokens", max_tokens)):
            if limit is not None and not limit >= 0:  # not a number is not below 0 either
                raise SettingsError(f"a limit of {name} cannot be {limit}", hint="give a number from 0")
        if max_cost is not None and price is None:
            raise SettingsError(
                "a limit of cost needs the price of the model, which is not known",
                where="cost.prices",
                hint='add [cost.prices."MODEL"] to blindspot.toml, or set a limit of tokens instead',
            )
        self._max_cost = max_cost
        self._max_tokens = max_tokens
        self._price = price
        self._changed = threading.Condition()
        self._held: list[Reservation] = []
        self.tokens = 0
        """Spent so far, prompt and answer together; calls whose answer was lost count at their worst case."""
        self.cost = 0.0
        """The same in money; 0 where the price is not known."""

    def count_earlier(self, calls: Iterable[Call], since: float | None) -> None:
        """Take what was spent before as spent: for a run that goes on with one that was killed or stopped.

        Args:
            calls: of the project.
            since: seconds since the epoch; earlier calls are not counted. None: none are.
        """
        for call in calls:
            if since is not None and call.time >= since and not call.recorded:
                tokens_in, tokens_out = call.tokens_in or 0, call.tokens_out or 0
                self.tokens += tokens_in + tokens_out
                self.cost += cost_of(self._price, tokens_in, tokens_out, call.tokens_cached or 0) if self._price else 0

    @contextmanager
    def reserve(self, tokens_in: int, tokens_out: int, *, stop: threading.Event) -> Iterator[Reservation]:
        """Hold what a call takes at worst while it is made.

        Waits for calls in flight to be settled where that may leave enough.

        Args:
            tokens_in: of the prompt, at worst.
            tokens_out: of the answer, at worst.
            stop: ends the wait.

        Raises:
            BudgetReached: there is not enough left for it.
            Stopped: ``stop`` was set.
        """
        cost = cost_of(self._price, tokens_in, tokens_out) if self._price else 0.0
        needed = Reservation(tokens_in + tokens_out, cost, self._price)
        with self._changed:
            while not self._fits(needed, with_held=True):
                if not self._fits(needed, with_held=False):
                    raise BudgetReached(self._sentence(needed), hint="raise the limit to go on; answers are kept")
                if stop.is_set():
                    raise Stopped
                self._changed.wait(_LOOK_SECONDS)
            self._held.append(needed)
        try:
            yield needed
        finally:
            with self._changed:
                self._held.remove(needed)
                self.tokens += needed.tokens
                self.cost += needed.cost
                self._changed.notify_all()

    def _fits(self, needed: Reservation, *, with_held: bool) -> bool:
        others = self._held if with_held else []
        tokens = self.tokens + needed.tokens + sum(held.tokens for held in others)
        cost = self.cost + needed.cost + sum(held.cost for held in others)
        return not (
            (self._max_tokens is not None and tokens > self._max_tokens)
            or (self._max_cost is not None and cost > self._max_cost)
        )

    def _sentence(self, needed: Reservation) -> str:
        if self._max_tokens is not None and self.tokens + needed.tokens > self._max_tokens:
            return (
                f"{self.tokens:,} of {self._max_tokens:,} tokens are spent, "
                f"and the next call could take {needed.tokens:,}"
            )
        return f"{self.cost:.4f} of {self._max_cost} are spent, and the next call could cost {needed.cost:.4f}"
