"""Consistency checks across splits: errors for what must hold, notes for what may be intended.

Refused: a label that train does not have, and a proof row that is also in train or pool. Proof rows that nearly equal
a pool row, directly or through others, are only counted: minimal edits of one text are near-duplicates by intent
(revised NLI: 67 of 1,665 rows), and people post the same again and again (comment spam: 16 of 396). The pool rows in
question are kept from teachers, since what a teacher reads finds its way into samples.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from engine.data.containment import rows_holding
from engine.data.duplicates import ChainedTexts, Groups, TurnedTexts, link_near
from engine.data.reading import SEVERAL_LABELS, separated_labels
from engine.data.row_store import RowStore
from engine.errors import DataError
from engine.row_numbers import alike_together, first_alike, places_among
from engine.schema import UNLABELLED, SplitName
from engine.text import visible

_SHOWN = 5  # places or labels named in a message


def task_labels(train: RowStore, column: str) -> tuple[str, ...]:
    """The labels of train: whole numbers in their order, others by the alphabet.

    Raises:
        DataError: there is one label only, rows have several, or nearly every row has its own.
    """
    labels = set(train.label_counts())
    _refuse_joined(labels, str(train.source))
    if len(labels) == 1:
        raise DataError(
            f"all rows have the label {_quoted(*labels)}",
            where=str(train.source),
            hint="give rows of two or more labels",
        )
    if len(labels) > max(20, len(train) / 2):
        what = f"`{column}` has {len(labels)} different values in {len(train)} rows"
        raise DataError(what, where=str(train.source), hint="name the column that holds the labels with --label")
    return in_label_order(labels)


def _refuse_joined(labels: Collection[str], where: str) -> None:
    """Refuse labels that are several: those of a list, or joined from others of them."""
    for label in sorted(labels):
        parts = separated_labels(label)
        if len(parts) > 1 and (label.startswith("[") or set(parts) <= set(labels)):
            what = f"the label {_quoted(label)} is several: {', '.join(map(_quoted, parts[:_SHOWN]))}"
            raise DataError(what, where=where, hint=f"{SEVERAL_LABELS}; or map it to one of its own with --map")


def in_label_order(labels: Collection[str]) -> tuple[str, ...]:
    """Labels in the order of a task: whole numbers by what they are worth, others by the alphabet."""
    if all(label.removeprefix("-").isdecimal() for label in labels):
        return tuple(sorted(labels, key=int))
    return tuple(sorted(labels))


def refuse_unknown_labels(rows: RowStore, labels: Sequence[str]) -> None:
    """Refuse a file with a label that train does not have; none at all is no such label.

    Raises:
        DataError: naming the first such row and the nearest label.
    """
    import numpy as np

    unknown = np.array([label not in labels and label != UNLABELLED for label in rows.names], np.bool_)
    places = np.flatnonzero(unknown[rows.labels])
    if len(places):
        place = int(places[0])
        raise unknown_label(rows.label(place), labels, rows.where(place))


def unknown_label(label: str, labels: Sequence[str], where: str) -> DataError:
    """The error of a row with a label that train, whose ``labels`` they are, does not have."""
    near = get_close_matches(label.lower(), [known.lower() for known in labels], n=1)
    nearest = next((known for known in labels if near and known.lower() == near[0]), None)
    known = ", ".join(map(_quoted, labels[:_SHOWN])) + (", ..." if len(labels) > _SHOWN else "")
    return DataError(
        f"train has no row labelled {_quoted(label)}, only {known}",
        where=where,
        hint=f"write {_quoted(nearest)} if that is meant, map it with --map, or use --skip-bad"
        if nearest
        else "relabel or remove the row, add such rows to train, map the label with --map, or use --skip-bad",
    )


def refuse_shared(splits: Mapping[SplitName, RowStore]) -> None:
    """Refuse proof rows that are also in train or pool.

    Raises:
        DataError: naming the first such row, its twin, and where the next ones are.
    """
    import numpy as np

    proof = splits["proof"]
    both: tuple[SplitName, ...] = ("train", "pool")
    learned = [name for name in both if name in splits]
    hashes = np.concatenate([splits[name].hashes for name in learned])
    shared = np.flatnonzero(places_among(hashes, proof.hashes) >= 0)
    if not len(shared):
        return
    twins = {name: np.flatnonzero(splits[name].hashes == proof.hashes[shared[0]]) for name in learned}
    name = next(name for name in learned if len(twins[name]))
    places = ", ".join(str(line) for line in proof.lines[shared[1 : _SHOWN + 1]])
    more = f" (and {len(shared) - 1} more: {places}{', ...' if len(shared) > _SHOWN + 1 else ''})" if places else ""
    raise DataError(
        f"this held-out row is also in {name}, at {splits[name].where(int(twins[name][-1]))}{more}",
        where=proof.where(int(shared[0])),
        hint="remove such rows from one of the two files, or use --drop-duplicates: a model that learned them proves "
        "nothing",
    )


def notes(splits: Mapping[SplitName, RowStore], labels: Sequence[str], *, pair: bool) -> Iterator[str]:
    """One sentence for each thing that the user should know and may want so; ``pair``: rows are pairs of texts."""
    twice = "with more than one label" + ("" if pair else "; if rows are pairs, name their second text with --pair")
    for name, rows in splits.items():
        there = rows.label_counts()
        absent = [label for label in labels if label not in there]
        if absent and UNLABELLED not in there:
            more = ", ..." if len(absent) > _SHOWN else ""
            yield f"{name} has no row labelled {', '.join(map(_quoted, absent[:_SHOWN]))}{more}"
        if unsure := _unsure(rows):
            yield f"{name} has {unsure} {_rows(unsure, 'text')} {twice}"
    for name, others in _OVERLAPS.items():
        for other in others:
            if {name, other} <= splits.keys() and (
                shared := int((places_among(splits[other].hashes, splits[name].hashes) >= 0).sum())
            ):
                yield f"{shared} {_rows(shared)} of {name} {_are(shared)} also in {other}"


def _unsure(rows: RowStore) -> int:
    """Texts that are there with more than one label."""
    import numpy as np

    labelled = rows.take(np.array([name != UNLABELLED for name in rows.names], np.bool_)[rows.labels])
    all_hashes, all_labels, unsure = labelled.hashes, labelled.labels, 0
    for places in alike_together(all_hashes):
        hashes, labels = all_hashes[places], all_labels[places]
        order = np.lexsort((labels, hashes))
        hashes, labels = hashes[order], labels[order]
        differing = (hashes[1:] == hashes[:-1]) & (labels[1:] != labels[:-1])
        unsure += len(np.unique(hashes[1:][differing]))
    return unsure


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


def near_proof(pool: RowStore, proof: RowStore, *, pair: bool, one_file: bool) -> NearProof:
    """The pool rows that nearly equal a proof row, directly or through others, or that have one in them.

    Pairs are looked at in either order.

    Args:
        pool: its rows.
        proof: its rows.
        pair: rows are pairs.
        one_file: pool and proof were one file, whose near-duplicates were kept together: none need be looked for.
    """
    import numpy as np

    near, reached = np.zeros(len(pool), np.bool_), 0
    if not one_file:
        turned = [TurnedTexts(proof)] if pair else []
        numbers = np.arange(len(proof) * len(turned), dtype=np.uint64)  # for turned rows have no hash: none equals one
        texts = ChainedTexts(pool, proof, *turned)
        groups = Groups(first_alike(np.concatenate((pool.hashes, proof.hashes, numbers))))
        link_near(texts, groups)
        leaders = groups.leaders()
        of_pool, of_proof = leaders[: len(pool)], leaders[len(pool) :]
        near = np.isin(of_pool, of_proof)
        reached = int(np.isin(of_proof[: len(proof)], of_pool).sum())
    near[rows_holding(pool, proof)] = True
    return NearProof(tuple(np.flatnonzero(near).tolist()), reached, len(proof))


def _rows(count: int, noun: str = "row") -> str:
    return noun if count == 1 else f"{noun}s"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _quoted(label: str) -> str:
    return f"'{visible(label if len(label) <= 40 else label[:40] + '...')}'"
