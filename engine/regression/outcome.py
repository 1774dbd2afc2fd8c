"""What the regression suite found in a model: `checks/KEY.json`, told by `blindspot check`. Light."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.regression.frozen_spots import CaseOrigin
from engine.schema import Record

Asked = CaseOrigin | Literal["proof row, wrong before", "proof row, right before", "proof row near it"]
CheckStatus = Literal["holds", "open again", "nothing to check"]


@dataclass(frozen=True, slots=True)
class Wrong(Record):
    """A case that the model gets wrong, with what it says and how sure it is (0..1)."""

    id: str
    text: str
    text_pair: str | None
    label: str
    predicted: str
    confidence: float


@dataclass(frozen=True, slots=True)
class PartCheck(Record):
    """What became of one sort of rows of a blind spot; ``floor``: share that must be right, ``holds``: whether it is.

    ``wrong`` stays empty for proof rows.
    """

    blind_spot: str
    origin: Asked
    cases: int
    right: int
    floor: float
    holds: bool
    wrong: tuple[Wrong, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome(Record):
    """What became of all closed blind spots. ``model`` and ``holds`` are None where there was nothing to check."""

    model: str | None
    status: CheckStatus
    holds: bool | None
    checked: tuple[PartCheck, ...]


NOTHING = Outcome(None, "nothing to check", None, ())
