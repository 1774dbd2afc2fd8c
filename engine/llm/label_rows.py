"""Which pool rows an LLM is asked to label. Light: the model's scores are read only where they are asked for."""

from __future__ import annotations

import random
from dataclasses import dataclass

from engine.errors import StoreError
from engine.progress import Monitor
from engine.project import Project
from engine.schema import Example
from engine.text import row_hash

CONFIDENT, ALL = "confident", "all"


@dataclass(frozen=True)
class ChosenRows:
    """The rows that are to be labelled, in their order.

    Attributes:
        rows: without those that are withheld. withheld: how many were left out since they nearly equal a proof row.
        chance: with which each was drawn from all, 0..1; None where they were not drawn.
    """

    rows: tuple[Example, ...]
    withheld: int
    chance: float | None


def checked_rows(wanted: str) -> str | int:
    """``confident``, ``all``, or a number from 1.

    Raises:
        StoreError: it is none of them.
    """
    if wanted in (CONFIDENT, ALL):
        return wanted
    if wanted.isdecimal() and int(wanted) > 0:
        return int(wanted)
    raise StoreError(f"rows cannot be {wanted!r}", where="--rows", hint=f"give {CONFIDENT}, {ALL} or a number from 1")


def choose_rows(project: Project, wanted: str, monitor: Monitor) -> ChosenRows:
    """The pool rows that are asked for.

    Args:
        project: whose pool it is.
        wanted: ``all``; a number: so many at random, and a larger number holds those of a smaller one; ``confident``:
            those that the model of the round is sure of (confidence >= tau).
        monitor: told of rows scored, where their scores are not cached.

    Raises:
        StoreError: ``wanted`` is none of these.
        ProjectError: ``confident``, and nothing has been discovered yet.
        ModelError: the model cannot be used.
        Cancelled: from the monitor.
    """
    asked = checked_rows(wanted)
    rows, withheld = shown_rows(project)
    chance = None if asked == CONFIDENT else 1.0
    if asked == CONFIDENT:
        sure = _confident(project, monitor)
        rows = [row for row in rows if row.id in sure]
    elif isinstance(asked, int) and asked < len(rows):
        chance = asked / len(rows)
        random.Random(project.settings.discovery.seed).shuffle(rows)
        rows = rows[:asked]
    return ChosenRows(tuple(rows), withheld, chance)


def shown_rows(project: Project) -> tuple[list[Example], int]:
    """The pool rows that may be shown to whoever labels, and how many may not."""
    hidden = frozenset(project.manifest.withheld)
    rows = project.examples("pool")
    shown = [row for row in rows if row_hash(row.text, row.text_pair) not in hidden] if hidden else rows
    return shown, len(rows) - len(shown)


def _confident(project: Project, monitor: Monitor) -> frozenset[str]:
    found = project.discovered()
    from engine.discovery.pool_scoring import score_pool  # numpy
    from engine.model.model_registry import current_model

    scored = score_pool(project, current_model(project, monitor=monitor), monitor=monitor)
    sure = scored.scores.confidence >= found.tau
    return frozenset(row.id for row, is_sure in zip(scored.rows, sure, strict=True) if is_sure)
