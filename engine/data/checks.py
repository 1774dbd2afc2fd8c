"""Consistency checks across splits: errors for what must hold, notes for what may be intended.

Refused: a label that train does not have, and a proof row that is also in train or pool. Proof rows that nearly equal
a pool row, directly or through others, are only counted: minimal edits of one text are near-duplicates by intent
(revised NLI: 67 of 1,665 rows), and people post the same again and again (comment spam: 16 of 396). The pool rows in
question are kept from teachers, since what a teacher reads finds its way into samples.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from engine.data.containment import Contained
from engine.data.duplicates import group_near_duplicates
from engine.data.reading import Source
from engine.errors import DataError
from engine.schema import SplitName
from engine.text import visible

Hashes = Mapping[SplitName, Sequence[str]]

_SHOWN = 5  # places or labels named in a message


def task_labels(train: Source, column: str) -> tuple[str, ...]:
    """The labels of train: whole numbers in their order, others by the alphabet.

    Raises:
        DataError: there is one label only, or nearly every row has its own.
    """
    labels = {example.label for example in train.examples}
    if len(labels) == 1:
        raise DataError(
            f"all rows have the label {_quoted(*labels)}", where=str(train.path), hint="give rows of two or more labels"
        )
    if len(labels) > max(20, len(train.examples) / 2):
        what = f"`{column}` has {len(labels)} different values in {len(train.examples)} rows"
        raise DataError(what, where=str(train.path), hint="name the column that holds the labels with --label")
    if all(label.removeprefix("-").isdecimal() for label in labels):
        return tuple(sorted(labels, key=int))
    return tuple(sorted(labels))


def refuse_unknown_labels(source: Source, labels: Sequence[str]) -> None:
    """Refuse a file with a label that train does not have.

    Raises:
        DataError: naming the first such row and the nearest label.
    """
    for index, example in enumerate(source.examples):
        if example.label not in labels:
            near = get_close_matches(example.label.lower(), [label.lower() for label in labels], n=1)
            nearest = next((label for label in labels if near and label.lower() == near[0]), None)
            known = ", ".join(map(_quoted, labels[:_SHOWN])) + (", ..." if len(labels) > _SHOWN else "")
            raise DataError(
                f"train has no row labelled {_quoted(example.label)}, only {known}",
                where=source.where(index),
                hint=f"write {_quoted(nearest)} if that is meant, map it with --map, or use --skip-bad"
                if nearest
                else "relabel or remove the row, add such rows to train, map the label with --map, or use --skip-bad",
            )


def refuse_shared(splits: Mapping[SplitName, Source], hashes: Hashes) -> None:
    """Refuse proof rows that are also in train or pool.

    Raises:
        DataError: naming the first such row, its twin, and where the next ones are.
    """
    learned: tuple[SplitName, ...] = ("pool", "train")
    seen = {key: (name, index) for name in learned for index, key in enumerate(hashes[name])}
    shared = [index for index, key in enumerate(hashes["proof"]) if key in seen]
    if not shared:
        return
    proof = splits["proof"]
    name, twin = seen[hashes["proof"][shared[0]]]
    places = ", ".join(str(proof.lines[index]) for index in shared[1 : _SHOWN + 1])
    more = f" (and {len(shared) - 1} more: {places}{', ...' if len(shared) > _SHOWN + 1 else ''})" if places else ""
    raise DataError(
        f"this held-out row is also in {name}, at {splits[name].where(twin)}{more}",
        where=proof.where(shared[0]),
        hint="remove such rows from one of the two files, or use --drop-duplicates: a model that learned them proves "
        "nothing",
    )


def notes(splits: Mapping[SplitName, Source], hashes: Hashes, labels: Sequence[str]) -> Iterator[str]:
    """One sentence for each thing that the user should know and may want so."""
    for name, source in splits.items():
        there = {example.label for example in source.examples}
        if absent := [label for label in labels if label not in there]:
            more = ", ..." if len(absent) > _SHOWN else ""
            yield f"{name} has no row labelled {', '.join(map(_quoted, absent[:_SHOWN]))}{more}"
        given: defaultdict[str, set[str]] = defaultdict(set)
        for key, example in zip(hashes[name], source.examples, strict=True):
            given[key].add(example.label)
        if unsure := sum(len(kinds) > 1 for kinds in given.values()):
            yield f"{name} has {unsure} {_rows(unsure, 'text')} with more than one label"
    for name, others in _OVERLAPS.items():
        for other in others:
            known = set(hashes[other])
            if name in hashes and (shared := sum(key in known for key in hashes[name])):
                yield f"{shared} {_rows(shared)} of {name} {_are(shared)} also in {other}"


_OVERLAPS: dict[SplitName, tuple[SplitName, ...]] = {
    "pool": ("train",),
    "test": ("train", "pool"),
    "dev": ("train", "pool"),
}


@dataclass(frozen=True, slots=True)
class NearProof:
    """Pool rows too close to a proof row to be shown to a teacher.

    Attributes:
        pool: their places in the pool. proof: how many proof rows nearly equal a pool row; of: how many there are.
    """

    pool: tuple[int, ...]
    proof: int
    of: int

    @property
    def sentence(self) -> str:
        """What the user should know."""
        verb = "nearly equals" if self.proof == 1 else "nearly equal"
        return (
            f"{self.proof} of {self.of} proof rows {verb} a pool row; minimal edits may well do so, other rows should "
            f"not; no teacher is shown such pool rows ({len(self.pool)})"
        )


def near_proof(splits: Mapping[SplitName, Source], *, parted: bool) -> NearProof:
    """The pool rows that nearly equal a proof row, directly or through others, or that have one in them.

    Pairs are looked at in either order.

    Args:
        splits: pool and proof among them.
        parted: pool and proof were one file, whose near-duplicates were kept together: none need be looked for.
    """
    pool, proof = splits["pool"].examples, splits["proof"].examples
    turned = [replace(row, text=row.text_pair, text_pair=row.text) for row in proof if row.text_pair is not None]
    rows = [*pool, *proof, *turned]
    groups = list(range(len(rows))) if parted else group_near_duplicates(rows)
    of_pool, of_proof = groups[: len(pool)], groups[len(pool) : len(pool) + len(proof)]
    held, seen = set(groups[len(pool) :]), set(of_pool)
    contained = Contained((row.text, row.text_pair) for row in proof)
    near = (
        place
        for place, (row, group) in enumerate(zip(pool, of_pool, strict=True))
        if group in held or contained.stands_in(f"{row.text}\n{row.text_pair or ''}")
    )
    return NearProof(tuple(near), sum(group in seen for group in of_proof), len(proof))


def _rows(count: int, noun: str = "row") -> str:
    return noun if count == 1 else f"{noun}s"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _quoted(label: str) -> str:
    return f"'{visible(label if len(label) <= 40 else label[:40] + '...')}'"
