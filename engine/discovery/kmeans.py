"""K-means with k by silhouette: what most toolkits do, to compare with. Clusters are round; hardly a row is scattered.

How it does beside average linkage is measured in `average_linkage.py`. A cell of twice the smallest group or more has
two groups at least: a silhouette is not defined for one. Source of k: Rousseeuw 1987,
Silhouettes, J. Comput. Appl. Math. 20.
"""

from __future__ import annotations

import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score

from engine.arrays import Floats, Ints
from engine.discovery.clusters import numbered, readable
from engine.discovery.coarse_parts import coarse_parts
from engine.discovery.sampling import ENOUGH

TRIED = 16  # numbers of groups, further apart the larger they are
PART_ROWS = 2_500  # of a cell that is divided first
JUDGED_ROWS = 2_000  # of a cell or part, for the silhouette, which looks at every pair


def cluster_cell(embeddings: Floats, *, min_size: int, seed: int) -> Ints:
    """Cluster the UUs of one confusion cell: an `engine.discovery.clusters.Clusterer`. Smaller ones are scattered.

    More than `ENOUGH` rows are divided first (`coarse_parts`).
    """
    count = len(embeddings)
    smallest, largest = readable(count, min_size)
    every = np.arange(count)
    parts = [every] if count <= ENOUGH else coarse_parts(embeddings, every, PART_ROWS, seed)
    groups = [part[rows] for part in parts for rows in _groups(embeddings[part], smallest, largest, seed)]
    return numbered([rows for rows in groups if len(rows) >= min_size], count)


def _groups(embeddings: Floats, smallest: int, largest: int, seed: int) -> list[Ints]:
    """The rows of each group of a part, with the number of groups that its silhouette likes best."""
    count = len(embeddings)
    most = min(count // smallest, len(np.unique(embeddings, axis=0)))
    least = min(max(2, -(-count // largest)), most)
    judged = np.random.default_rng(seed).permutation(count)[:JUDGED_ROWS]
    found, best = np.zeros(count, dtype=np.intp), -1.0
    for groups in np.unique(np.geomspace(least, most, TRIED).astype(int)) if most >= 2 else ():
        labels = KMeans(int(groups), n_init=3, random_state=seed).fit_predict(embeddings)
        if len(np.unique(labels[judged])) < 2:
            continue
        apart = silhouette_score(embeddings[judged], labels[judged], metric="cosine")
        if apart > best:
            found, best = labels.astype(np.intp), apart
    return [np.flatnonzero(found == number) for number in range(found.max(initial=-1) + 1)]
