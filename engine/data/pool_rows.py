"""Pool rows with the labels that count: where people have labelled a row, theirs stands above the split's. Light."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from engine.errors import ProjectError
from engine.project import Project
from engine.schema import UNLABELLED, Discovery, Example


def pool_rows(project: Project, labels: Mapping[str, str] | None = None) -> list[Example]:
    """All pool rows in file order; a row that nobody has labelled is `UNLABELLED`.

    Args:
        project: gives the split.
        labels: by row id the label that people agreed on; rows that are not in the pool are passed over.

    Raises:
        ProjectError: a label is not one of the project's.
    """
    rows = project.examples("pool")
    if not labels:
        return rows
    refuse_other_labels(project, (row.id for row in rows), labels)
    return [replace(row, label=labels[row.id]) if row.id in labels else row for row in rows]


def refuse_other_labels(project: Project, ids: Iterable[str], labels: Mapping[str, str]) -> None:
    """Return if each pool row has a label of the project, or none.

    Args:
        project: has the labels.
        ids: of all pool rows.
        labels: by row id the label that people agreed on; rows that are not in the pool are passed over.

    Raises:
        ProjectError: a label is not one of the project's.
    """
    for row in ids:
        if row in labels and labels[row] not in project.labels:
            raise ProjectError(
                f"pool row {row} was given the label `{labels[row]}`, which the project does not have",
                where=str(project.root),
                hint=f"label it again with one of {', '.join(project.labels)}",
            )


def known_labels(discovery: Discovery | None, labels: Mapping[str, str] | None = None) -> dict[str, str]:
    """By pool row id what people said: what the discovery of the round was made with, and what came since."""
    return {**(discovery.row_labels if discovery else {}), **(labels or {})}


def labelled(rows: Iterable[Example]) -> list[Example]:
    """Those of the rows that have a label."""
    return [row for row in rows if row.label != UNLABELLED]
