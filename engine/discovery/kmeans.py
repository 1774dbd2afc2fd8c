"""K-means with k by silhouette: what most toolkits do, to compare with. Clusters are round; hardly a row is scattered.

How it does beside average linkage is measured in `average_linkage.py`. A cell of twice the smallest group or more has
two groups at least: a silhouette is not defined for one. Source of k: Rousseeuw 1987,
Silhouettes, J. Comput. Appl. Math. 20.
"""

from __future__ import annotations

import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score

from engine.discovery.clusters import Floats, Ints, numbered, readable

TRIED = 16  # numbers of groups, further apart the larger they are
JUDGED_ROWS = 2_000  # of a cell, for the silhouette, which looks at every pair


def cluster_cell(embeddings: Floats, *, min_size: int, seed: int) -> Ints:
    """Cluster the UUs of one confusion cell: an `engine.discovery.clusters.Clusterer`. Smaller ones are scattered."""
    count = len(embeddings)
    smallest, largest = readable(count, min_size)
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
    parts = (np.flatnonzero(found == number) for number in range(found.max(initial=-1) + 1))
    return numbered([rows for rows in parts if len(rows) >= min_size], count)
