"""Nearest rows: of each UU among the rows that the model gets right, and of several texts together."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from sklearn.cluster import MiniBatchKMeans

from engine.arrays import Floats, Ints
from engine.discovery.sampling import blocks, nearest_centre, sample

BLOCK = 512  # queries at once
CANDIDATES = 16_384  # compared with them at once: 34 MB of cosines, whatever the pool's size
MOST_PAIRS = 1_000_000_000  # compared exactly: 10,000 UUs among 100,000 rows
PART = 2_000  # candidates of a part, about
PROBED = 8


def nearest(embeddings: Floats, queries: Ints, candidates: Ints, count: int, *, seed: int) -> Ints:
    """Find nearest rows by cosine: exactly, up to `MOST_PAIRS` of them; of more only among the candidates nearby.

    Then k-means parts the candidates, and each query is compared with all of the `PROBED` parts whose centres are
    nearest to it (an inverted file: Sivic & Zisserman 2003, "Video Google"), so that time grows as the queries do.

    Args:
        embeddings: (n, d), rows of length 1; may lie on disk.
        queries: (q,) rows to find neighbours of.
        candidates: (c,) rows to find them among.
        count: how many for each query, fewer if there are fewer candidates.
        seed: of k-means.

    Returns:
        (q, min(count, c)) rows among the candidates, nearest first; of equals the first.
    """
    best = _Best(len(queries), min(count, len(candidates)))
    if len(queries) * len(candidates) > MOST_PAIRS:
        for asked, among in _nearby(embeddings, queries, candidates, seed):
            best.look(embeddings, queries, asked, among)
    best.look(embeddings, queries, best.begin_again(), candidates)
    return best.found


class _Best:
    """The nearest rows of each query so far: (q, count) ``found``, nearest first."""

    def __init__(self, queries: int, count: int) -> None:
        self.found: Ints = np.zeros((queries, count), dtype=np.intp)
        self._near: Floats = np.full((queries, count), -np.inf, dtype=np.float32)

    def begin_again(self) -> Ints:
        """The places of the queries for which fewer are found than are asked for; what is found is forgotten."""
        lacking = np.flatnonzero(np.isneginf(self._near).any(axis=1))
        self._near[lacking] = -np.inf
        return lacking

    def look(self, embeddings: Floats, queries: Ints, asked: Ints, among: Ints) -> None:
        """Look for those of the queries that are ``asked`` (their places) among some candidates."""
        for first in range(0, len(among), CANDIDATES):
            block = among[first : first + CANDIDATES]
            theirs = embeddings[block]
            for start in range(0, len(asked), BLOCK):
                part = asked[start : start + BLOCK]
                cosines = embeddings[queries[part]] @ theirs.T
                lines = np.arange(len(cosines))
                found, near = self.found[part], self._near[part]
                for _ in range(min(found.shape[1], len(block))):
                    best = cosines.argmax(axis=1)
                    _insert(found, near, block[best], cosines[lines, best])
                    cosines[lines, best] = -np.inf
                self.found[part], self._near[part] = found, near


def _nearby(embeddings: Floats, queries: Ints, candidates: Ints, seed: int) -> Iterator[tuple[Ints, Ints]]:
    """Each part of the candidates, with the places of the queries that are near it."""
    some = embeddings[sample(candidates, seed)]
    means = MiniBatchKMeans(min(-(-len(candidates) // PART), len(some)), n_init=1, random_state=seed)
    centres = means.fit(some).cluster_centers_
    part_of = nearest_centre(embeddings, candidates, centres)
    probed = min(PROBED, len(centres))
    near = np.empty((len(queries), probed), dtype=np.int32)
    for part, rows in blocks(queries):
        cosines = embeddings[rows] @ centres.T
        near[part] = np.argpartition(-cosines, probed - 1, axis=1)[:, :probed]
    order = np.argsort(part_of, kind="stable")
    bounds = np.searchsorted(part_of[order], np.arange(len(centres) + 1))
    for number, (first, last) in enumerate(pairwise(bounds.tolist())):
        yield np.flatnonzero((near == number).any(axis=1)), candidates[order[first:last]]


def nearest_to_all(embeddings: Floats, queries: Floats, candidates: Ints, count: int) -> tuple[Ints, Floats]:
    """Find the rows that are most like several texts taken together.

    The similarity is the mean cosine to the queries, less the mean cosine to all rows: without that, rows that are near
    everything come first (centring: Suzuki et al. 2013, "Centering similarity measures to reduce hubs"). On the bundled
    project, for 31 patterns by their targets and the UUs that teachers see, 20 (50) found rows held .20 (.18) further
    UUs of the confusion cell where a random row is one with .10; without centring .18 (.13), by the nearest single
    query .09 (.10), by the pattern's text alone .10 (.11).

    Args:
        embeddings: (n, d), rows of length 1; may lie on disk.
        queries: (q, d), rows of length 1, at least one.
        candidates: (c,) rows to find them among.
        count: how many, fewer if there are fewer candidates.

    Returns:
        (min(count, c),) rows among the candidates, most similar first, of equals the first, and their similarities.
    """
    starts = range(0, len(embeddings), CANDIDATES)
    middle = sum(embeddings[first : first + CANDIDATES].sum(axis=0, dtype=np.float64) for first in starts)
    direction = queries.mean(axis=0, dtype=np.float64) - middle / len(embeddings)
    blocks = (candidates[first : first + CANDIDATES] for first in range(0, len(candidates), CANDIDATES))
    near = np.concatenate([np.zeros(0), *(embeddings[block] @ direction for block in blocks)])
    best = np.argsort(-near, kind="stable")[:count]
    return candidates[best], near[best]


def _insert(found: Ints, near: Floats, rows: Ints, cosines: Floats) -> None:
    """Put one more row into each line of the nearest, if it is nearer than the last."""
    better = cosines > near[:, -1]
    near[better, -1], found[better, -1] = cosines[better], rows[better]
    order = np.argsort(-near[better], axis=1, kind="stable")
    near[better] = np.take_along_axis(near[better], order, axis=1)
    found[better] = np.take_along_axis(found[better], order, axis=1)
