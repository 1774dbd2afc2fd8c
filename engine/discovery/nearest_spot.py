"""Which blind spot a row is near: the one whose centre has the highest cosine, if it is near enough.

One rule for the pool, where errors are set against confidence, and for proof rows (`engine.proof.spot_assignment`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from engine.arrays import Floats, Ints

FAR = -1
"""The place of the nearest blind spot of a row that is near none."""

_TAIL = 0.1  # share of a blind spot's own rows that lie farther from its centre than a row that counts as near


@dataclass(frozen=True, slots=True)
class Reach:
    """How far blind spots reach.

    Attributes:
        centres: (s, d) of length 1. radii: (s,) cosine to the centre from which on a row counts as near.
    """

    centres: Floats
    radii: Floats

    @classmethod
    def of(cls, own: Iterable[Floats]) -> Reach:
        """From the embeddings of each one's rows, (m, d), of length 1; there is at least one blind spot."""
        found = []
        for part in own:
            centre = part.mean(axis=0) / np.linalg.norm(part.mean(axis=0))
            found.append((centre, np.quantile(part @ centre, _TAIL)))
        centres, radii = zip(*found, strict=True)
        return cls(np.stack(centres), np.array(radii))

    def nearest(self, rows: Floats) -> Ints:
        """As `nearest_spot`, of rows (n, d)."""
        cosines = rows @ self.centres.T
        best = cosines.argmax(axis=1)
        near = cosines[np.arange(len(rows)), best] >= self.radii[best]
        return np.where(near, best, FAR).astype(np.intp)


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
    return Reach.of(own).nearest(rows)
