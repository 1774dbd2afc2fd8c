"""What a quick look found: `quick/ID.json`, made by `engine.proof.quick_look`. Light."""

from __future__ import annotations

from dataclasses import dataclass

from engine.proof.report_types import SpotEntry
from engine.schema import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class QuickSpot(SpotEntry):
    """A blind spot: how many UUs it has, and how many of them are right now."""

    rows: int
    right: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QuickArm(Record):
    """What one short training with the samples of an arm did.

    Attributes:
        trained_rows: samples and replayed train rows. uus, uus_right: all of the pool, and those that are right now.
        neighbours, neighbours_broken: rows beside UUs that were right, and those of them that are not any more.
        test_accuracy: before and after, 0..1; None without test rows.
    """

    arm: str
    samples: int
    trained_rows: int
    uus: int
    uus_right: int
    neighbours: int
    neighbours_broken: int
    test_rows: int
    test_accuracy: tuple[float | None, float | None]
    blind_spots: tuple[QuickSpot, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuickReport(Record):
    """A quick look. ``created``: ISO time, UTC. ``seconds``: that it took. ``sentence``: all of it in words."""

    id: str
    created: str
    seconds: float
    round: int
    model: str
    seed: int
    tau: float
    arms: tuple[QuickArm, ...]
    sentence: str
