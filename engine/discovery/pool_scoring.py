"""The model's predictions on the pool, cached, in an order that does not depend on the file's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.discovery.calibration import Scores, fit_temperature, score
from engine.model.bf16_rescoring import UncertainRows
from engine.model.model_registry import ModelRef, predictions
from engine.model.shared_encoder import score_and_embed
from engine.progress import Monitor
from engine.project import Project
from engine.schema import Example

Ints = npt.NDArray[np.intp]


@dataclass(frozen=True)
class ScoredPool:
    """The pool rows and what a model says of them.

    Attributes:
        rows: sorted by their texts.
        gold: (n,) label indices.
        logits: (n, labels) in the project's order; exact only where they decide something (`bf16_rescoring`).
        scores: what follows from the logits.
        temperature: fitted on dev; None without dev.
        applied: what logits were divided by; 1 unless the settings have confidence calibrated.
    """

    rows: list[Example]
    gold: Ints
    logits: npt.NDArray[np.float32]
    scores: Scores
    temperature: float | None
    applied: float


def score_pool(project: Project, model: ModelRef, *, monitor: Monitor) -> ScoredPool:
    """Score the pool, or find its scores.

    Raises:
        ModelError: the model cannot be used.
        Cancelled: from the monitor.
    """
    settings = project.settings.discovery
    rows = sorted(project.examples("pool"), key=lambda row: (row.text, row.text_pair or "", row.id))
    gold = _gold(rows, project.labels)
    temperature = _temperature(project, model, monitor)
    applied = temperature if settings.apply_temperature and temperature else 1.0
    doubt = UncertainRows(gold, settings.tau, applied)
    score_and_embed(project, model, rows, split_key="pool", doubt=doubt, monitor=monitor)
    logits = predictions(project, model, rows, split_key="pool", doubt=doubt, monitor=monitor)
    return ScoredPool(rows, gold, logits, score(logits, gold, temperature=applied), temperature, applied)


def _gold(rows: Sequence[Example], labels: Sequence[str]) -> Ints:
    place = {label: number for number, label in enumerate(labels)}
    return np.array([place[row.label] for row in rows], dtype=np.intp)


def _temperature(project: Project, model: ModelRef, monitor: Monitor) -> float | None:
    if not project.has_split("dev"):
        return None
    dev = project.examples("dev")
    logits = predictions(project, model, dev, split_key="dev", monitor=monitor)
    return fit_temperature(logits, _gold(dev, project.labels))
