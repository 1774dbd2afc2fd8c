"""Queues of rows that were picked for what they look like: flagged ones, and those that a pattern finds. Light.

Their labels train. They are no sample of anything: a choice without a chance tells nothing of rates.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.errors import StoreError
from engine.label_queue.queue_files import Choice, QueueFile, new_queue, queues
from engine.project import Project
from engine.schema import UNLABELLED, QueueKind
from engine.teaching.found_rows import FoundRows
from engine.teaching.labels import Labels
from engine.teaching.records import Records


def unlabelled_rows(project: Project, records: Records, rows: Sequence[str]) -> list[str]:
    """Those of the pool rows, in their order, that neither the data nor a person has given a label."""
    said, found = Labels(records).people, project.rows("pool", rows)
    return [row for row in rows if row in found and found[row].label == UNLABELLED and row not in said]


def queue_flagged(project: Project, records: Records, rows: Sequence[str], spot: str) -> QueueFile:
    """A queue of flagged rows.

    Args:
        project: takes the queue.
        records: say which rows people have labelled.
        rows: ids of the flagged rows.
        spot: the blind spot that they are near, ``scattered`` for those near none, or ``all``.

    Raises:
        StoreError: as `queue_rows`.
    """
    return queue_rows(project, records, "flagged", rows, reason="flagged by an LLM", facts={"blind_spot": spot})


def queue_found(project: Project, records: Records, found: FoundRows) -> QueueFile:
    """A queue of the rows that a search has found: those that the LLM finds it applies to, or all if it was not asked.

    Raises:
        StoreError: as `queue_rows`.
    """
    reason = f"found by {found.name}"
    return queue_rows(project, records, "pattern", found.wanted, reason=reason, facts={"search": found.key})


def queue_rows(
    project: Project,
    records: Records,
    kind: QueueKind,
    rows: Sequence[str],
    *,
    reason: str,
    facts: dict[str, Any],
) -> QueueFile:
    """A queue of pool rows that have no label; where there is one of that kind and those facts, it goes on.

    Args:
        project: takes the queue.
        records: say which rows people have labelled.
        kind: of the queue.
        rows: ids, in the order in which they are asked for.
        reason: why they were picked; says neither the model's nor an LLM's label.
        facts: what they were picked by.

    Raises:
        StoreError: all of them have a label, the project is read-only, or the queue cannot be written.
    """
    if project.read_only:
        raise StoreError("this project is read-only", where=str(project.root), hint="label in a copy of it")
    left = unlabelled_rows(project, records, rows)
    if not left:
        what = "each of these rows has a label" if rows else "there is no row to be labelled"
        raise StoreError(what, hint="run `blindspot discover` to see what has changed")
    there = next((one for one in reversed(queues(project, kind)) if one.spec.facts == facts), None)
    known = {one.row for one in there.choices} if there else set()
    new = [Choice(row, reason) for row in left if row not in known]
    if there is None:
        there = new_queue(project, kind, budget=0, seed=project.settings.discovery.seed, facts=facts)
    there.append(new)
    return there
