"""What the regression suite found in a model: `checks/KEY.json`, told by `blindspot check`. Light."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.errors import ProjectError
from engine.regression.frozen_spots import CaseOrigin
from engine.schema import Record
from engine.text import visible
from engine.wilson import wilson_bounds

CheckedRows = CaseOrigin | Literal["proof row, wrong before", "proof row, right before", "proof row near it"]
CheckStatus = Literal["holds", "open again", "nothing to check"]
CHECKED_ROWS: dict[CheckedRows, str] = {
    "row": "rows",
    "sample": "samples",
    "proof row, wrong before": "proof rows (wrong before)",
    "proof row, right before": "proof rows (right before)",
    "proof row near it": "proof rows (all near it)",
}
"""The sorts of rows that a model is checked on, in words."""
_COVERAGE = 0.95  # of the intervals told


@dataclass(frozen=True, slots=True)
class Wrong(Record):
    """A case that the model gets wrong, with what it says and how sure it is (0..1)."""

    id: str
    text: str
    text_pair: str | None
    label: str
    predicted: str
    confidence: float

    @property
    def sentence(self) -> str:
        """What the model says instead of the right label, and the text."""
        pair = f" | {self.text_pair}" if self.text_pair else ""
        said = f"{self.predicted} ({self.confidence:.3f}) instead of {self.label}"
        return f"{self.id}: {said}: {self.text}{pair}"


@dataclass(frozen=True, slots=True)
class PartCheck(Record):
    """What became of one sort of rows of a blind spot; ``floor``: share that must be right, ``holds``: whether it is.

    ``wrong`` stays empty for proof rows.
    """

    blind_spot: str
    origin: CheckedRows
    cases: int
    right: int
    floor: float
    holds: bool
    wrong: tuple[Wrong, ...] = ()

    @property
    def sentence(self) -> str:
        """How many are right, with a 95 % interval of that share, and how many must be."""
        low, high = wilson_bounds(self.right, self.cases, _COVERAGE)
        right = (
            f"{self.right} of {self.cases} {CHECKED_ROWS[self.origin]} right ({100 * low:.0f} to {100 * high:.0f} %)"
        )
        return f"{right}, at least {100 * self.floor:.0f} % must be{'' if self.holds else ': fails'}"


@dataclass(frozen=True, slots=True)
class CheckOutcome(Record):
    """What became of all closed blind spots. ``model`` and ``holds`` are None where there was nothing to check."""

    model: str | None
    status: CheckStatus
    holds: bool | None
    checked: tuple[PartCheck, ...]

    def why_open(self, spot_id: str) -> str:
        """What does not hold of a blind spot: a line for each sort of rows, below it those that are wrong.

        Empty where all holds. Proof rows are counted alone. Safe to print.

        Raises:
            ProjectError: this check did not ask about it.
        """
        parts = [one for one in self.checked if one.blind_spot == spot_id]
        if not parts:
            raise ProjectError(f"the check did not ask about {spot_id}", hint="check again: the suite has changed")
        failed = [one for one in parts if not one.holds]
        lines = [line for one in failed for line in (one.sentence, *(f"  {wrong.sentence}" for wrong in one.wrong))]
        return "\n".join(visible(line) for line in ([f"{spot_id} is open again", *lines] if lines else ()))


NOTHING = CheckOutcome(None, "nothing to check", None, ())
