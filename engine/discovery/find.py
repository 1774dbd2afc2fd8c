"""The work of a discovery: from scores of the pool to named blind spots. Row order of files changes nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from engine.discovery.clusters import SCATTERED, closeness, cluster_cell
from engine.discovery.confidence import Scores, fit_temperature, score
from engine.discovery.keywords import distinctive_words
from engine.discovery.matching import match_ids
from engine.discovery.neighbours import nearest
from engine.discovery.projection import project as lay_out
from engine.model.library import ModelRef, embeddings, predictions
from engine.progress import Monitor
from engine.project import Project
from engine.schema import BlindSpot, Discovery, Example, Prediction

NEIGHBOURS = 3
DIGITS = 6  # of probabilities and coordinates in the file

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.intp]


def find(project: Project, model: ModelRef, *, key: str, number: int, previous: Discovery | None,
         monitor: Monitor) -> Discovery:  # fmt: skip
    """Score the pool, group its UUs and name the groups.

    Args:
        project: gives pool, dev and settings.
        model: the classifier to look at.
        key: content key of the result.
        number: the round.
        previous: the discovery whose ids go on.
        monitor: told of the stages score, embed, cluster and map.

    Raises:
        ModelError: model or encoder cannot be used.
        Cancelled: from the monitor.
    """
    settings = project.settings.discovery
    pool = sorted(project.examples("pool"), key=lambda row: (row.text, row.text_pair or "", row.id))
    gold = _gold(pool, project.labels)
    logits = predictions(project, model, pool, split_key="pool", monitor=monitor)
    temperature = _temperature(project, model, monitor)
    applied = settings.apply_temperature and temperature is not None
    scores = score(logits, gold, temperature=temperature if applied and temperature else 1.0)
    uus = np.flatnonzero(scores.uus(settings.tau))
    calibrated = None
    if temperature is not None:
        calibrated = int(score(logits, gold, temperature=temperature).uus(settings.tau).sum())
    vectors = _vectors(project, pool, monitor) if len(uus) else np.zeros((len(pool), 1), dtype=np.float32)
    with threadpool_limits(1):  # nothing here gains by threads; with the other core busy, two make t-SNE 5-10 times slower
        groups = _groups(scores, uus, vectors, project.labels, settings.min_size, settings.seed, monitor)
        monitor.step("map", 0, 1)
        places = lay_out(vectors[uus], seed=settings.seed)
    ...
