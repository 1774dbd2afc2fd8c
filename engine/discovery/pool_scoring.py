"""The model's predictions on the pool, cached, in an order that does not depend on the file's; on held-out rows too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.arrays import Ints
from engine.data.pool_rows import refuse_other_labels
from engine.data.split_rows import SplitRows
from engine.discovery.calibration import UNKNOWN, Scores, fit_temperature, gold_of, score
from engine.model.bf16_rescoring import UncertainRows
from engine.model.model_registry import ModelRef, predictions
from engine.model.shared_encoder import score_and_embed
from engine.progress import Monitor
from engine.project import Project
from engine.schema import Example
from engine.shards.score_in_shards import score_in_shards
from engine.shards.shard_plan import ShardPlan
from engine.shards.sharded_work import ShardedWork


@dataclass(frozen=True)
class ScoredPool:
    """The pool rows and what a model says of them.

    Attributes:
        rows: sorted by their texts, with the labels that count; they lie on the disk.
        gold: (n,) label indices, `UNKNOWN` for a row without a label.
        came_labelled: (n,) whether the row came with a label, whatever people said of it since.
        logits: (n, labels) in the project's order; exact only where they decide something (`bf16_rescoring`).
        scores: what follows from the logits.
        temperature: fitted on dev; None without dev.
        applied: what logits were divided by; 1 unless the settings have confidence calibrated.
    """

    rows: SplitRows
    gold: Ints
    came_labelled: npt.NDArray[np.bool_]
    logits: npt.NDArray[np.float32]
    scores: Scores
    temperature: float | None
    applied: float


def score_pool(
    project: Project,
    model: ModelRef,
    *,
    labels: Mapping[str, str] | None = None,
    then: int | None = None,
    monitor: Monitor,
) -> ScoredPool:
    """Score the pool, or find its scores.

    Labels of people change no score: which rows a bf16 scan scores again in fp32 depends on the split's labels alone.
    So a new label needs no further pass over the pool.

    Args:
        project: gives pool, dev and settings.
        model: that is asked.
        labels: of people, by row id (`engine.data.pool_rows`).
        then: how many pool rows there were at the time that is asked for; None: all.
        monitor: told of rows scored.

    Raises:
        ProjectError: a label is not one of the project's.
        ModelError: the model cannot be used.
        Stopped: from the monitor.
    """
    rows, doubt, temperature = _to_score(project, model, then, monitor)
    score_in_shards(project, model, rows, doubt=doubt, monitor=monitor)
    score_and_embed(project, model, rows, split_key="pool", doubt=doubt, monitor=monitor)
    logits = predictions(project, model, rows, split_key="pool", doubt=doubt, monitor=monitor)
    gold: Ints = doubt.gold.astype(np.intp, copy=False)
    if labels:
        refuse_other_labels(project, rows.ids, labels)
        rows = rows.labelled(labels)
        gold = gold_of(rows, project.labels)
    scores = score(logits, gold, temperature=doubt.temperature)
    return ScoredPool(rows, gold, doubt.gold != UNKNOWN, logits, scores, temperature, doubt.temperature)


def plan_pool(project: Project, model: ModelRef, shard_rows: int, *, monitor: Monitor) -> ShardPlan:
    """The shards in which array jobs are to score and embed the pool, planned now unless they are already.

    Args:
        project: gives pool, dev and settings.
        model: that is asked.
        shard_rows: rows of a shard (`engine.shards.sharded_work.ShardedWork.plan`).
        monitor: told of rows written.

    Raises:
        SettingsError: a shard cannot have so many rows.
        ModelError, Stopped: as `score_pool`.
    """
    rows, doubt, _ = _to_score(project, model, None, monitor)
    return ShardedWork(project, model, rows, doubt, monitor).plan(shard_rows, monitor=monitor)


def _to_score(
    project: Project, model: ModelRef, then: int | None, monitor: Monitor
) -> tuple[SplitRows, UncertainRows, float | None]:
    """The pool rows in their order, what their scores are for, and the temperature fitted on dev."""
    settings = project.settings.discovery
    rows = pool_in_order(project, then)
    temperature = temperature_on_dev(project, model, monitor)
    applied = temperature if settings.apply_temperature and temperature else 1.0
    return rows, UncertainRows(gold_of(rows, project.labels), settings.tau, applied), temperature


def score_held_out(project: Project, model: ModelRef, rows: Sequence[Example], *, monitor: Monitor) -> Scores:
    """Score all proof rows, or find their scores; their labels play no part.

    Args:
        project: gives dev and settings.
        model: that is asked.
        rows: the proof rows, in file order.
        monitor: told of rows scored.

    Raises:
        ModelError, Stopped: as `score_pool`.
    """
    logits = predictions(project, model, rows, split_key="proof", monitor=monitor)
    fitted = temperature_on_dev(project, model, monitor) if project.settings.discovery.apply_temperature else None
    return score(logits, np.full(len(rows), UNKNOWN, np.int8), temperature=fitted or 1.0)


def pool_in_order(project: Project, then: int | None = None) -> SplitRows:
    """The pool rows, or the first of them, in an order that depends on what they say alone, with the split's labels."""
    size = project.manifest.splits["pool"].size
    return SplitRows.read(project.split_path("pool"), size, then=then, by_text=True)


def temperature_on_dev(project: Project, model: ModelRef, monitor: Monitor) -> float | None:
    """The temperature that fits the model on dev; None without dev.

    Raises:
        ModelError, Stopped: as `score_pool`.
    """
    if not project.has_split("dev"):
        return None
    dev = project.examples("dev")
    logits = predictions(project, model, dev, split_key="dev", monitor=monitor)
    return fit_temperature(logits, gold_of(dev, project.labels))
