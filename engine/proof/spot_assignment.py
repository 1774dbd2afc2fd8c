"""Which blind spot a row outside it is near, by its embedding."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.discovery.nearest_spot import FAR, nearest_spot
from engine.model.model_registry import embeddings
from engine.progress import Monitor
from engine.project import Project
from engine.proof.metrics import IntArray
from engine.schema import Example, LabelledText


def nearest_blind_spots(
    project: Project,
    spots: Sequence[Sequence[LabelledText]],
    rows: Sequence[Example],
    *,
    scan: bool = False,
    monitor: Monitor,
) -> IntArray:
    """For each row the place of its nearest blind spot, or `FAR`; (n,) (`engine.discovery.nearest_spot`).

    Args:
        project: names the encoder.
        spots: the rows of each blind spot.
        rows: that were not found with them.
        scan: bf16 will do for ``rows``, as in `engine.model.model_registry.embeddings`.
        monitor: told of texts embedded.

    Raises:
        ModelError: the encoder cannot be loaded.
        Stopped: from the monitor.
    """
    if not spots:
        return np.full(len(rows), FAR, dtype=np.int64)
    own = [Example.of(row) for spot in spots for row in spot]
    vectors = embeddings(project, own, monitor=monitor)
    parts = np.split(vectors, np.cumsum([len(spot) for spot in spots])[:-1])
    found = nearest_spot(parts, embeddings(project, rows, scan=scan, monitor=monitor))
    result: IntArray = found.astype(np.int64)
    return result
