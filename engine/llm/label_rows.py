"""Which rows of pool or proof an LLM is asked to label. Light: the model's scores are read only where asked for."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from engine.data.proof_rows import read_proof
from engine.errors import StoreError
from engine.progress import Monitor
from engine.project import Project
from engine.schema import Example, LabelledSplit
from engine.text import row_hash

CONFIDENT, ALL = "confident", "all"


@dataclass(frozen=True)
class ChosenRows:
    """The rows that are to be labelled, in their order.

    Attributes:
        rows: without those that are withheld. withheld: how many of the pool nearly equal a proof row: left out.
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


def choose_rows(project: Project, wanted: str, monitor: Monitor, split: LabelledSplit = "pool") -> ChosenRows:
    """The rows of a split that are asked for.

    Args:
        project: whose rows they are.
        wanted: ``all``; a number: so many at random, and a larger number holds those of a smaller one; ``confident``:
            those that the model of the round is sure of (confidence >= tau).
        monitor: told of rows scored, where their scores are not cached.
        split: where the rows are.

    Raises:
        StoreError: ``wanted`` is none of these.
        ProjectError: ``confident`` rows of the pool, and nothing has been discovered yet; or there is no proof split.
        ModelError: the model cannot be used.
        Stopped: from the monitor.
    """
    choice = checked_rows(wanted)
    rows, withheld = shown_rows(project, split)
    chance = None if choice == CONFIDENT else 1.0
    if choice == CONFIDENT:
        sure = _confident(project, monitor) if split == "pool" else _confident_held_out(project, rows, monitor)
        rows = [row for row in rows if row.id in sure]
    elif isinstance(choice, int) and choice < len(rows):
        chance = choice / len(rows)
        random.Random(project.settings.discovery.seed).shuffle(rows)
        rows = rows[:choice]
    return ChosenRows(tuple(rows), withheld, chance)


def shown_rows(project: Project, split: LabelledSplit) -> tuple[list[Example], int]:
    """The rows of a split that may be shown to an LLM that labels, and how many may not.

    Raises:
        ProjectError: there is no proof split.
    """
    if split == "proof":
        return read_proof(project), 0
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
    return frozenset(row for row, is_sure in zip(scored.rows.ids, sure, strict=True) if is_sure)


def _confident_held_out(project: Project, rows: Sequence[Example], monitor: Monitor) -> frozenset[str]:
    """As an audit counts them, with the settings' tau; it needs no discovery."""
    from engine.discovery.pool_scoring import score_held_out  # numpy
    from engine.model.model_registry import current_model

    scores = score_held_out(project, current_model(project, monitor=monitor), rows, monitor=monitor)
    sure = scores.confidence >= project.settings.discovery.tau
    return frozenset(row.id for row, is_sure in zip(rows, sure, strict=True) if is_sure)
