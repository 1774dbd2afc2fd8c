"""The different texts of rows, read where they are needed: a pool of a million rows need not lie in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import overload

import numpy as np

from engine.arrays import Ints
from engine.schema import Example


class DifferentTexts(Sequence[str]):
    """Each text of some rows once, in the order in which they first come.

    Args:
        rows: all single texts, or all pairs.

    Attributes:
        numbers: (rows, 1), of pairs (rows, 2), the number of each text. Texts count as equal where 64 bits of their
            hash are: of a million different ones two are taken for one once in thirty million times.
    """

    def __init__(self, rows: Sequence[Example]) -> None:
        width = 1 if not rows or rows[0].text_pair is None else 2
        hashes = np.fromiter(
            (hash(text) for row in rows for text in _texts(row)), dtype=np.int64, count=width * len(rows)
        )
        _, first, same = np.unique(hashes, return_index=True, return_inverse=True)
        order = np.argsort(first)
        rank = np.empty_like(order)
        rank[order] = np.arange(len(order))
        self.numbers: Ints = rank[same].reshape(len(rows), width)
        self._some = _Some(rows, first[order], width)

    def __len__(self) -> int:
        return len(self._some)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        """One text; of a slice a view, so that a window of texts takes no memory until it is gone through."""
        return self._some[index]

    def __iter__(self) -> Iterator[str]:
        return iter(self._some)


class _Some(Sequence[str]):
    """Texts by their places among all texts of rows."""

    def __init__(self, rows: Sequence[Example], places: Ints, width: int) -> None:
        self._rows, self._places, self._width = rows, places, width

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        if isinstance(index, slice):
            return _Some(self._rows, self._places[index], self._width)
        return self._text(int(self._places[index]))

    def __iter__(self) -> Iterator[str]:
        return map(self._text, self._places.tolist())

    def _text(self, place: int) -> str:
        row, which = divmod(place, self._width)
        return _texts(self._rows[row])[which]


def _texts(row: Example) -> tuple[str, ...]:
    return (row.text,) if row.text_pair is None else (row.text, row.text_pair)
