"""Trains the arms and the baseline with every seed, scores held-out rows, and stores what the report follows from.

Finished models and predictions are found again by their content, so an interrupted proof goes on where it was. The
report is written last: a proof folder with a report is whole.
"""

from __future__ import annotations

import io
import platform
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import engine
from engine.data.heldout import LeakGuard, read_proof
from engine.discovery.confidence import fit_temperature
from engine.errors import SettingsError
from engine.files import content_key, write_atomic, write_json
from engine.model.library import ModelRef, current_model, predictions, trained
from engine.model.weights import find_weights
from engine.progress import Monitor
from engine.project import SETTINGS_FILE, Project
from engine.proof.arms import Recipe, Run, choose_arms, plan_runs, training_rows
from engine.proof.evaluate import POOL, evaluate, gold_file, logits_file
from engine.proof.overall import Overall
from engine.proof.report import reports
from engine.schema import Example, Sample
from engine.teaching.records import Records

# What scoring a row costs, in row-passes of training: a third, as there is no backward pass.
_SCORING = 1 / 3
_LIBRARIES = ("torch", "transformers", "numpy", "scikit-learn")

Logits = npt.NDArray[np.float32]


def retrain(
    project: Project,
    *,
    arms: Sequence[str] | None = None,
    seeds: Sequence[int] | None = None,
    recipes: Sequence[Recipe] | None = None,
    monitor: Monitor,
) -> Path:
    """Compare arms with the baseline on held-out rows; return the path of the finished report.

    Args:
        project: with at least one sample in its store.
        arms: names of arms; default: every kind of teaching there is (`engine.proof.arms.choose_arms`).
        seeds: default: those of the settings.
        recipes: default: both.
        monitor: steps count over all runs.

    Raises:
        ProjectError: there is nothing to train with, or no such arm, recipe or seed.
        SettingsError: tau differs from that of the first proof.
        Cancelled: from the monitor.
    """
    began = time.monotonic()
    _refuse_new_tau(project)
    records = Records(project.teaching_dir)
    runs = plan_runs(project, choose_arms(_without_leaks(project, records, monitor), arms), seeds=seeds, recipes=recipes)
    splits = _splits(project, records)
    scored = round(_SCORING * sum(len(rows) for rows in splits.values()))
    overall = Overall(monitor, sum(run.rows * run.epochs + scored for run in runs))
    train = project.examples("train")

    finished: list[tuple[dict[str, Any], dict[str, Logits]]] = []
    for number, run in enumerate(runs, 1):
        name = f"{run.arm.name} {run.recipe} seed {run.seed} ({number} of {len(runs)})"
        overall.begin(f"train {name}", run.rows * run.epochs)
        model = _train(project, run, train, overall)
        overall.begin(f"score {name}", scored)
        logits = {split: predictions(project, model, rows, split_key=split, monitor=overall) for split, rows in splits.items()}
        entry = {"arm": run.arm.name, "recipe": run.recipe, "seed": run.seed, "n_added": len(run.arm.samples),
                 "n_rows": run.rows, "model": _reference(project, model),
                 "temperature": _temperature(project, model, overall)}  # fmt: skip
        finished.append((entry, logits))

    overall.begin("judge", 0)
    spec = _spec(project, [entry for entry, _ in finished], splits)
    folder = project.proofs_dir / content_key(spec)[:8]
    for split, rows in splits.items():
        _save(gold_file(folder, split), np.array([project.labels.index(row.label) for row in rows]))
        for entry, logits in finished:
            _save(logits_file(folder, entry, split), logits[split])
    when = {"id": folder.name, "created": datetime.now(timezone.utc).isoformat(), "seconds": round(time.monotonic() - began, 1)}
    write_json(folder / "spec.json", when | spec)
    write_json(folder / "report.json", evaluate(folder))
    return folder / "report.json"
