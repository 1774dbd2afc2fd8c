"""Candidate pairs for near-duplicates by MinHash and locality-sensitive hashing.

Texts that share most of their 4-character shingles get an equal key in at least one band. One permutation hashing
(Li, Owen and Zhang 2012, arXiv 1208.1259) with empty bins filled by rotation (Shrivastava and Li 2014, arXiv
1406.4784): one hash per shingle instead of one per shingle and bin. The result depends on the texts alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from engine import row_numbers
from engine.row_numbers import NumberColumns, alike_together

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

_BANDS = tuple(f"band {number}" for number in range(BANDS))  # columns of their keys

_BLOCK = 250_000  # characters at a time: about 12 MB of working memory


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
    """What is kept of each text to find its near-duplicates: 130 bytes in a file that goes with this object.

    Args:
        blocks: all texts in their order, some at a time; none may be empty.

    Raises:
        FileError: the file cannot be written.
    """

    def __init__(self, blocks: Iterable[Sequence[str]]) -> None:
        import numpy as np

        # Of a key 32 bits are kept: those that are equal by chance are left to the comparison of texts.
        self._texts = NumberColumns(lengths="u4", counts=f"({_BINS},)u1", **dict.fromkeys(_BANDS, "u4"))
        for texts in blocks:
            keys = dict(zip(_BANDS, band_keys(texts).astype(np.uint32).T, strict=True))
            self._texts.add(lengths=[len(text) for text in texts], counts=_character_counts(texts), **keys)

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

        least = threshold / (2 - threshold)  # a near-duplicate is at least this long, as a share of the longer text
        for band in _BANDS:
            for key, length, places in self._in_order(band, rows):
                counts = self._texts.read("counts", places)
                ones, others = list[Any](), list[Any]()
                for step in range(1, _NEIGHBOURS + 1):
                    near = (key[:-step] == key[step:]) & (length[:-step] >= least * length[step:])
                    if not near.any():
                        break
                    if compared:
                        near &= np.maximum(places[:-step], places[step:]) >= compared
                    one = np.flatnonzero(near)
                    # So few characters are in one text alone that the similarity may be reached.
                    most = (1 - threshold) * (length[one] + length[one + step]) + 1e-6
                    one = one[_differing(counts[one], counts[one + step]) <= most]
                    ones.append(places[one])
                    others.append(places[one + step])
                if ones:  # at once: who compares them reads their texts from the disk
                    yield np.concatenate(ones), np.concatenate(others)

    def _in_order(
        self, band: str, rows: ndarray[Any, Any]
    ) -> Iterator[tuple[ndarray[Any, Any], ndarray[Any, Any], ndarray[Any, Any]]]:
        """Keys, lengths and places of the texts in some places: some at a time with the `_NEIGHBOURS` after them.

        Texts of one key stand together, by length and then by place.
        """
        import numpy as np

        keys, at_once = self._texts.read(band, rows), row_numbers.AT_ONCE
        for alike in alike_together(keys):
            key, length, places = keys[alike], self._texts.read("lengths", rows[alike]), rows[alike]
            order = np.lexsort((length, key))
            for start in range(0, len(order), at_once):
                part = order[start : start + at_once + _NEIGHBOURS]
                yield key[part], length[part], places[part]


def _character_counts(texts: Sequence[str]) -> ndarray[Any, Any]:
    """How often characters of each code, modulo 32, stand in each text, 255 at most: uint8 ``(n, 32)``."""
    import numpy as np

    codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32)
    row = np.repeat(np.arange(len(texts)), [len(text) for text in texts])
    counts = np.bincount(row * _BINS + codes % _BINS, minlength=len(texts) * _BINS)
    return np.minimum(counts, 255).astype(np.uint8).reshape(len(texts), _BINS)


def _differing(ones: ndarray[Any, Any], others: ndarray[Any, Any]) -> ndarray[Any, Any]:
    """How many characters at least are in one of two texts alone, uint32 ``(n,)``, by their counts ``(n, 32)``."""
    import numpy as np

    return np.asarray((np.maximum(ones, others) - np.minimum(ones, others)).sum(axis=1, dtype=np.uint32))


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
