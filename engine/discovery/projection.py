"""Two-dimensional projection (t-SNE) of the UUs for the map."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

from engine.arrays import Floats
from engine.discovery.sampling import blocks, sample

# Below, t-SNE has too few neighbours to arrange; above, it takes too long (3 s at 2,000 rows on two threads).
FEWEST, MOST = 12, 5_000
# Of ten nearest neighbours of 2,000 rows these keep .269 in 2.8 s; perplexity 30, angle 0.5 and 500 iterations .271 in
# 5.4 s, 1,000 iterations no more, 250 iterations .25 in 1.8 s.
PERPLEXITY, ANGLE, ITERATIONS = 15.0, 0.8, 400
DUST = 1e-6  # spread that rounding alone makes of equal rows


def project(embeddings: Floats, *, seed: int) -> npt.NDArray[np.float64]:
    """Lay rows out in two dimensions.

    t-SNE (van der Maaten & Hinton 2008) started from PCA keeps 27 % (2,000 rows) to 35 % (fewer) of ten nearest
    neighbours; PCA alone, for few or very many rows, 3-11 %. The same rows in the same order and the same seed give
    the same map.

    Args:
        embeddings: (n, d); of very many the axes are those of a sample (`engine.discovery.sampling`).
        seed: of t-SNE, and of the sample.

    Returns:
        (n, 2), each column stretched to 0..1; 0.5 where it says nothing.
    """
    every = np.arange(len(embeddings))
    wide = embeddings[sample(every, seed)].astype(np.float64)
    if len(wide) < 2 or np.ptp(wide, axis=0).max() < DUST:  # one place, and nothing to arrange
        return np.full((len(embeddings), 2), 0.5)
    axes = PCA(n_components=min(2, *wide.shape), svd_solver="covariance_eigh")
    flat = axes.fit_transform(wide)
    if len(wide) < len(embeddings):
        flat = np.concatenate([axes.transform(embeddings[rows].astype(np.float64)) for _, rows in blocks(every)])
    flat = np.pad(flat, ((0, 0), (0, 2 - flat.shape[1])))
    if FEWEST <= len(wide) <= MOST:
        start = flat / flat[:, 0].std() * 1e-4  # the scale that t-SNE's own PCA start has
        perplexity = min(PERPLEXITY, (len(wide) - 1) / 3)
        layout = TSNE(perplexity=perplexity, init=start, angle=ANGLE, max_iter=ITERATIONS, random_state=seed)
        flat = layout.fit_transform(wide)
    return _stretched(flat)


def _stretched(flat: Floats) -> npt.NDArray[np.float64]:
    low, high = flat.min(axis=0), flat.max(axis=0)
    spread = high - low
    empty = spread < DUST
    return np.where(empty, 0.5, (flat - low) / np.where(empty, 1.0, spread))
