"""What is frozen of a closed blind spot, and when: at a promotion, of each that the arm and its promoted model closed.

Light. One file a blind spot, `suite/B1.json`; a later promotion that closes it again replaces it. The rule of
`engine.proof.closed` is applied to the stored predictions of the promoted model, so the suite holds right after a
promotion. Sources: CheckList's minimum functionality tests (Ribeiro et al. 2020, arXiv 2005.04118, section 2.2), with a
share that must hold instead of every row, as two trainings never agree on every row.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engine.data.pool_rows import pool_rows
from engine.errors import ProjectError
from engine.files import content_key, find_files, read_record, remove, write_json
from engine.ids import checked_id
from engine.project import Project
from engine.proof.arms import kinds_of
from engine.proof.proof_spec import read_spec
from engine.proof.report import content, learned
from engine.proof.report_closed import closed_spots
from engine.proof.report_types import Report, ReportArm
from engine.schema import Record, Sample

CaseOrigin = Literal["row", "sample"]

# Share of the samples that must be right: only those are frozen that the promoted model has learned.
SAMPLES_FLOOR = 0.8
# The same of the rows in files older than the counting of rows near a blind spot: all seeds had those rows right.
ROWS_FLOOR = 0.9
_BEFORE = "suite-before.json"  # in the folder of a round: the suite before the first promotion to it


@dataclass(frozen=True, slots=True)
class FrozenCase(Record):
    """A text, or a pair, and the label it must be given."""

    id: str
    origin: CaseOrigin
    text: str
    label: str
    text_pair: str | None = None


@dataclass(frozen=True, slots=True)
class FrozenSpot(Record):
    """A closed blind spot: which one, what closed it, and its cases.

    ``counted``: the cases are all its pool rows, and proof rows near it are asked for as well: those of its proof.
    False in older files.
    """

    id: str
    gold: str
    predicted: str
    round: int
    proof: str
    arm: str
    recipe: str
    cases: tuple[FrozenCase, ...]
    counted: bool = False


def suite_dir(project: Project) -> Path:
    """One file for each frozen blind spot."""
    return project.root / "suite"


def begin_round(project: Project, number: int) -> None:
    """Put the suite back to what it was before the first promotion to a round, and keep that if this is the first.

    So a promotion that is replaced, or was cut off by a kill, leaves nothing in the suite that its successor has not
    closed, and nothing of an earlier round is lost by it.

    Args:
        project: gets the files.
        number: of the round that is promoted to.

    Raises:
        ProjectError: a file of the suite is damaged.
        FileError: what was kept is damaged, or something cannot be written.
    """
    there, path = suite(project), project.round_dir(number) / _BEFORE
    try:
        hint = "delete it and promote again"
        before = read_record(path, lambda values: [FrozenSpot.from_json(value) for value in values], hint=hint)
    except FileNotFoundError:
        write_json(path, [spot.as_json() for spot in there])
        return
    for spot in before:
        if spot not in there:
            _write(project, spot)
    for name in {spot.id for spot in there} - {spot.id for spot in before}:
        remove(suite_dir(project) / f"{name}.json")


def freeze(project: Project, report: Report, arm: ReportArm, seed: int, samples: Iterable[Sample]) -> list[str]:
    """Freeze the blind spots that an arm closed and that its model of a seed closes by itself; return their ids.

    Args:
        project: gets the files.
        report: a finished proof.
        arm: its entry of the arm.
        seed: whose model is promoted.
        samples: of all teachers; those that the arm was trained on and that the model gets right are taken.
    """
    closed = closed_spots(report, *arm.group, seed)
    if not closed:
        return []
    kinds, right = kinds_of(arm.arm), learned(project, report, *arm.group, seed)
    kept = [one for one in samples if one.teacher.kind in kinds and content(one) in right]
    spec = read_spec(project.proofs_dir / checked_id("proof", report.id))
    spots = {spot.id: spot for spot in spec.blind_spots}
    pool = {row.id: row for row in pool_rows(project, spec.row_labels)}
    for spot in map(spots.__getitem__, closed):
        rows = [pool[row] for row in spot.ids]
        cases = [FrozenCase(row.id, "row", row.text, row.label, row.text_pair) for row in rows]
        cases += [
            FrozenCase(one.id, "sample", one.text, one.label, one.text_pair)
            for one in kept
            if one.blind_spot == spot.id
        ]
        found = FrozenSpot(
            spot.id,
            spot.gold,
            spot.predicted,
            report.round,
            report.id,
            *arm.group,
            cases=tuple(cases),
            counted=True,
        )
        _write(project, found)
    return list(closed)


def _write(project: Project, spot: FrozenSpot) -> None:
    write_json(suite_dir(project) / f"{checked_id('blind spot', spot.id)}.json", spot.as_json())


def frozen_keys(project: Project, ids: Iterable[str]) -> dict[str, str]:
    """Content key of what is frozen of each blind spot, by its id."""
    return {spot.id: content_key(spot.as_json()) for spot in suite(project) if spot.id in ids} if ids else {}


def suite(project: Project) -> list[FrozenSpot]:
    """All frozen blind spots, in the order of their numbers; empty before the first was closed.

    A damaged file is not passed over: what it guards would go unguarded, and nobody would be told.

    Raises:
        ProjectError: a file is damaged.
    """
    found = []
    for path in find_files(suite_dir(project), "*.json"):
        found.append(read_record(path, FrozenSpot.from_json, hint="restore it, or delete it and promote again"))
        if path.stem != checked_id("blind spot", found[-1].id):
            raise ProjectError("this file of the suite is of another blind spot", where=str(path), hint="delete it")
    return sorted(found, key=lambda spot: int(spot.id.lstrip("B")))


def suite_of_closed(project: Project) -> list[FrozenSpot]:
    """Those of the suite that the rule of `engine.proof.closed` closed: not what was frozen without proof rows.

    Raises:
        ProjectError: a file is damaged.
    """
    return [spot for spot in suite(project) if spot.counted]
