"""A cell of very many rows in parts that a clustering method can hold: k-means, on a sample of the rows if need be."""

from __future__ import annotations

import numpy as np
from sklearn.cluster import MiniBatchKMeans

from engine.arrays import Floats, Ints
from engine.discovery.sampling import ENOUGH, nearest_centre, sample

# Centres of one cut of a sample, some 300 rows each; what is still too large is cut again.
_MOST_CENTRES = 64


def coarse_parts(embeddings: Floats, rows: Ints, most: int, seed: int) -> list[Ints]:
    """Parts of at most ``most`` rows, or of rows that k-means cannot tell apart.

    Up to `ENOUGH` rows k-means sees all of them; of more it sees a sample, and each row goes to the nearest centre.

    Args:
        embeddings: (n, d).
        rows: places among them of the rows to part.
        most: rows of a part.
        seed: of k-means and of the sample: the same rows in the same order give the same parts.
    """
    if len(rows) <= most:
        return [rows]
    parts = -(-len(rows) // (most // 2))
    if len(rows) <= ENOUGH:
        found = MiniBatchKMeans(parts, n_init=3, random_state=seed).fit_predict(embeddings[rows])
    else:
        means = MiniBatchKMeans(min(parts, _MOST_CENTRES), n_init=3, random_state=seed)
        found = nearest_centre(embeddings, rows, means.fit(embeddings[sample(rows, seed)]).cluster_centers_)
    numbers = np.unique(found)
    if len(numbers) == 1:
        return [rows[start : start + most] for start in range(0, len(rows), most)]
    return [part for number in numbers for part in coarse_parts(embeddings, rows[found == number], most, seed)]
