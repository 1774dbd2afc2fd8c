"""The only reader of proof rows.

An import contract lists who may read them: the proof run, its guards and its verification; the audit and its queues,
where people label rows; the LLM that labels rows for audits and verdicts; the import of labels, which needs their
ids; the export, where their labels are asked for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

import orjson

from engine.errors import ProjectError
from engine.files import lines_of_file
from engine.project import Project, rows_by_id
from engine.schema import UNLABELLED, Example

if TYPE_CHECKING:
    from engine.data.split_rows import SplitRows


def read_proof(project: Project) -> list[Example]:
    """All proof rows in file order, for scoring a finished model.

    Raises:
        ProjectError: the project has no proof split.
    """
    return [Example.from_json(orjson.loads(line)) for line in _lines(project)]


def proof_rows_on_disk(project: Project) -> SplitRows:
    """The same, each read from the disk when it is asked for.

    Raises:
        ProjectError: as `read_proof`.
    """
    from engine.data.split_rows import SplitRows  # numpy

    _refuse_without(project)
    return SplitRows.read(project.split_path("proof"), project.manifest.splits["proof"].size)


def proof_rows_to_label(project: Project, ids: Collection[str]) -> dict[str, Example]:
    """The proof rows that people are asked to label, or to decide on, by id: nobody but they sees them."""
    return rows_by_id(_lines(project), ids)


def judged_rows(project: Project, then: int | None = None) -> list[Example]:
    """The proof rows that have a label, in file order: those that models are judged on.

    Args:
        project: gives the split.
        then: how many proof rows there were when they were judged; None: all.

    Raises:
        ProjectError: the project has no proof split.
    """
    return [row for row in read_proof(project)[:then] if row.label != UNLABELLED]


def proof_row_ids(project: Project) -> frozenset[str]:
    """The ids of the proof rows; empty where there is no proof split."""
    return frozenset(row.id for row in read_proof(project)) if project.has_split("proof") else frozenset()


def _lines(project: Project) -> Iterator[bytes]:
    _refuse_without(project)
    return lines_of_file(project.split_path("proof"), project.manifest.splits["proof"].size)


def _refuse_without(project: Project) -> None:
    if not project.has_split("proof"):
        raise ProjectError(
            "the project has no proof split", where=str(project.root), hint="make a new one with `blindspot init`"
        )
