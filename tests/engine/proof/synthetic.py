"""Models that were never trained: logits made so that what a verdict must say is known by construction."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.files import write_json
from engine.project import Project
from engine.proof.evaluate import NEAREST, ROUND_MODEL, evaluate, gold_file, logits_file, right_samples
from engine.proof.metrics import Scored
from engine.proof.proof_spec import SpecRun
from engine.proof.report import LEARNED
from engine.proof.report_details import FAR

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
    near: int | None = 100,
    samples: list[str] | None = None,
    ids: Sequence[str] = ("p0", "p1", "p2", "p3"),
) -> Path:
    """A finished proof of models that were never trained, with one blind spot over the first rows.

    The first ``near`` proof rows are near it, and it was found in the baseline's first model; None: a proof of before
    that was kept. ``samples``: contents of samples, which stand at the first rows.
    ``ids``: of the rows of the blind spot, four by default.
    """
    folder = project.proofs_dir / proof_id
    seeds = list(range(13, 13 + len(baseline)))
    splits = ["proof", "pool", *(["test"] if test else []), *(["samples"] if samples else [])]
    runs = []
    for (arm, recipe), logits in {("baseline", "scratch"): baseline, **arms}.items():
        for seed, one in zip(seeds, logits, strict=True):
            name = f"{arm}-{recipe}-{seed}"
            (project.models_dir / name).mkdir(parents=True, exist_ok=True)
            run = {"arm": arm, "recipe": recipe, "seed": seed, "n_added": 5, "n_rows": 9, "temperature": 1.0}
            run |= {"model": {"name": name, "path": f"models/{name}", "key": name}}
            runs.append(run)
            for split in splits:
                rows = len(samples) if samples and split == "samples" else len(gold)
                save(logits_file(folder, SpecRun.from_json(run), split), one[:rows])
                save(gold_file(folder, split), gold[:rows])
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
            {"id": "B1", "gold": "pos", "predicted": "neg", "rows": list(range(len(ids))), "ids": list(ids)}
        ],
    }
    if near is not None:
        spec |= {"round_model": {"name": "m", "key": "k", "temperature": 1.0}, "samples": samples or []}
        save(folder / ROUND_MODEL, baseline[0])
        save(folder / NEAREST, np.where(np.arange(len(gold)) < near, 0, FAR))
    write_json(folder / "spec.json", spec)
    if samples:
        write_json(folder / LEARNED, right_samples(folder))
    write_json(folder / "report.json", evaluate(folder))
    return folder


def save(path: Path, array: npt.NDArray[np.generic]) -> None:
    """Write an array."""
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, array)
