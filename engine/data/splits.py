"""Splitting rows into pool and proof, with near-duplicates on the same side.

Rows that nearly equal each other, or that share one text of a pair, stay on the same side.
"""

from __future__ import annotations

import random
from array import array
from collections import Counter
from typing import TYPE_CHECKING, Any

from engine.data.duplicates import Groups, link_near
from engine.data.row_store import RowStore
from engine.errors import DataError
from engine.row_numbers import alike_together, first_alike

if TYPE_CHECKING:
    from numpy import ndarray

# A text on more than 1 % of the rows is a fixed question or heading, not a link between rows. In four public pair
# files (3,000 to 9,840 rows) the largest group linked by shared texts has 45 rows.
_FIXED_TEXT = 0.01

_SMALLEST_SIDE = 0.25  # of all rows

_AT_ONCE = 10_000  # groups whose numbers are Python's at a time

HALF = 0.5
"""The share of proof where one file becomes pool and proof."""


def split_pool(rows: RowStore, seed: int) -> tuple[RowStore, RowStore]:
    """Split rows 50/50 into pool and proof: stratified by label, near-duplicates together, both in file order.

    Raises:
        DataError: so many rows belong together that one side would stay nearly empty.
    """
    groups = group_rows(rows)
    in_proof = deal(groups, rows.labels, seed, HALF)
    held = int(in_proof.sum())
    if min(held, len(rows) - held) < _SMALLEST_SIDE * len(rows):
        together = max(Counter(groups.tolist()).values())
        linked = f"{together} of {len(rows)} are near-duplicates or share a text"
        what = f"these rows cannot be split into pool and proof: {linked}"
        raise DataError(what, where=str(rows.source), hint="give held-out rows with --proof")
    return rows.take(~in_proof), rows.take(in_proof)


def group_rows(rows: RowStore) -> ndarray[Any, Any]:
    """For each row the first one of those that belong together with it, int ``(n,)``."""
    groups = Groups(first_alike(rows.hashes))
    link_near(rows, groups)
    hashes = rows.hashes_of_halves()
    if hashes is not None:
        link_shared_texts(hashes, groups)
    return groups.leaders()


def deal(groups: ndarray[Any, Any], labels: ndarray[Any, Any], seed: int, share: float) -> ndarray[Any, Any]:
    """Which rows go to proof.

    Groups are dealt in random order, large ones first, each to the side that lacks its labels more. That a row has no
    label is one more label.

    Args:
        groups: for each row one of its group, the same for all of them, int ``(n,)``.
        labels: of each row, int ``(n,)``.
        seed: of the order.
        share: of the rows that proof is to have, 0..1.

    Returns:
        True for rows of proof, bool ``(n,)``.
    """
    import numpy as np

    order = np.argsort(groups, kind="stable").astype(np.int32)
    bounds = np.append(np.flatnonzero(np.diff(groups[order], prepend=-1)), len(groups)).astype(np.int32)
    shuffled = array("i", range(len(bounds) - 1))
    random.Random(seed).shuffle(shuffled)
    dealt = np.frombuffer(shuffled, np.int32)
    alone = (np.diff(bounds) == 1)[dealt]
    large = dealt[~alone]
    dealt = np.append(large[np.argsort(bounds[large] - bounds[large + 1], kind="stable")], dealt[alone])

    in_proof, label_of = np.zeros(len(groups), np.bool_), labels[order]
    counts: tuple[Counter[int], Counter[int]] = (Counter(), Counter())
    held = [0, 0]
    for at in range(0, len(dealt), _AT_ONCE):
        some = dealt[at : at + _AT_ONCE]
        for first, end in zip(bounds[some].tolist(), bounds[some + 1].tolist(), strict=True):
            needs = Counter(label_of[first:end].tolist())
            lead = sum(
                count * (counts[0][label] * share - counts[1][label] * (1 - share)) for label, count in needs.items()
            )
            ahead = held[0] * share - held[1] * (1 - share)
            side = int(lead > 0 or (lead == 0 and (ahead > 0 or (ahead == 0 and share > HALF))))
            held[side] += end - first
            counts[side].update(needs)
            in_proof[order[first:end]] = side
    return in_proof


def link_shared_texts(hashes: ndarray[Any, Any], groups: Groups) -> None:
    """Join the groups of pairs that have a text in common.

    Args:
        hashes: of the two texts of each pair, int ``(n, 2)``.
        groups: of the pairs.
    """
    import numpy as np

    alike = hashes[:, 0] == hashes[:, 1]  # which are one text of one row
    texts = np.concatenate((hashes[:, 0], hashes[~alike, 1]))
    places = np.concatenate((np.arange(len(hashes)), np.flatnonzero(~alike)))
    for part in alike_together(texts):
        part = part[np.lexsort((places[part], texts[part]))]
        some = texts[part]
        starts = np.flatnonzero(np.append(True, some[1:] != some[:-1]))
        sizes = np.diff(starts, append=len(some))
        for start, size in zip(starts.tolist(), sizes.tolist(), strict=True):
            if 1 < size <= max(2, _FIXED_TEXT * len(hashes)):
                first, *rest = places[part[start : start + size]].tolist()
                for other in rest:
                    groups.join(first, other)
                    groups.join(other, rest[-1])  # the first may be an old row, which joins nobody (`add_batch`)
