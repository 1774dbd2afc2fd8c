"""One monitor for all tests: it keeps what it is told and may ask the work to stop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.errors import Stopped


class Recorder:
    """A monitor that keeps everything.

    Args:
        stop: asked at each step, once that is kept, with its stage and how much of it is done; true stops the work.
    """

    def __init__(self, stop: Callable[[str, int], bool] = lambda stage, done: False) -> None:
        self._stop = stop
        self.steps: list[tuple[str, int, int, dict[str, Any]]] = []
        self.notes: list[str] = []

    def step(self, stage: str, done: int, total: int, **facts: float | int | str) -> None:
        """Keep it, and stop where that is wished."""
        self.steps.append((stage, done, total, facts))
        if self._stop(stage, done):
            raise Stopped

    def note(self, message: str) -> None:
        """Keep it."""
        self.notes.append(message)

    @property
    def stages(self) -> list[str]:
        """Every stage once, in the order in which they began."""
        return list(dict.fromkeys(stage for stage, *_ in self.steps))

    @property
    def trained(self) -> set[str]:
        """Stages in which a loss was seen: those that were not found finished."""
        return {stage for stage, _, _, facts in self.steps if "loss" in facts}
