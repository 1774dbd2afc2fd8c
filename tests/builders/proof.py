"""One builder for a finished proof as its files lie on disk, of models that were never trained."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.files import write_json
from engine.proof.arms import BASELINE
from engine.proof.evaluate import SAMPLES, evaluate, gold_file, logits_file, right_samples
from engine.proof.proof_spec import SPEC, SpecRun
from engine.proof.report import LEARNED
from engine.proof.report_types import Group, JudgedModel

_REPORTS: dict[bytes, dict[str, Any]] = {}
"""Reports by the contents of their proofs' files: many tests look at the same proof, and its intervals take 0.4 s."""

Logits = npt.NDArray[np.float32]
Gold = npt.NDArray[np.int64]


def lay_out_proof(
    root: Path,
    models: Mapping[Group, Sequence[Logits]],
    gold: Mapping[str, Gold],
    *,
    proof_id: str = "aaaa1111",
    created: str = "2026-01-02T03:04:05+00:00",
    added: int = 24,
    arrays: Mapping[str, npt.NDArray[Any]] | None = None,
    before_report: Callable[[Path], None] = lambda _: None,
    **more: Any,
) -> Path:
    """Models, predictions, spec and the report that follows from them; returns the proof's folder.

    Args:
        root: the project.
        models: logits of each seed, 13 and up, by arm and recipe; of a shorter split the first rows.
        gold: label indices by split.
        proof_id: names the proof.
        created: ISO time.
        added: samples of every arm but the baseline.
        arrays: further files of the proof, by name.
        before_report: is given the proof's folder when all but its report is there.
        more: any other fields of the spec.
    """
    folder, runs = root / "proofs" / proof_id, []
    for (arm, recipe), per_seed in models.items():
        for seed, logits in enumerate(per_seed, start=13):
            name = f"{arm}-{recipe}-{seed}"
            (root / "models" / name).mkdir(parents=True, exist_ok=True)
            run = SpecRun(
                arm=arm,
                recipe=recipe,
                seed=seed,
                n_added=0 if arm == BASELINE else added,
                n_rows=100,
                model=JudgedModel(name=name, path=f"models/{name}", key=name),
                temperature=1.0,
            )
            runs.append(run)
            for split, rows in gold.items():
                save(logits_file(folder, run, split), logits[: len(rows)])
    for split, rows in gold.items():
        save(gold_file(folder, split), rows)
    for name, array in (arrays or {}).items():
        save(folder / name, array)
    spec: dict[str, Any] = {
        "id": proof_id,
        "created": created,
        "seconds": 12.5,
        "round": 1,
        "labels": ["negative", "positive"],
        "tau": 0.9,
        "margin": 0.01,
        "interval": 0.95,
        "bootstrap": 200,
        "rows": {split: len(gold[split]) if split in gold else None for split in ("proof", "test")},
        "seeds": sorted({run.seed for run in runs}),
        "runs": [run.as_json() for run in runs],
        "blind_spots": [],
    }
    write_json(folder / SPEC, spec | more)
    if SAMPLES in gold:
        write_json(folder / LEARNED, right_samples(folder))
    before_report(folder)
    contents = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(folder.iterdir()))).digest()
    if contents not in _REPORTS:
        _REPORTS[contents] = evaluate(folder)
    write_json(folder / "report.json", _REPORTS[contents])
    return folder


def save(path: Path, array: npt.NDArray[Any]) -> None:
    """Write an array."""
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, array)
