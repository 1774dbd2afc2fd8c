"""Proof rows whose truth is known, with what two models and an LLM say of them; nothing is trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.discovery.calibration import UNKNOWN
from engine.proof.imputation import KnownLabels, chances_of_draw, draw_order
from engine.proof.metrics import FloatArray, IntArray, Scored
from tests.builders.proof import Logits

TAU = 0.9

LlmKind = Literal["strong", "good", "weak", "absent", "wrong where models differ", "sides with the baseline"]
"""How an LLM labels; ``good`` is the kind that the recorded labels of public tasks are."""

_RIGHT = {"strong": 0.97, "good": 0.93, "weak": 0.7}
_WHERE_THEY_DIFFER = 0.75
_SIDES = 0.25  # of the rows that the baseline has wrong

_SKILL, _OWN, _SCALE = 2.2, 0.35, 2.2


@dataclass(frozen=True)
class Population:
    """Proof rows: their true labels, and the logits of both models, one for each seed."""

    gold: IntArray
    baseline: list[Logits]
    arm: list[Logits]

    def scored(self) -> tuple[list[Scored], list[Scored]]:
        """The arm and the baseline, with the true labels."""
        arm, baseline = ([Scored.from_logits(one, self.gold) for one in side] for side in (self.arm, self.baseline))
        return arm, baseline


def population(
    dice: np.random.Generator, *, rows: int = 1200, labels: int = 2, seeds: int = 1, better: float = 0.0
) -> Population:
    """Rows drawn at random; how hard one is has the same share in all models.

    Args:
        dice: of the draw.
        rows: how many.
        labels: of the task, as frequent as one another.
        seeds: of each model.
        better: by how much more the arm's logits lean to the true label than the baseline's; 0: as good a model.
    """
    gold = dice.integers(0, labels, rows)
    hard = dice.normal(size=(rows, labels))

    def trained(skill: float) -> list[Logits]:
        made = []
        for _ in range(seeds):
            logits = _SCALE * (hard + _OWN * dice.normal(size=hard.shape))
            logits[np.arange(rows), gold] += skill
            made.append(logits.astype(np.float32))
        return made

    return Population(gold, trained(_SKILL), trained(_SKILL + better))


def llm_labels(dice: np.random.Generator, of: Population, kind: LlmKind) -> IntArray:
    """(n,) what an LLM says of the rows; `UNKNOWN` where it is absent."""
    rows, labels = of.baseline[0].shape
    if kind == "absent":
        return np.full(rows, UNKNOWN)
    old, new = (runs[0].argmax(axis=1) for runs in (of.baseline, of.arm))
    other = (of.gold + 1 + dice.integers(0, labels - 1, rows)) % labels
    if kind == "sides with the baseline":
        return np.where(dice.random(rows) < _SIDES, old, of.gold)
    right = _RIGHT["strong"] if kind == "wrong where models differ" else _RIGHT[kind]
    rates = np.where((old != new) & (kind == "wrong where models differ"), _WHERE_THEY_DIFFER, right)
    return np.where(dice.random(rows) < rates, of.gold, other)


def known_labels(
    dice: np.random.Generator, of: Population, llm: IntArray, effects: FloatArray, asked: int
) -> KnownLabels:
    """What is known once people have labelled so many rows, drawn as the product draws them by their effects."""
    drawn = np.zeros(len(of.gold), dtype=np.bool_)
    drawn[list(draw_order(effects, int(dice.integers(2**32)))[:asked])] = True
    return KnownLabels(np.where(drawn, of.gold, UNKNOWN), llm, drawn, chances_of_draw(effects, asked))
