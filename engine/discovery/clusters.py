"""What a clustering method for the UUs of one confusion cell takes and returns; the methods: `clusterers.py`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import numpy as np
import numpy.typing as npt

from engine.arrays import Floats, Ints

SCATTERED = -1
READABLE = 25  # rows that a teacher can hold in mind at once


class Clusterer(Protocol):
    """Clusters the UUs of one confusion cell; the same rows in the same order give the same clusters.

    Args:
        embeddings: (n, d), each row of length 1, in an order that does not depend on file order; n may be 0.
        min_size: smallest cluster, >= 2.
        seed: of whatever is random.

    Returns:
        (n,) cluster of each row, 0 .. k-1 from the largest to the smallest, or `SCATTERED`: `numbered` makes it.
    """

    def __call__(self, embeddings: Floats, *, min_size: int, seed: int) -> Ints:
        """Cluster the rows."""


def readable(n: int, min_size: int) -> tuple[int, int]:
    """How many rows the groups of a cell of n rows should have: a smallest part worth a cut, and the largest group.

    Where a cell has thousands of rows, readable groups are too many to read: sqrt(2n) is the mean size of sqrt(n/2)
    groups, and a cut leaves parts of sqrt(n)/3 rows. 450 rows give about 40 groups, 2,000 rows 80, 20,000 rows 300.
    """
    return max(min_size, int(n**0.5 / 3)), max(READABLE, 3 * min_size, int((2 * n) ** 0.5))


def numbered(groups: Iterable[Ints], n: int) -> Ints:
    """The group (n,) of each of n rows, from the rows of each group; rows in none of them are `SCATTERED`."""
    labels = np.full(n, SCATTERED, dtype=np.intp)
    for number, rows in enumerate(sorted(groups, key=lambda rows: (-len(rows), rows.min()))):
        labels[rows] = number
    return labels


def closeness(embeddings: Floats) -> npt.NDArray[np.float64]:
    """Cosine (n,) of each row of a group (n, d) to the group's centre; its mean is the group's coherence."""
    centre = embeddings.mean(axis=0, dtype=np.float64)
    length = np.linalg.norm(centre)
    return np.asarray(embeddings @ (centre / length) if length > 0 else np.zeros(len(embeddings)), dtype=np.float64)
