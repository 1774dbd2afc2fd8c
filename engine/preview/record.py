"""Estimates as they were made, one file a person, and how far off they were once a real retrain has answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson

from engine.files import append_line, find_files, read_lines
from engine.project import Project
from engine.proof.report import reports
from engine.proof.report_types import PoolSpot, Report
from engine.schema import Record
from engine.teaching.authors import file_stem

_OWN_ARMS = ("human", "both", "all")  # arms that have a person's samples; the first there is answers an estimate


@dataclass(frozen=True, slots=True)
class Preview(Record):
    """One estimate.

    Attributes:
        time: when, in seconds since 1970. author: whose samples.
        blind_spot: which, with ``model_key`` naming the model in which it was found.
        samples: how many there were. rows: UUs of the blind spot. flips: how many of them are estimated to flip.
        right: estimated probability of the gold label (0..1) of each UU, by row id.
    """

    time: float
    author: str
    blind_spot: str
    model_key: str
    samples: int
    rows: int
    flips: int
    right: dict[str, float]


@dataclass(frozen=True, slots=True)
class CheckedPreview(Record):
    """An estimate beside what became of it: UUs that are right after the real retrain, a mean over its seeds."""

    preview: Preview
    arm: str
    flipped: float

    @property
    def error(self) -> float:
        """Estimated minus real, in UUs."""
        return self.preview.flips - self.flipped


def keep(project: Project, preview: Preview) -> None:
    """Append an estimate to its author's file, as one line."""
    path = project.previews_dir / f"{file_stem(preview.author)}.jsonl"
    append_line(path, orjson.dumps(preview.as_json()))


def previews(project: Project) -> list[Preview]:
    """All estimates, oldest first; a torn line is passed over."""
    found = []
    for path in find_files(project.previews_dir, "*.jsonl"):
        for line in read_lines(path):
            try:
                found.append(Preview.from_json(orjson.loads(line)))
            except ValueError:
                continue
    return sorted(found, key=lambda one: one.time)


def checked(project: Project, report: Report) -> list[CheckedPreview]:
    """For each blind spot the last estimate of each author before a proof, beside what that proof's retrain did.

    Empty where no estimate was made for the model that the round began with, or no arm has a person's samples.
    """
    found, pool = project.discovery(report.round), report.pool
    arm = next((name for name in _OWN_ARMS if any(entry.arm == name for entry in report.arms)), None)
    if found is None or pool is None or arm is None:
        return []
    made = datetime.fromisoformat(report.created).timestamp() - report.seconds
    last = {
        (one.blind_spot, one.author): one
        for one in previews(project)
        if one.model_key == found.model_key and one.time <= made
    }
    real = {spot.id: _flipped(spot, arm) for spot in pool.blind_spots}
    return [CheckedPreview(one, arm, real[spot]) for (spot, _), one in sorted(last.items()) if spot in real]


def _flipped(spot: PoolSpot, arm: str) -> float:
    """UUs of a blind spot that an arm gets right; of two recipes the better-known one, from scratch, stands first."""
    return next(entry.fixed for entry in spot.arms if entry.arm == arm)


def sentence(found: Sequence[CheckedPreview]) -> str:
    """What became of estimates, in one sentence; empty without any."""
    if not found:
        return ""
    each = ", ".join(f"{one.preview.blind_spot} {one.preview.flips} ({one.flipped:g})" for one in found)
    off = sum(abs(one.error) for one in found) / len(found)
    return (
        f"Estimated while writing, and in brackets what {found[0].arm} came to: {each}; {off:.1f} UUs off on average."
    )


def mean_error(project: Project) -> float | None:
    """Mean of how many UUs the estimates of this project were off, over its finished proofs; None before the first."""
    errors = [abs(one.error) for report in reports(project) for one in checked(project, report)]
    return sum(errors) / len(errors) if errors else None
