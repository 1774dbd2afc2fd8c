"""What is frozen of a closed blind spot, and when: at a promotion, of each that the proven arm closed. Light.

One file a blind spot, `suite/B1.json`; a later promotion that closes it again replaces it. Sources: CheckList's minimum
functionality tests (Ribeiro et al. 2020, arXiv 2005.04118, section 2.2), with a share that must hold instead of every
row, as two trainings never agree on every row.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from engine.errors import ProjectError
from engine.files import read_json, write_json
from engine.project import Project
from engine.proof.arms import kinds_of
from engine.schema import Discovery, Record, Sample

Origin = Literal["row", "sample"]
ORIGINS: tuple[Origin, ...] = ("row", "sample")

# Share of the cases that must be right. Rows are frozen only where the models of all seeds had them right; samples are
# what the model was trained on, and not all of them were learned.
FLOORS: dict[Origin, float] = {"row": 0.9, "sample": 0.8}


@dataclass(frozen=True, slots=True)
class Case(Record):
    """A text, or a pair, and the label it must be given."""

    id: str
    origin: Origin
    text: str
    label: str
    text_pair: str | None = None


@dataclass(frozen=True, slots=True)
class FrozenSpot(Record):
    """A closed blind spot: which one, what closed it, and its cases."""

    id: str
    gold: str
    predicted: str
    round: int
    proof: str
    arm: str
    recipe: str
    cases: tuple[Case, ...]


def suite_dir(project: Project) -> Path:
    """One file for each frozen blind spot."""
    return project.root / "suite"


def freeze(
    project: Project, discovery: Discovery, report: dict[str, Any], arm: dict[str, Any], samples: Iterable[Sample]
) -> list[str]:
    """Freeze the blind spots that an arm closed; return their ids.

    Args:
        project: gets the files.
        discovery: of the round of the report; gives the rows.
        report: a finished proof.
        arm: its entry of the arm.
        samples: of all teachers; those that the arm was trained on are taken.
    """
    name = arm["arm"], arm["recipe"]
    kinds = kinds_of(arm["arm"])
    written = [one for one in samples if one.teacher.kind in kinds]
    frozen = []
    for spot in (report["pool"] or {"blind_spots": ()})["blind_spots"]:
        entry = next((one for one in spot["arms"] if (one["arm"], one["recipe"]) == name), None)
        if entry is None or not entry.get("closed"):
            continue
        rows = [discovery.predictions[row] for row in entry["right"] if row in discovery.predictions]
        cases = [Case(row.id, "row", row.text, row.label, row.text_pair) for row in rows]
        cases += [Case(one.id, "sample", one.text, one.label, one.text_pair)
                  for one in written if one.blind_spot == spot["id"]]  # fmt: skip
        found = FrozenSpot(spot["id"], spot["gold"], spot["predicted"], report["round"], report["id"], *name,
                           cases=tuple(cases))  # fmt: skip
        write_json(suite_dir(project) / f"{found.id}.json", found.as_json())
        frozen.append(found.id)
    return frozen


def suite(project: Project) -> list[FrozenSpot]:
    """All frozen blind spots, in the order of their numbers.

    Raises:
        ProjectError: none has been frozen yet, or a file is damaged.
    """
    found = []
    for path in suite_dir(project).glob("*.json"):
        try:
            found.append(FrozenSpot.from_json(read_json(path)))
        except (ValueError, KeyError, TypeError) as error:
            raise ProjectError("this file of the suite is damaged", where=str(path),
                               mend="restore it, or delete it and promote again") from error  # fmt: skip
    if not found:
        raise ProjectError("no blind spot has been closed yet, so there is nothing to check", where=str(project.root),
                           mend="promote a proven arm: what it closed is frozen then")  # fmt: skip
    return sorted(found, key=lambda spot: int(spot.id.lstrip("B")))
