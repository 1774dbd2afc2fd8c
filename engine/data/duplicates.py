"""Near-duplicates: rows that differ only by a few characters.

Similarity of two texts is 1 - (insertions + deletions) / (sum of lengths) on the normalised texts; two pairs are as
similar as the less similar of their halves, in their order. From 0.9 on they are near-duplicates.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from rapidfuzz import fuzz, process

from engine.data.minhash import band_keys, candidate_pairs
from engine.schema import Example
from engine.text import normalise

THRESHOLD = 0.9

# Comparing with every row takes 4 ms for 100,000 rows of 80 characters, but 200 ms of 340 and seconds of 5,000. So
# with more text than this, long rows are found by their band keys; with less, numpy need not be loaded.
_MUCH_TEXT = 4_000_000
_LONG = 128

_LENGTH_RATIO = THRESHOLD / (2 - THRESHOLD)  # a near-duplicate is at least this long, as a share of the longer text

_BATCH = 500_000  # pairs compared at a time

Halves = tuple[str, str | None]


class NearDuplicates:
    """Finds the row that a text nearly equals.

    Args:
        rows: ``(text, pair or None)`` of each row; a row's index is its place among them.
    """

    def __init__(self, rows: Iterable[tuple[str, str | None]] = ()) -> None:
        self._rows = [_normalised(*row) for row in rows]
        self._exact: dict[Halves, int] = {}
        for index, row in enumerate(self._rows):
            self._exact.setdefault(row, index)
        joined = [_joined(row) for row in self._rows]
        self._banded = sum(map(len, joined)) > _MUCH_TEXT
        # A row may be longer or shorter than the text that it nearly equals: the two ways to look up overlap.
        self._short = [None if self._banded and len(text) * _LENGTH_RATIO > _LONG else text for text in joined]
        self._buckets: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
        long = [index for index, text in enumerate(joined) if self._banded and len(text) > _LONG * _LENGTH_RATIO]
        if long:
            for index, keys in zip(long, band_keys([joined[index] for index in long]).tolist(), strict=True):
                for bucket in enumerate(keys):
                    self._buckets[bucket].append(index)

    def find(self, text: str, pair: str | None = None) -> int | None:
        """Index of the row most similar to the text, None when none is a near-duplicate."""
        row = _normalised(text, pair)
        if row in self._exact:
            return self._exact[row]
        scored = [(_similarity(row, self._rows[index]), -index) for index in self._candidates(_joined(row))]
        score, index = max(scored, default=(0.0, 0))
        return -index if score else None

    def _candidates(self, joined: str) -> Iterator[int]:
        if self._banded and len(joined) > _LONG:
            keys = band_keys([joined])[0].tolist()
            yield from {index for bucket in enumerate(keys) for index in self._buckets.get(bucket, ())}
        elif joined:
            hits = process.extract(joined, self._short, scorer=fuzz.ratio, score_cutoff=100 * THRESHOLD, limit=None)
            yield from (index for _, _, index in hits)


def group_near_duplicates(examples: Sequence[Example]) -> list[int]:
    """Group rows that are linked by near-duplicates, directly or through others.

    Returns:
        For each row the index of the first row of its group.
    """
    rows = [_normalised(example.text, example.text_pair) for example in examples]
    first: dict[Halves, int] = {}
    leaders = [first.setdefault(row, index) for index, row in enumerate(rows)]
    unique = list(first)
    links = [(first[unique[one]], first[unique[other]]) for one, other in _near_pairs(unique)]
    return join_groups(leaders, links)


def join_groups(groups: Sequence[int], links: Iterable[tuple[int, int]]) -> list[int]:
    """Groups after ``links`` between rows have joined them; a group is named by the index of its first row."""
    leaders = list(groups)

    def lead(index: int) -> int:
        while leaders[index] != index:
            leaders[index] = leaders[leaders[index]]
            index = leaders[index]
        return index

    for one, other in links:
        a, b = sorted((lead(one), lead(other)))
        leaders[b] = a
    return [lead(index) for index in range(len(leaders))]


def _near_pairs(rows: Sequence[Halves]) -> Iterator[tuple[int, int]]:
    candidates = candidate_pairs([_joined(row) for row in rows], least_length_ratio=_LENGTH_RATIO)
    for start in range(0, len(candidates), _BATCH):
        near = candidates[start : start + _BATCH]
        for half in (0, 1) if rows[0][1] is not None else (0,):
            ones, others = ([rows[index][half] for index in column] for column in near.T.tolist())
            score = process.cpdist(ones, others, scorer=fuzz.ratio, score_cutoff=100 * THRESHOLD)
            near = near[score >= 100 * THRESHOLD]
        yield from near.tolist()


def _similarity(row: Halves, other: Halves) -> float:
    """Similarity (0..100) of two rows; 0 below the threshold."""
    score = fuzz.ratio(row[0], other[0], score_cutoff=100 * THRESHOLD)
    if score and row[1] is not None and other[1] is not None:
        score = min(score, fuzz.ratio(row[1], other[1], score_cutoff=100 * THRESHOLD))
    return score


def _normalised(text: str, pair: str | None) -> Halves:
    return normalise(text), None if pair is None else normalise(pair)


def _joined(row: Halves) -> str:
    return row[0] if row[1] is None else f"{row[0]}\n{row[1]}"
