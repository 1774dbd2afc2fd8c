"""Splitting one labelled file into pool and proof, with near-duplicates on the same side.

Rows that nearly equal each other, or that share one text of a pair, stay on the same side.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from engine.data.duplicates import group_near_duplicates, join_groups
from engine.errors import DataError
from engine.schema import Example
from engine.text import normalise

# A text on more than 1 % of the rows is a fixed question or heading, not a link between rows. In four public pair
# files (3,000 to 9,840 rows) the largest group linked by shared texts has 45 rows.
_FIXED_TEXT = 0.01

_SMALLEST_SIDE = 0.25  # of all rows


def split_pool(examples: Sequence[Example], seed: int) -> tuple[list[Example], list[Example]]:
    """Part rows 50/50 into pool and proof: stratified by label, near-duplicates together, both in file order.

    Groups are dealt in random order, large ones first, each to the side that lacks its labels more.

    Raises:
        DataError: so many rows hang together that one side would stay nearly empty.
    """
    groups: defaultdict[int, list[int]] = defaultdict(list)
    for index, group in enumerate(_groups(examples)):
        groups[group].append(index)
    dealt = list(groups.values())
    random.Random(seed).shuffle(dealt)
    dealt.sort(key=len, reverse=True)

    sides: tuple[list[int], list[int]] = ([], [])
    labels: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
    for rows in dealt:
        needs = Counter(examples[index].label for index in rows)
        lead = sum(count * (labels[0][label] - labels[1][label]) for label, count in needs.items())
        side = int(lead > 0 or (lead == 0 and len(sides[0]) > len(sides[1])))
        sides[side].extend(rows)
        labels[side].update(needs)
    if min(map(len, sides)) < _SMALLEST_SIDE * len(examples):
        what = f"pool and proof cannot be parted: {len(dealt[0])} of {len(examples)} rows hang together"
        raise DataError(what, hint="give held-out rows with --proof")
    pool, proof = ([examples[index] for index in sorted(side)] for side in sides)
    return pool, proof


def _groups(examples: Sequence[Example]) -> list[int]:
    groups = group_near_duplicates(examples)
    rows_with: defaultdict[str, list[int]] = defaultdict(list)
    for index, example in enumerate(examples):
        if example.text_pair is not None:
            for text in {normalise(example.text), normalise(example.text_pair)}:
                rows_with[text].append(index)

    def links() -> Iterator[tuple[int, int]]:
        for rows in rows_with.values():
            if len(rows) <= max(2, _FIXED_TEXT * len(examples)):
                yield from ((rows[0], other) for other in rows[1:])

    return join_groups(groups, links())
