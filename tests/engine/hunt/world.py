"""Candidates that nobody has scored, of two or more labels, whose wrong rows lie in groups of texts; and people."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.arrays import Ints
from engine.discovery.calibration import UNKNOWN
from engine.hunt.candidates import Candidates
from engine.hunt.learner import Known
from engine.hunt.selection import Pick, choose
from engine.label_queue.scored_rows import ScoredRows

NONE = np.zeros(0, dtype=np.intp)
GROUPS = 8


class World:
    """A pool, and what is right.

    Args:
        count: rows. labels: how many.
        wrong: share of wrong rows by group; a group's rows are predicted as label ``group % labels``.
        seed: of the draws.
    """

    def __init__(
        self, count: int = 400, *, wrong: Sequence[float] = (0.8, 0.5, 0.1, 0.1) * 2, labels: int = 2, seed: int = 5
    ) -> None:
        draw = np.random.default_rng(seed)
        groups = draw.integers(0, GROUPS, count)
        centres = draw.normal(size=(GROUPS, 6))
        vectors = centres[groups] / 2 + draw.normal(size=(count, 6)) / 4
        predicted = groups % labels
        is_wrong = draw.random(count) < np.array(wrong)[groups]
        self.gold: Ints = np.where(is_wrong, (predicted + draw.integers(1, labels, count)) % labels, predicted)
        names = tuple(f"label{number}" for number in range(labels))
        rows = ScoredRows(
            key="0" * 16,
            model="m",
            round=1,
            tau=0.9,
            labels=names,
            ids=tuple(f"r{number}" for number in range(count)),
            predicted=tuple(names[label] for label in predicted),
        )
        confidence = np.full(count, 0.95)
        self.candidates = Candidates.of(rows, np.column_stack([confidence, groups, vectors]))
        self.said: Ints = np.full(count, UNKNOWN)
        self.certainty: Ints = np.zeros(count, dtype=np.intp)
        self.right: Ints = np.full(count, UNKNOWN)
        self.asked: list[int] = []

    @property
    def known(self) -> Known:
        """What is known now."""
        return Known(self.right, self.said, self.certainty)

    @property
    def is_uu(self) -> np.ndarray:
        """(n,) whether the model is wrong."""
        return np.asarray(self.gold != self.candidates.predicted)

    def ask_llm(self, agreement: float, *, seed: int = 6) -> None:
        """An LLM labels every row, is right on so many, and sure of three quarters of those."""
        draw = np.random.default_rng(seed)
        right = draw.random(len(self.gold)) < agreement
        labels = len(self.candidates.rows.labels)
        self.said = np.where(right, self.gold, (self.gold + 1) % labels)
        self.certainty = np.where(right & (draw.random(len(right)) < 0.75), 3, 1)

    def choose(self, count: int = 10, *, at_random: float = 0.2, closed: Ints = NONE, seed: int = 1) -> list[Pick]:
        """The next rows."""
        asked = np.array(self.asked, dtype=np.intp)
        return choose(self.candidates, self.known, asked, closed, count=count, at_random=at_random, seed=seed)

    def hunt(self, budget: int, *, at_random: float = 0.2, seed: int = 1) -> int:
        """Label so many rows as a hunt asks for them; return the UUs found."""
        while len(self.asked) < budget:
            picks = self.choose(min(10, budget - len(self.asked)), at_random=at_random, seed=seed)
            if not picks:
                break
            for pick in picks:
                self.asked.append(pick.place)
                self.right[pick.place] = self.gold[pick.place]
        return int(self.is_uu[self.asked].sum())
