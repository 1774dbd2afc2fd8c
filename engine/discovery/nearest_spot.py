"""Which blind spot a row is near: the one whose centre has the highest cosine, if it is near enough.

One rule for the pool, where errors are set against confidence, and for proof rows (`engine.proof.spot_assignment`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

FAR = -1
"""The place of the nearest blind spot of a row that is near none."""

_TAIL = 0.1  # share of a blind spot's own rows that lie farther from its centre than a row that counts as near

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.intp]


def nearest_spot(own: Sequence[Floats], rows: Floats) -> Ints:
    """For each row the place of the blind spot whose centre is nearest by cosine, or `FAR`; (n,).

    A row is near if it lies closer to that centre than the farthest tenth of the blind spot's own rows. Labels play no
    part: rows beside a blind spot that should stay right are near it too.

    Args:
        own: for each blind spot the embeddings of its rows, (m, d), of length 1.
        rows: embeddings of the rows, (n, d), of length 1.
    """
    if not own:
        return np.full(len(rows), FAR, dtype=np.intp)
    centres = np.stack([part.mean(axis=0) / np.linalg.norm(part.mean(axis=0)) for part in own])
    radii = np.array([np.quantile(part @ centre, _TAIL) for part, centre in zip(own, centres, strict=True)])
    cosines = rows @ centres.T
    best = cosines.argmax(axis=1)
    near = cosines[np.arange(len(rows)), best] >= radii[best]
    return np.where(near, best, FAR).astype(np.intp)
