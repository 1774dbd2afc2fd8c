"""Finished proofs without a model: logits made so that their verdict is known, judged by the real evaluator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.files import read_json
from tests.builders.proof import lay_out_proof
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
    """Store a proof with these arms (and the baseline) and two seeds, and return its report."""
    gold = gold_labels(400)
    models = {
        group: [model(gold, seed=seed, **how) for seed in (13, 14)]
        for group, how in ({("baseline", "scratch"): {}} | arms).items()
    }
    folder = lay_out_proof(
        root, models, {"proof": gold, "test": gold}, proof_id=name, created=created, tau=TAU, bootstrap=300
    )
    report: dict[str, Any] = read_json(folder / "report.json")
    return report
