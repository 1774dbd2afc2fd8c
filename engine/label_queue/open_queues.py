"""Which queues of a project have rows for one person now, and which of them comes first. Light."""

from __future__ import annotations

import random
from collections.abc import Collection
from typing import Literal, get_args

from engine.errors import StoreError
from engine.label_queue.project_queue import people_for
from engine.label_queue.queue_files import Choice, QueueFile, new_queue, queues
from engine.label_queue.unchosen_rows import UnchosenRows
from engine.labelling.guidelines import Guideline, guideline_of, is_stale, versions
from engine.project import Project
from engine.schema import UNLABELLED, QueueKind, RowLabel, SplitName
from engine.teaching.labels import Labels
from engine.teaching.records import Teaching

RANDOM_BATCH = 2_000
"""Rows that a random queue draws at a time: more than a person labels in a day."""
_ORDER: tuple[QueueKind, ...] = ("audit", "verdict", "hunt", "flagged", "pattern", "random")
_FIRST = _ORDER[:3]  # of these one with rows left comes before rows at random
Derived = Literal["conflict", "proof-conflict", "stale"]
"""A queue without a file: its rows follow from the labels that there are."""
CONFLICTS: dict[SplitName, Derived] = {"pool": "conflict", "proof": "proof-conflict"}
"""By split, the queue of rows on which people differ."""


def chosen_queue(project: Project, teaching: Teaching, wanted: str | None) -> QueueFile | Derived:
    """The queue that a person has named, or the one that comes first.

    Args:
        project: whose rows are labelled.
        teaching: the records, with this person's store.
        wanted: name or kind of a queue; None: the latest audit, verdict or hunt with rows left, else rows at random.

    Raises:
        StoreError: there is no such queue; one is damaged; or a queue at random is to be made, and every row has a
            label or it cannot be written.
    """
    files = _in_order(queues(project))
    derived: Derived | None = next((one for one in get_args(Derived) if one == wanted), None)
    if derived is not None:
        return derived
    if wanted not in (None, "random"):
        found = next((one for one in files if wanted in (one.spec.name, one.spec.kind)), None)
        if found is None:
            names = ", ".join(dict.fromkeys([*(one.spec.name for one in files), "random", *get_args(Derived)]))
            raise StoreError(f"there is no queue {wanted!r}", where=str(project.root), hint=f"name one of {names}")
        return found
    count = _RowCount(project, teaching)
    for one in files:
        if one.spec.kind == "random" or (wanted is None and one.spec.kind in _FIRST and count.left(one)):
            return one
    return _random_queue(project, count.labels["pool"])


def open_queues(project: Project, teaching: Teaching) -> list[tuple[str, int]]:
    """The queues that have rows for this person now, each with their number: those that come first by default first.

    Of rows at random these are the drawn ones, or where none of them is left those that can be drawn.

    Raises:
        StoreError: a queue is damaged.
        DataError: the guideline cannot be read.
    """
    count, files = _RowCount(project, teaching), _in_order(queues(project))
    found = [(one.spec.name, count.left(one)) for one in files]
    at_random = [one for one in files if one.spec.kind == "random"]
    if not any(count.left(one) for one in at_random):
        known = {choice.row for choice in at_random[0].choices} if at_random else set()
        undrawn = len(_undrawn(project, count.labels["pool"], known))
        found.append((at_random[0].spec.name if at_random else "random", undrawn))
    found += [(name, len(count.labels[split].conflicts())) for split, name in CONFLICTS.items()]
    found.append(("stale", len(stale_choices(project, teaching, guideline_of(project)))))
    return [(name, left) for name, left in found if left]


def draw_more(project: Project, teaching: Teaching, file: QueueFile) -> None:
    """Let a random queue draw its next batch, if there are rows to be drawn.

    Raises:
        StoreError: the queue cannot be written.
    """
    batch = max((one.batch for one in file.choices), default=0) + 1
    if drawn := _draw(project, Labels(teaching), {one.row for one in file.choices}, batch=batch):
        file.append(drawn)


def conflict_choices(teaching: Teaching, split: SplitName) -> list[Choice]:
    """The rows of a split on which people differ and that nobody has decided yet."""
    return [Choice(row, "people differ") for row in Labels(teaching, split).conflicts()]


def stale_choices(project: Project, teaching: Teaching, guideline: Guideline) -> list[Choice]:
    """This person's labels of pool rows that an edit of the guideline may have made wrong.

    Raises:
        DataError: a version of the guideline cannot be read.
    """
    texts = {one.number: one.text for one in versions(project)}
    return [
        Choice(record.row, f"labelled under version {record.guideline} of the guideline")
        for record in teaching.own("label")
        if isinstance(record, RowLabel)
        and record.split == "pool"
        and is_stale(record, guideline, texts, project.labels)
    ]


class _RowCount:
    """Counts the rows of queues that one person is still asked for."""

    def __init__(self, project: Project, teaching: Teaching) -> None:
        self._project = project
        self.labels = {split: Labels(teaching, split) for split in CONFLICTS}
        self._author = teaching.author
        self._settings = project.settings.labelling
        self._seed = project.settings.discovery.seed

    def left(self, file: QueueFile) -> int:
        """How many rows of a queue are open for this person, or will be; as `ProjectQueue.left`."""
        people = self.labels[file.spec.split].people
        given = ((choice.row, people.get(choice.row, ())) for choice in file.choices)
        return UnchosenRows(self._project, file).count(people) + sum(
            len(said) < people_for(row, self._settings, self._seed, file.spec.kind)
            and all(one.author != self._author for one in said)
            for row, said in given
        )


def _in_order(files: list[QueueFile]) -> list[QueueFile]:
    """By kind, the latest of a kind first."""
    return [one for kind in _ORDER for one in reversed(files) if one.spec.kind == kind]


def _random_queue(project: Project, labels: Labels) -> QueueFile:
    """A new queue of pool rows drawn at random among those without a label.

    Raises:
        StoreError: every row has a label, or the queue cannot be written.
    """
    drawn = _draw(project, labels, frozenset(), batch=1)
    if not drawn:
        hint = "add rows with `blindspot add`"
        raise StoreError("every pool row has a label", where=str(project.root), hint=hint)
    file = new_queue(project, "random", budget=0, seed=project.settings.discovery.seed)
    file.append(drawn)
    return file


def _draw(project: Project, labels: Labels, known: Collection[str], *, batch: int) -> list[Choice]:
    """The next batch of a random queue: rows that have no label and are not ``known``."""
    ids = _undrawn(project, labels, known)
    count = min(RANDOM_BATCH, len(ids))
    drawn = random.Random(project.settings.discovery.seed + batch - 1).sample(ids, count)
    return [Choice(row, "drawn at random", count / len(ids), batch=batch) for row in drawn]


def _undrawn(project: Project, labels: Labels, known: Collection[str]) -> list[str]:
    """The pool rows that have no label and are not ``known``."""
    known = labels.people.keys() | known
    return [row.id for row in project.each_example("pool") if row.label == UNLABELLED and row.id not in known]
