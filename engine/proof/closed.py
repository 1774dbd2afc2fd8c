"""The definition of `closed`, shared by report, rounds, regression suite and `check`. Light.

A blind spot is a group of pool rows that the round's model gets wrong with confidence. It is judged by rows alone, on
pool and proof, and by what a model says of them now:

- **pool**: its own rows in the pool, without those whose gold label somebody marked as wrong or ambiguous. Teachers saw
  them, and some arms are trained on them, so they are never enough.
- **wrong before**: the proof rows near it (`spot_assignment`) that the round's model got wrong with confidence.
- **right before**: the proof rows near it that the round's model got right.
- **near**: all proof rows near it, those two and the ones that were wrong without confidence.

The first of these words that fits:

1. ``worse``: fewer of the near rows are right than before, and the whole paired interval of that change is below 0.
2. ``open``: less than half of the pool rows are right now.
3. ``too few proof rows``: there are fewer than `FEWEST` rows in *wrong before*, so the proof split can tell nothing.
4. ``closed``: at least four in five rows are right now in each of *pool*, *wrong before* and *right before*, and no
   fewer of the near rows are right than before.
5. ``smaller``: at least half of *wrong before* is right now.
6. ``open``.

With several seeds the counts are means over them, as everywhere in the report. Whether the arm was `proven` plays no
part: that is about all rows, this about a few. A blind spot that a later discovery does not find again, or finds merged
with another, is not closed by that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from engine.schema import Record

ClosedWord = Literal["closed", "smaller", "open", "worse", "too few proof rows"]

FEWEST = 5  # proof rows wrong before: among fewer, four in five cannot be told from all
FEWEST_NEAR = 10  # near rows: a bootstrap over fewer is too sure of itself
CLOSED = (4, 5)  # of pool, wrong before and right before: this many in so many are right now
SMALLER = (1, 2)  # of pool and wrong before

MEANINGS: dict[ClosedWord, str] = {
    "closed": "At least 4 in 5 of its pool rows are right now, and of the proof rows near it at least 4 in 5 of those "
    f"that the round's model got wrong with confidence (with {FEWEST} or more of them) and of those that it got right; "
    "and of all proof rows near it no fewer are right than before.",
    "smaller": "Not closed, but at least half of its pool rows are right now, and half of the proof rows near it that "
    "were wrong with confidence.",
    "open": "Fewer than half are right, of its pool rows or of the proof rows near it that were wrong with confidence.",
    "worse": "Of the proof rows near it fewer are right than before, by more than chance.",
    "too few proof rows": f"Fewer than {FEWEST} proof rows near it were wrong with confidence: nothing can be shown.",
}
WORDS: tuple[ClosedWord, ...] = ("closed", "smaller", "open", "worse", "too few proof rows")


@dataclass(frozen=True, slots=True)
class SeedCounts(Record):
    """Rows of one sort: how many there are, and how many of them the model of each seed gets right."""

    of: int
    per_seed: tuple[int, ...]

    @property
    def right(self) -> float:
        """Mean over seeds."""
        return round(sum(self.per_seed) / len(self.per_seed), 2)

    def reaches(self, ratio: tuple[int, int]) -> bool:
        """Whether at least so many in so many are right; in whole numbers, as 0.8 * 35 is more than 28 in floats."""
        part, whole = ratio
        return sum(self.per_seed) * whole >= part * self.of * len(self.per_seed)

    def of_seed(self, place: int) -> SeedCounts:
        """What the model of one seed gets right."""
        return SeedCounts(self.of, (self.per_seed[place],))


@dataclass(frozen=True, slots=True)
class SpotCounts(Record):
    """What one model, or its seeds, get right of the rows of one blind spot; the parts as in the rule above.

    ``before``: how many of the near rows the round's model got right. ``surely_worse``: the paired interval of the
    change of near rows lies below 0.
    """

    pool: SeedCounts
    wrong_before: SeedCounts
    right_before: SeedCounts
    near: SeedCounts
    before: int
    surely_worse: bool = False

    def of_seed(self, place: int) -> SpotCounts:
        """Those of the model of one seed."""
        parts = (self.pool, self.wrong_before, self.right_before, self.near)
        pool, wrong, right, near = (part.of_seed(place) for part in parts)
        return SpotCounts(pool, wrong, right, near, self.before)

    @property
    def conditions(self) -> dict[str, bool]:
        """Whether each part meets what `closed` requires of it."""
        parts = {"pool": self.pool, "wrong_before": self.wrong_before, "right_before": self.right_before}
        no_fewer = sum(self.near.per_seed) >= self.before * len(self.near.per_seed)
        return {name: part.reaches(CLOSED) for name, part in parts.items()} | {"near": no_fewer}

    @property
    def closed(self) -> bool:
        """Whether it is closed; of a single model the other words are not asked for."""
        return self.wrong_before.of >= FEWEST and all(self.conditions.values())

    @property
    def word(self) -> ClosedWord:
        """By the rule above."""
        if self.surely_worse:
            return "worse"
        if not self.pool.reaches(SMALLER):
            return "open"
        if self.wrong_before.of < FEWEST:
            return "too few proof rows"
        if self.closed:
            return "closed"
        return "smaller" if self.wrong_before.reaches(SMALLER) else "open"


def tally(words: Sequence[ClosedWord]) -> dict[str, int]:
    """How many blind spots there are, and how many have each word."""
    return {"of": len(words)} | {word: words.count(word) for word in WORDS}
