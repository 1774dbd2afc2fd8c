"""Parting one labelled file into pool and proof so that proof rows are new to whoever has seen the pool.

Rows that nearly equal each other, or that share one text of a pair, stay on the same side.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from engine.data.duplicates import group_near_duplicates, join_groups
from engine.data.text import normalise
from engine.errors import DataError
from engine.schema import Example

# A text on more than 1 % of the rows is a fixed question or heading, not a link between rows. In four public pair
# files (3,000 to 9,840 rows) the largest group linked by shared texts has 45 rows.
_FIXED_TEXT = 0.01


def split_pool(examples: Sequence[Example], seed: int) -> tuple[list[Example], list[Example]]:
    """Part rows 50/50 into pool and proof: stratified by label, near-duplicates together, both in file order.

    Groups are dealt in random order, large ones first, each to the side that lacks its labels more.

    Raises:
        DataError: a label has too few rows, or too many rows hang together, to be on both sides.
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
    _check(labels, largest=len(dealt[0]), total=len(examples))
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


def _check(labels: tuple[Counter[str], Counter[str]], *, largest: int, total: int) -> None:
    give = "give a held-out file with --proof"
    for label in sorted(labels[0] | labels[1]):
        if not (labels[0][label] and labels[1][label]):
            raise DataError(f"all rows labelled {label!r} nearly equal each other or there is only one, so pool and proof cannot "
                            "both have that label", mend=f"add rows or {give}")  # fmt: skip
    if largest > total / 2:
        raise DataError(f"{largest} of {total} rows hang together as near-duplicates and cannot be parted", mend=give)
