"""Models that were never trained: logits made so that what a verdict must say is known by construction."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.proof.metrics import Scored

Logits = npt.NDArray[np.float32]
Gold = npt.NDArray[np.int64]


def gold_labels(rows: int = 600, labels: int = 2) -> Gold:
    """Labels in equal numbers, in a fixed random order."""
    return np.random.default_rng(7).permutation(np.arange(rows) % labels)


def model(gold: Gold, *, seed: int, skill: float = 1.0, noise: float = 1.5, labels: int = 2) -> Logits:
    """Logits that lean to gold by ``skill``, with noise shared by all seeds (hard rows) and noise of its own."""
    shared = np.random.default_rng(1).normal(size=(len(gold), labels))
    own = np.random.default_rng(100 + seed).normal(size=(len(gold), labels))
    logits = noise * (shared + 0.4 * own)
    logits[np.arange(len(gold)), gold] += skill
    return logits.astype(np.float32)


def scored(logits: Logits, gold: Gold) -> Scored:
    """Predictions from logits at temperature 1."""
    return Scored.from_logits(logits, gold)


def hand(confidence: list[float], wrong: list[int]) -> Scored:
    """Binary predictions with these confidences; gold is label 0 everywhere."""
    return Scored(
        gold=np.zeros(len(wrong), dtype=np.int64),
        predicted=np.array(wrong, dtype=np.int64),
        confidence=np.array(confidence, dtype=np.float64),
        n_labels=2,
    )
