"""Models that were never trained: logits made so that what a verdict must say is known by construction."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.discovery.nearest_spot import FAR
from engine.project import Project
from engine.proof.evaluate import NEAREST, ROUND_MODEL
from engine.proof.metrics import Scored
from tests.builders.proof import Gold, Logits, lay_out_proof


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


GOLD = gold_labels()
BASELINE = [model(GOLD, seed=seed, noise=2.5, skill=2.0) for seed in (1, 2)]
ONE_PROVEN = {
    ("human", "scratch"): [model(GOLD, seed=seed, noise=2.5, skill=4.0) for seed in (1, 2)],
    ("human", "continue"): [logits / 2 for logits in BASELINE],
}
"""Arms of which the first is proven against `BASELINE`, and the second only less confident."""


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


def write_proof(
    project: Project,
    *,
    baseline: list[Logits],
    arms: dict[tuple[str, str], list[Logits]],
    gold: Gold,
    created: str = "2026-01-02T03:04:05+00:00",
    proof_id: str = "aaaa1111",
    test: bool = True,
    near: int | None = 100,
    samples: list[str] | None = None,
    ids: Sequence[str] = ("p0", "p1", "p2", "p3"),
) -> Path:
    """A finished proof of models that were never trained, with one blind spot over the first rows.

    The first ``near`` proof rows are near it, and it was found in the baseline's first model; None: a proof older
    than that. ``samples``: contents of samples, which stand at the first rows.
    ``ids``: of the rows of the blind spot, four by default.
    """
    rows = {"proof": gold, "pool": gold} | ({"test": gold} if test else {})
    rows |= {"samples": gold[: len(samples)]} if samples else {}
    kept: dict[str, Any] = {}
    arrays: dict[str, npt.NDArray[Any]] = {}
    if near is not None:
        kept = {"round_model": {"name": "m", "key": "k", "temperature": 1.0}, "samples": samples or []}
        arrays = {ROUND_MODEL: baseline[0], NEAREST: np.where(np.arange(len(gold)) < near, 0, FAR)}
    spot = {"id": "B1", "gold": "pos", "predicted": "neg", "rows": list(range(len(ids))), "ids": list(ids)}
    return lay_out_proof(
        project.root,
        {("baseline", "scratch"): baseline, **arms},
        rows,
        proof_id=proof_id,
        created=created,
        added=5,
        arrays=arrays,
        labels=["neg", "pos"],
        blind_spots=[spot],
        **kept,
    )
