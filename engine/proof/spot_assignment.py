"""Which blind spot a row outside it is near: the one whose centre has the highest cosine, if it is near enough."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.model.model_registry import embeddings
from engine.progress import Monitor
from engine.project import Project
from engine.proof.metrics import IntArray
from engine.proof.report_details import FAR
from engine.schema import Example, Labelled

# Share of a blind spot's own rows that lie farther from its centre than a row that still counts as near.
_TAIL = 0.1


def nearest_blind_spots(
    project: Project,
    spots: Sequence[Sequence[Labelled]],
    rows: Sequence[Example],
    *,
    scan: bool = False,
    monitor: Monitor,
) -> IntArray:
    """For each row the place of its nearest blind spot, or `FAR`; (n,).

    A row is near if it lies closer to the centre than the farthest tenth of the blind spot's own rows. Labels play no
    part: rows beside a blind spot that should stay right are near it too.

    Args:
        project: names the encoder.
        spots: the rows of each blind spot.
        rows: that were not found with them.
        scan: bf16 will do for ``rows``, as in `engine.model.model_registry.embeddings`.
        monitor: told of texts embedded.

    Raises:
        ModelError: the encoder cannot be loaded.
        Cancelled: from the monitor.
    """
    if not spots:
        return np.full(len(rows), FAR, dtype=np.int64)
    own = [Example.of(row) for spot in spots for row in spot]
    vectors = embeddings(project, own, monitor=monitor)
    parts = np.split(vectors, np.cumsum([len(spot) for spot in spots])[:-1])
    centres = np.stack([part.mean(axis=0) / np.linalg.norm(part.mean(axis=0)) for part in parts])
    radii = np.array([np.quantile(part @ centre, _TAIL) for part, centre in zip(parts, centres, strict=True)])
    cosines = embeddings(project, rows, scan=scan, monitor=monitor) @ centres.T
    best = cosines.argmax(axis=1)
    near = cosines[np.arange(len(rows)), best] >= radii[best]
    result: IntArray = np.where(near, best, FAR).astype(np.int64)
    return result
