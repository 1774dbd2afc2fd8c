"""The rows nearest to a UU that the model gets right: what it can already do, close to where it fails."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]
BLOCK = 512  # queries at once: 200 MB of cosines against 100,000 rows


def nearest(queries: Floats, candidates: Floats, count: int) -> npt.NDArray[np.intp]:
    """Find nearest rows by exact cosine search.

    Args:
        queries: (q, d), rows of length 1.
        candidates: (c, d), rows of length 1.
        count: how many for each query, fewer if there are fewer candidates.

    Returns:
        (q, min(count, c)) positions among the candidates, nearest first; of equals the first.
    """
    count = min(count, len(candidates))
    found = np.empty((len(queries), count), dtype=np.intp)
    for start in range(0, len(queries), BLOCK):
        cosines = queries[start : start + BLOCK] @ candidates.T
        rows = np.arange(len(cosines))
        for place in range(count):
            best = cosines.argmax(axis=1)
            found[start : start + BLOCK, place] = best
            cosines[rows, best] = -np.inf
    return found
