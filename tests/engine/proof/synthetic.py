"""Models that were never trained: logits made so that what a verdict must say is known by construction."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.files import write_json
from engine.project import Project
from engine.proof.evaluate import evaluate, gold_file, logits_file
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


def write_proof(
    project: Project,
    *,
    baseline: list[Logits],
    arms: dict[tuple[str, str], list[Logits]],
    gold: Gold,
    created: str = "2026-01-02T03:04:05+00:00",
    proof_id: str = "aaaa1111",
    test: bool = True,
) -> Path:
    """A finished proof of models that were never trained, with one blind spot over the first four rows."""
    folder = project.proofs_dir / proof_id
    seeds = list(range(13, 13 + len(baseline)))
    splits = ["proof", "pool", *(["test"] if test else [])]
    runs = []
    for (arm, recipe), logits in {("baseline", "scratch"): baseline, **arms}.items():
        for seed, one in zip(seeds, logits, strict=True):
            name = f"{arm}-{recipe}-{seed}"
            (project.models_dir / name).mkdir(parents=True, exist_ok=True)
            run = {"arm": arm, "recipe": recipe, "seed": seed, "n_added": 5, "n_rows": 9, "temperature": 1.0}
            runs.append(run | {"model": {"name": name, "path": f"models/{name}", "key": name}})
            for split in splits:
                save(logits_file(folder, run, split), one)
                save(gold_file(folder, split), gold)
    spec = {
        "id": proof_id,
        "created": created,
        "seconds": 1.0,
        "round": 1,
        "seeds": seeds,
        "labels": ["neg", "pos"],
        "tau": 0.9,
        "margin": 0.01,
        "interval": 0.95,
        "bootstrap": 200,
        "rows": {"proof": len(gold), "test": len(gold) if test else None},
        "runs": runs,
        "blind_spots": [
            {"id": "B1", "gold": "pos", "predicted": "neg", "rows": [0, 1, 2, 3], "ids": ["p0", "p1", "p2", "p3"]}
        ],
    }
    write_json(folder / "spec.json", spec)
    write_json(folder / "report.json", evaluate(folder))
    return folder


def save(path: Path, array: npt.NDArray[np.generic]) -> None:
    """Write an array."""
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, array)
