"""What is fitted on a sample where there are very many rows, so that neither time nor memory grows faster than they do.

Up to `ENOUGH` rows nothing is drawn, and every method sees all of them.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from engine.arrays import Floats, Ints

ENOUGH = 20_000
"""Rows that a method is fitted on at most: 31 MB of embeddings with 384 dimensions."""
BLOCK = 16_384  # rows that are looked at together


def sample(rows: Ints, seed: int) -> Ints:
    """`ENOUGH` of the rows, drawn without replacement and in their order; all where there are no more."""
    if len(rows) <= ENOUGH:
        return rows
    return rows[np.sort(np.random.default_rng(seed).choice(len(rows), ENOUGH, replace=False))]


def blocks(rows: Ints) -> Iterator[tuple[slice, Ints]]:
    """The rows a few thousand at a time, each time with where they stand among them."""
    for first in range(0, len(rows), BLOCK):
        part = slice(first, first + BLOCK)
        yield part, rows[part]


def nearest_centre(embeddings: Floats, rows: Ints, centres: Floats) -> Ints:
    """For each row the number of the centre that is nearest to it by Euclidean distance, of equals the first; (r,).

    Args:
        embeddings: (n, d); may lie on disk.
        rows: (r,) places among them.
        centres: (k, d).
    """
    found = np.empty(len(rows), dtype=np.intp)
    half = (centres.astype(np.float64) ** 2).sum(axis=1).astype(centres.dtype) / 2
    for part, some in blocks(rows):
        found[part] = (embeddings[some] @ centres.T - half).argmax(axis=1)
    return found
