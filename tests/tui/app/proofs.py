"""Finished proofs without a model: logits made so that their verdict is known, judged by the real evaluator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from engine.files import write_json
from engine.proof.evaluate import evaluate, gold_file, logits_file
from engine.proof.proof_spec import SpecRun
from tests.engine.proof.synthetic import gold_labels, model

TAU = 0.9
ARMS: dict[tuple[str, str], dict[str, float]] = {
    ("baseline", "scratch"): {},
    ("human", "scratch"): {"skill": 2.0},  # better at every threshold
    ("llm", "scratch"): {"skill": 0.2},  # wrong more often
    ("example", "continue"): {"noise": 0.6, "skill": 0.4},  # as good, less sure
}
VERDICTS = {("human", "scratch"): "proven", ("llm", "scratch"): "worse", ("example", "continue"): "less confident only"}


def write_proof(
    root: Path,
    name: str = "aaaa1111",
    *,
    created: str = "2026-11-20T10:00:00+00:00",
    arms: dict[tuple[str, str], dict[str, float]] = ARMS,
) -> dict[str, Any]:
    """Store a proof with these arms (and the baseline) and return its report."""
    folder, seeds, runs = root / "proofs" / name, (13, 14), []
    folder.mkdir(parents=True)
    gold = gold_labels(400)
    for (arm, recipe), how in ({("baseline", "scratch"): {}} | arms).items():
        for seed in seeds:
            model_dir = root / "models" / f"{arm}-{recipe}-{seed}"
            model_dir.mkdir(parents=True, exist_ok=True)
            reference = {"name": model_dir.name, "path": f"models/{model_dir.name}", "key": "k"}
            run = {
                "arm": arm,
                "recipe": recipe,
                "seed": seed,
                "n_added": 0 if arm == "baseline" else 24,
                "n_rows": 100,
                "model": reference,
                "temperature": 1.0,
            }
            runs.append(run)
            for split in ("proof", "test"):
                np.save(logits_file(folder, SpecRun.from_json(run), split), model(gold, seed=seed, **how))
    for split in ("proof", "test"):
        np.save(gold_file(folder, split), gold)
    write_json(
        folder / "spec.json",
        {
            "id": name,
            "created": created,
            "seconds": 12.5,
            "round": 1,
            "labels": ["negative", "positive"],
            "tau": TAU,
            "margin": 0.01,
            "interval": 0.95,
            "bootstrap": 300,
            "rows": {"proof": 400, "test": 400},
            "seeds": list(seeds),
            "runs": runs,
            "blind_spots": [],
        },
    )
    report = evaluate(folder)
    write_json(folder / "report.json", report)
    return report
