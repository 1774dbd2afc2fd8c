"""From a pool to the candidates of a hunt: scores, embeddings, groups of like texts."""

from __future__ import annotations

import numpy as np
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA

from engine.arrays import Floats, Ints
from engine.discovery.pool_scoring import score_pool
from engine.errors import ProjectError
from engine.files import content_key
from engine.hunt.candidates import GROUPS, Candidates, keep_candidates, read_candidates
from engine.label_queue.scored_rows import ScoredRows
from engine.model.model_registry import current_model, embeddings, encoder_weights
from engine.progress import Monitor
from engine.project import Project

# Raised whenever the same pool and model would give other candidates.
CANDIDATES = 1

MOST = 50_000
"""Rows that are chosen among; of more, as many at random: a hunt asks for some hundred."""
DIMENSIONS = 32
"""Of the vectors: principal components of the embeddings. With 128 or all of them a hundred labels teach less."""
_ROWS_PER_GROUP = 20


def find_candidates(project: Project, *, monitor: Monitor) -> Candidates:
    """Score and embed the pool, and keep what a hunt needs of its confident rows.

    Args:
        project: gives pool, model, tau and temperature.
        monitor: told of the stages.

    Raises:
        ProjectError: the model is confident on no row.
        ModelError: model or encoder cannot be used.
        Stopped: from the monitor; scores and embeddings computed so far are kept.
    """
    model = current_model(project, monitor=monitor)
    settings = project.settings.discovery
    scored = score_pool(project, model, monitor=monitor)
    key = content_key(
        "candidates",
        CANDIDATES,
        model.key,
        project.labels,
        project.manifest.splits["pool"].sha256,
        encoder_weights(project, monitor=monitor).key,
        project.settings.model.max_length,
        settings.tau,
        scored.applied,
        settings.seed,
    )
    if there := read_candidates(project.root, key):
        return there
    sure = np.flatnonzero(scored.scores.confidence >= settings.tau)
    if not len(sure):
        raise ProjectError(
            f"the model is confident (tau {settings.tau:g}) on no pool row, so no row can be a UU",
            where=str(project.root),
            hint="lower `discovery.tau` in blindspot.toml, or add rows to the pool",
        )
    if len(sure) > MOST:
        monitor.note(f"{len(sure):,} rows are confident; the hunt is for {MOST:,} of them, drawn at random")
        sure = np.sort(np.random.default_rng(settings.seed).choice(sure, MOST, replace=False))
    around = embeddings(project, scored.rows, scan=True, monitor=monitor)
    monitor.step("groups", 0, 1)
    vectors = _shortened(np.asarray(around[sure]), settings.seed)
    groups = _grouped(vectors, settings.seed)
    monitor.step("groups", 1, 1)
    rows = ScoredRows(
        key=key,
        model=model.key,
        round=project.round,
        tau=settings.tau,
        labels=project.labels,
        ids=tuple(scored.rows.ids[row] for row in sure),
        predicted=tuple(project.labels[scored.scores.predicted[row]] for row in sure),
    )
    array = np.column_stack([scored.scores.confidence[sure], groups, vectors]).astype(np.float32)
    keep_candidates(project.root, rows, array)
    return Candidates.of(rows, array)


def _shortened(vectors: Floats, seed: int) -> Floats:
    """(n, d) principal components of (n, width) vectors, scaled so that they are 1 long at the mean."""
    most = min(DIMENSIONS, *vectors.shape)
    short = PCA(most, svd_solver="randomized", random_state=seed).fit_transform(vectors.astype(np.float64))
    length = float(np.sqrt((short**2).sum(axis=1)).mean())
    return np.asarray(short / (length or 1.0), dtype=np.float32)


def _grouped(vectors: Floats, seed: int) -> Ints:
    """(n,) number of each row's group, by k-means."""
    count = min(GROUPS, max(1, len(vectors) // _ROWS_PER_GROUP), len(np.unique(vectors, axis=0)))
    found: Ints = KMeans(count, n_init=3, random_state=seed).fit_predict(vectors).astype(np.intp)
    return found
