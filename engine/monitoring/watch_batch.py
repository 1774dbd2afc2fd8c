"""Watching a batch: its rows are scored, counted near each blind spot, and forgotten; counts are kept.

It is compared with the pool as it was when the model was made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone

import numpy as np

from engine.arrays import Bools
from engine.discovery.calibration import Scores, gold_of, score
from engine.discovery.nearest_spot import FAR
from engine.discovery.pool_scoring import score_pool
from engine.ids import checked_id
from engine.model.model_registry import current_model, predictions
from engine.monitoring.read_batch import BatchRows, rows_then
from engine.monitoring.watch_status import status_after
from engine.monitoring.watched_batches import (
    LabelCounts,
    NearSpot,
    Predicted,
    WatchedBatch,
    WatchWord,
    keep_watched,
)
from engine.progress import Monitor
from engine.project import Project
from engine.proof.metrics import IntArray
from engine.proof.proof_spec import SPEC, read_spec
from engine.proof.spot_assignment import nearest_blind_spots
from engine.regression.frozen_spots import suite_of_closed
from engine.schema import Example, LabelledText
from engine.tau import refuse_new_tau

_NOWHERE = -2  # place of a blind spot whose rows are gone: no row is near it; `FAR` is another


def watch_batch(project: Project, batch: BatchRows, *, monitor: Monitor) -> WatchedBatch:
    """Score and count a batch, judge it with those before it, and keep its counts.

    Args:
        project: gives model, pool, blind spots, audits and settings.
        batch: its rows.
        monitor: told of the stages.

    Raises:
        ModelError: model or encoder cannot be used.
        SettingsError: tau is not that of the first proof.
        DataError, FileError, StoreError, ProjectError: as `keep_watched` and `status_after`.
        Stopped: from the monitor; nothing of the batch is kept then but its scores.
    """
    refuse_new_tau(project)
    settings = project.settings.discovery
    model = current_model(project, monitor=monitor)
    before = score_pool(project, model, then=rows_then(project)["pool"], monitor=monitor)
    logits = batch.logits
    if logits is None:
        logits = predictions(project, model, batch.rows, split_key="watched", monitor=monitor)
    scores = score(logits, gold_of(batch.rows, project.labels), temperature=before.applied)
    confident = scores.confidence >= settings.tau
    spots, elsewhere = _near_spots(project, batch.rows, before.rows, scores, monitor)
    found = WatchedBatch(
        name=batch.name,
        watched=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        rows_key=batch.key,
        model=model.key,
        round=project.round,
        tau=settings.tau,
        calibrated=settings.apply_temperature,
        predicted=_predicted(scores, project),
        pool=_predicted(before.scores, project),
        known=batch.known,
        left_out=batch.left_out,
        all_rows=_counts(scores, np.ones(len(batch.rows), dtype=np.bool_)),
        confident=_counts(scores, confident),
        spots=tuple(spots),
        elsewhere=elsewhere,
    )

    def judge(there: Sequence[WatchedBatch]) -> tuple[WatchWord, tuple[str, ...]]:
        status = status_after(project, there, found)
        return status.status, status.reasons

    return keep_watched(project, found, judge)


def _predicted(scores: Scores, project: Project) -> Predicted:
    counts = np.bincount(scores.predicted, minlength=len(project.labels)).tolist()
    confident = int((scores.confidence >= project.settings.discovery.tau).sum())
    return Predicted(len(scores.predicted), confident, dict(zip(project.labels, counts, strict=True)))


def _counts(scores: Scores, inside: Bools) -> LabelCounts:
    wrong, right = (int((inside & mask).sum()) for mask in (scores.wrong, scores.right))
    return LabelCounts(wrong + right, wrong)


@dataclass(frozen=True)
class _FoundTogether:
    """Blind spots that were found together, among which a row is near one at most.

    Attributes:
        key: of the discovery, or id of the proof. rows: of each, by its id. counted: ids of those that are counted.
    """

    key: str
    rows: Mapping[str, Sequence[LabelledText]]
    counted: frozenset[str]


def _near_spots(
    project: Project, rows: Sequence[Example], pool: Sequence[Example], scores: Scores, monitor: Monitor
) -> tuple[list[NearSpot], LabelCounts]:
    """Rows near each blind spot, closed ones first; and those near none that the discovery found."""
    spots: list[NearSpot] = []
    near_open: IntArray = np.full(len(rows), FAR, dtype=np.int64)
    closed = frozenset(spot.id for spot in suite_of_closed(project))
    found, judged = _open(project, closed), _closed(project, monitor)
    for group in (*judged, *([found] if found else [])):
        own = list(group.rows.values())
        near = nearest_blind_spots(project, own, rows, monitor=monitor)
        in_pool = nearest_blind_spots(project, own, pool, scan=True, monitor=monitor)
        places = {name: place for place, name in enumerate(group.rows)}
        for name in sorted(group.counted, key=lambda name: int(name.removeprefix("B"))):
            place = places.get(name, _NOWHERE)
            inside, of_pool = near == place, int((in_pool == place).sum())
            counts = _counts(scores, inside)
            spots.append(NearSpot(name, name in closed, group.key, int(inside.sum()), of_pool, counts))
        near_open = near if group is found else near_open
    return spots, _counts(scores, near_open == FAR)


def _closed(project: Project, monitor: Monitor) -> list[_FoundTogether]:
    """The blind spots of each proof that closed some: rows are near them as they were there."""
    frozen, found = suite_of_closed(project), []
    for proof in dict.fromkeys(spot.proof for spot in frozen):
        counted = frozenset(spot.id for spot in frozen if spot.proof == proof)
        folder = project.proofs_dir / checked_id("proof", proof)
        if not (folder / SPEC).is_file():
            monitor.note(f"proof {proof} is gone, so nothing is said of {', '.join(sorted(counted))}, which it closed")
            found.append(_FoundTogether(proof, {}, counted))
            continue
        spec = read_spec(folder)
        there = project.rows("pool", {row for spot in spec.blind_spots for row in spot.ids})
        rows = {spot.id: [there[row] for row in spot.ids if row in there] for spot in spec.blind_spots}
        found.append(_FoundTogether(proof, {name: own for name, own in rows.items() if own}, counted))
    return found


def _open(project: Project, closed: frozenset[str]) -> _FoundTogether | None:
    """Those of the latest discovery; None before the first."""
    for number in range(project.round, 0, -1):
        if found := project.discovery(number):
            rows = {spot.id: [found.predictions[row] for row in spot.rows] for spot in found.blind_spots}
            return _FoundTogether(found.key, rows, frozenset(rows) - closed)
    return None
