"""How an arm's rows become a model: the recipes, each with its source. Light: the app shows them.

Every arm of a recipe is trained for the same number of steps, so that none gains by being trained longer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Recipe:
    """One way of training.

    Attributes:
        name: as in commands and reports. says: what it does, for people. source: where it comes from.
        start: ``base``: where the first model began, with all train rows; ``current``: the round's model, with some.
        passes: over rows; 0: as the settings say for that start.
        weight: how often each sample counts in a pass.
        keep: pool rows that are no UUs are kept as the start says, their labels unread.
        smoothing, average: see `engine.model.plan.TrainingPlan`.
        head_only: the body stays as it is.
    """

    name: str
    says: str
    source: str
    start: Literal["base", "current"]
    passes: int = 0
    weight: int = 1
    keep: bool = False
    smoothing: float = 0.0
    average: float = 1.0
    head_only: bool = False
