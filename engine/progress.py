"""The progress and stopping protocol (`Monitor`) between long work and whoever watches it."""

from __future__ import annotations

from typing import Protocol


class Monitor(Protocol):
    """Receives progress of long work. Implementations decide where it goes and how often."""

    def step(self, stage: str, done: int, total: int, **facts: float | int | str) -> None:
        """Report ``done`` of ``total`` units of ``stage``; ``facts`` are figures such as ``loss=0.31``.

        Raises:
            Stopped: the owner of the work asked it to stop. Callers let it pass through.
        """

    def note(self, message: str) -> None:
        """Report one sentence worth keeping in the log."""


class Silent:
    """A monitor that drops everything."""

    def step(self, stage: str, done: int, total: int, **facts: float | int | str) -> None:
        """Drop it."""

    def note(self, message: str) -> None:
        """Drop it."""
