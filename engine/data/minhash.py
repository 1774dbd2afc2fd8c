"""Candidate pairs for near-duplicates by MinHash and locality-sensitive hashing.

Texts that share most of their 4-character shingles get an equal key in at least one band. One permutation hashing
(Li, Owen and Zhang 2012, arXiv 1208.1259) with empty bins filled by rotation (Shrivastava and Li 2014, arXiv
1406.4784): one hash per shingle instead of one per shingle and bin. The result depends on the texts alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy import ndarray

SHINGLE = 4
BANDS = 24
BAND_ROWS = 4
"""24 bands of 4 bins find over 99.5 % of the copies with an indel similarity of at least 0.9 (11,058 edited copies of
public texts, 20 to 500 characters); 0.5 % of unrelated pairs come along and are left to an exact comparison."""

_NEIGHBOURS = 16
"""Texts in a bucket are compared with so many of the next longer ones, so a bucket of common phrases stays cheap."""

_BINS = 32  # of the counts of characters; a letter and its capital's code fall into one of their own

_BLOCK = 1_000_000  # characters at a time: about 50 MB of working memory
_PAIRS = 200_000  # pairs whose counts are compared at a time: 20 MB


def band_keys(texts: Sequence[str]) -> ndarray[Any, Any]:
    """One key for each band of each text, uint64 ``(n, BANDS)``; texts must not be empty."""
    import numpy as np

    blocks, first, size = [], 0, 0
    for index, text in enumerate(texts):
        if size and size + len(text) > _BLOCK:
            blocks.append(_block_keys(texts[first:index]))
            first, size = index, 0
        size += len(text)
    blocks.append(_block_keys(texts[first:]))
    return np.concatenate(blocks)


class Signatures:
    """What is kept of each text to find its near-duplicates: 130 bytes, whatever its length.

    Args:
        blocks: all texts in their order, some at a time; none may be empty.
    """

    def __init__(self, blocks: Iterable[Sequence[str]]) -> None:
        import numpy as np

        self._keys: list[ndarray[Any, Any]] = []  # in blocks: joining them would take their room once more
        counts, lengths = [np.empty((0, _BINS), np.uint8)], [np.empty(0, np.uint32)]
        for texts in blocks:
            # Of a key 32 bits are kept: those that are equal by chance are left to the comparison of texts.
            self._keys.append(band_keys(texts).astype(np.uint32))
            counts.append(_character_counts(texts))
            lengths.append(np.array([len(text) for text in texts], np.uint32))
        self._counts = np.concatenate(counts)
        self._lengths = np.concatenate(lengths)

    def __len__(self) -> int:
        return len(self._lengths)

    def candidates(
        self, rows: ndarray[Any, Any], *, threshold: float, compared: int = 0
    ) -> Iterator[tuple[ndarray[Any, Any], ndarray[Any, Any]]]:
        """Pairs of rows ``(one, other)`` whose texts may be near-duplicates, some at a time; a pair may come again.

        Args:
            rows: places of the texts to compare.
            threshold: least similarity, 0..1: 1 - (insertions + deletions) / (sum of lengths).
            compared: so many of the first texts are known to one another; of their pairs there are none.
        """
        import numpy as np

        lengths = self._lengths[rows]
        least = threshold / (2 - threshold)  # a near-duplicate is at least this long, as a share of the longer text
        for band in range(BANDS):
            column = np.concatenate([block[:, band] for block in self._keys])[rows]
            order = np.lexsort((lengths, column))
            key, length, places = column[order], lengths[order], rows[order]
            for step in range(1, _NEIGHBOURS + 1):
                near = (key[:-step] == key[step:]) & (length[:-step] >= least * length[step:])
                if not near.any():
                    break
                one, other = places[:-step][near], places[step:][near]
                if compared:
                    new = np.maximum(one, other) >= compared
                    one, other = one[new], other[new]
                for start in range(0, len(one), _PAIRS):
                    ones, others = one[start : start + _PAIRS], other[start : start + _PAIRS]
                    alike = self._may_be(ones, others, threshold)
                    yield ones[alike], others[alike]

    def _may_be(self, one: ndarray[Any, Any], other: ndarray[Any, Any], threshold: float) -> ndarray[Any, Any]:
        """Whether so few characters are in one text alone that the similarity may be reached; never wrong with no."""
        import numpy as np

        ones, others = self._counts[one], self._counts[other]
        differing = (np.maximum(ones, others) - np.minimum(ones, others)).sum(axis=1, dtype=np.uint32)
        return np.asarray(differing <= (1 - threshold) * (self._lengths[one] + self._lengths[other]) + 1e-6)


def _character_counts(texts: Sequence[str]) -> ndarray[Any, Any]:
    """How often characters of each code, modulo 32, stand in each text, 255 at most: uint8 ``(n, 32)``."""
    import numpy as np

    codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32)
    row = np.repeat(np.arange(len(texts)), [len(text) for text in texts])
    counts = np.bincount(row * _BINS + codes % _BINS, minlength=len(texts) * _BINS)
    return np.minimum(counts, 255).astype(np.uint8).reshape(len(texts), _BINS)


def _block_keys(texts: Sequence[str]) -> ndarray[Any, Any]:
    import numpy as np

    bins = BANDS * BAND_ROWS
    shingles, row = _shingle_hashes(texts)
    empty = np.uint32(0xFFFFFFFF)
    flat = np.full(len(texts) * bins, empty, np.uint32)
    place = row * bins + ((shingles >> np.uint64(40)) % np.uint64(bins)).astype(np.int64)
    np.minimum.at(flat, place, (shingles & np.uint64(0xFFFFFFFE)).astype(np.uint32))
    table = flat.reshape(len(texts), bins)
    while (holes := table == empty).any():
        neighbour = np.roll(table, -1, axis=1)
        filled = holes & (neighbour != empty)
        table[filled] = (neighbour[filled] + np.uint32(0x9E3779B2)) & np.uint32(0xFFFFFFFE)
    keys = np.zeros((len(texts), BANDS), np.uint64)
    for column in range(BAND_ROWS):
        keys = (keys ^ table[:, column::BAND_ROWS]) * np.uint64(0x9E3779B97F4A7C15)
        keys ^= keys >> np.uint64(32)
    return keys


def _shingle_hashes(texts: Sequence[str]) -> tuple[ndarray[Any, Any], ndarray[Any, Any]]:
    """Hashes of all shingles, and the index of the text that each is from; a text has one for each character."""
    import numpy as np

    gap = "\0" * (SHINGLE - 1)
    hashes = window_hashes(gap.join([*texts, ""]), SHINGLE)
    lengths = np.array([len(text) for text in texts])
    row = np.repeat(np.arange(len(texts)), lengths)
    # Each text is followed by SHINGLE - 1 separators; the shingles that start on one are skipped.
    return hashes[np.arange(lengths.sum()) + row * (SHINGLE - 1)], row


def window_hashes(text: str, width: int) -> ndarray[Any, Any]:
    """Hash of each run of ``width`` characters, uint64, one for each place where one starts."""
    import numpy as np

    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    hashes = np.zeros(max(0, len(codes) - width + 1), np.uint64)
    for offset in range(width):
        hashes = hashes * np.uint64(0x9E3779B97F4A7C15) + codes[offset : offset + len(hashes)]
    hashes = (hashes ^ (hashes >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
    hashes ^= hashes >> np.uint64(32)
    return hashes
