"""Near-duplicates: rows that differ only by a few characters.

Similarity of two texts is 1 - (insertions + deletions) / (sum of lengths) on the normalised texts; two pairs are as
similar as the less similar of their halves, in their order. From 0.9 on they are near-duplicates.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from rapidfuzz import fuzz, process

from engine.data.minhash import Signatures, band_keys
from engine.row_numbers import first_alike
from engine.schema import Example
from engine.text import normalise, row_hash

if TYPE_CHECKING:
    from numpy import ndarray

THRESHOLD = 0.9

# Comparing with every row takes 4 ms for 100,000 rows of 80 characters, but 200 ms of 340 and seconds of 5,000. So
# with more text than this, long rows are found by their band keys; with less, numpy need not be loaded.
_MUCH_TEXT = 4_000_000
_LONG = 128

_LENGTH_RATIO = THRESHOLD / (2 - THRESHOLD)  # a near-duplicate is at least this long, as a share of the longer text

Halves = tuple[str, str | None]
"""A row's normalised texts; of single texts the second is None."""


def normalised(text: str, pair: str | None) -> Halves:
    """A row as it is compared."""
    return normalise(text), None if pair is None else normalise(pair)


class NearDuplicates:
    """Finds the row that a text nearly equals.

    Args:
        rows: ``(text, pair or None)`` of each row; a row's index is its place among them.
    """

    def __init__(self, rows: Iterable[tuple[str, str | None]] = ()) -> None:
        self._rows = [normalised(*row) for row in rows]
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
        row = normalised(text, pair)
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


class Texts(Protocol):
    """Rows whose texts are looked up when they are needed, as they may be many and lie on the disk."""

    def __len__(self) -> int:
        """How many there are."""

    def blocks(self) -> Iterator[list[Halves]]:
        """All in their order, some at a time."""

    def at(self, places: Sequence[int]) -> list[Halves]:
        """Those in these places."""


class ListedTexts:
    """Texts in memory."""

    def __init__(self, rows: Iterable[tuple[str, str | None]]) -> None:
        self._rows = [normalised(*row) for row in rows]

    def __len__(self) -> int:
        return len(self._rows)

    def blocks(self) -> Iterator[list[Halves]]:
        """All of them."""
        if self._rows:
            yield self._rows

    def at(self, places: Sequence[int]) -> list[Halves]:
        """Those in these places."""
        return [self._rows[place] for place in places]


class ChainedTexts:
    """Several texts, one after the other."""

    def __init__(self, *parts: Texts) -> None:
        self._parts = parts

    def __len__(self) -> int:
        return sum(map(len, self._parts))

    def blocks(self) -> Iterator[list[Halves]]:
        """All in their order, some at a time."""
        for part in self._parts:
            yield from part.blocks()

    def at(self, places: Sequence[int]) -> list[Halves]:
        """Those in these places, which ascend."""
        found: list[Halves] = []
        first = 0
        for part in self._parts:
            found += part.at([place - first for place in places if first <= place < first + len(part)])
            first += len(part)
        return found


class TurnedTexts:
    """Pairs in the other order."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    def __len__(self) -> int:
        return len(self._texts)

    def blocks(self) -> Iterator[list[Halves]]:
        """All in their order, some at a time."""
        for block in self._texts.blocks():
            yield [_turned(row) for row in block]

    def at(self, places: Sequence[int]) -> list[Halves]:
        """Those in these places."""
        return [_turned(row) for row in self._texts.at(places)]


class Groups:
    """Groups of rows that grow together; one is named by its first row.

    Args:
        leaders: for each row the first one of its group, int ``(n,)``; they become this object's own.
    """

    def __init__(self, leaders: ndarray[Any, Any]) -> None:
        self._leaders = leaders

    def apart(self, one: ndarray[Any, Any], other: ndarray[Any, Any]) -> ndarray[Any, Any]:
        """Whether rows may belong to different groups; False only where they do not."""
        different: ndarray[Any, Any] = self._leaders[one] != self._leaders[other]
        return different

    def join(self, one: int, other: int) -> None:
        """Make one group of those of two rows."""
        first, second = sorted((self._lead(one), self._lead(other)))
        self._leaders[second] = first

    def leaders(self) -> ndarray[Any, Any]:
        """For each row the first one of its group."""
        while ((shorter := self._leaders[self._leaders]) != self._leaders).any():
            self._leaders = shorter
        return self._leaders

    def _lead(self, row: int) -> int:
        leaders = self._leaders
        while leaders[row] != row:
            leaders[row] = leaders[leaders[row]]
            row = int(leaders[row])
        return row


def group_near_duplicates(examples: Sequence[Example]) -> list[int]:
    """Group rows that are linked by near-duplicates, directly or through others.

    Returns:
        For each row the index of the first row of its group.
    """
    import numpy as np

    hashes = [int(row_hash(example.text, example.text_pair), 16) for example in examples]
    texts = ListedTexts((example.text, example.text_pair) for example in examples)
    groups = Groups(first_alike(np.array(hashes, np.uint64)))
    link_near(texts, groups)
    leaders: list[int] = groups.leaders().tolist()
    return leaders


def link_near(texts: Texts, groups: Groups, *, compared: int = 0) -> None:
    """Join groups whose first rows are near-duplicates, in some 12 bytes a row besides the texts, and 130 on the disk.

    Args:
        texts: all rows.
        groups: of equal rows.
        compared: so many of the first rows are not compared with one another, only with the others.
    """
    import numpy as np

    signatures = Signatures([_joined(row) for row in block] for block in texts.blocks())
    rows = np.unique(groups.leaders())
    for one, other in signatures.candidates(rows, threshold=THRESHOLD, compared=compared):
        apart = groups.apart(one, other)
        for pair in _near(texts, one[apart], other[apart]):
            groups.join(*pair)


def _near(texts: Texts, one: ndarray[Any, Any], other: ndarray[Any, Any]) -> Iterator[tuple[int, int]]:
    """Those of the pairs that are near-duplicates."""
    import numpy as np

    if not len(one):
        return
    places, index = np.unique(np.concatenate((one, other)), return_inverse=True)
    rows = texts.at(places.tolist())
    near = np.stack((index[: len(one)], index[len(one) :]), axis=1)
    for half in (0, 1) if rows[0][1] is not None else (0,):
        ones, others = ([rows[row][half] for row in column] for column in near.T.tolist())
        score = process.cpdist(ones, others, scorer=fuzz.ratio, score_cutoff=100 * THRESHOLD)
        near = near[score >= 100 * THRESHOLD]
        if not len(near):
            return
    yield from places[near].tolist()


def _similarity(row: Halves, other: Halves) -> float:
    """Similarity (0..100) of two rows; 0 below the threshold."""
    score = fuzz.ratio(row[0], other[0], score_cutoff=100 * THRESHOLD)
    if score and row[1] is not None and other[1] is not None:
        score = min(score, fuzz.ratio(row[1], other[1], score_cutoff=100 * THRESHOLD))
    return score


def _turned(row: Halves) -> Halves:
    first, second = row
    return (first, None) if second is None else (second, first)


def _joined(row: Halves) -> str:
    return row[0] if row[1] is None else f"{row[0]}\n{row[1]}"
