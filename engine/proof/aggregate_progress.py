"""Combines the progress of many runs into one count of steps.

So whoever shows the time left shows that of the whole, not of the piece at hand.
"""

from __future__ import annotations

from engine.progress import Monitor


class AggregateProgress:
    """A monitor for the pieces of a whole of ``total`` units; passes everything on to ``inner``."""

    def __init__(self, inner: Monitor, total: int) -> None:
        self._inner = inner
        self._total = total
        self._before = 0
        self._units = 0
        self._stage = ""
        self._own_names = False

    def begin(self, stage: str, units: int, *, own_names: bool = False) -> None:
        """From here on steps belong to ``stage``, which is worth ``units``; what came before is done.

        ``own_names``: steps are told by their own names of the stage.
        """
        self._before += self._units
        self._stage, self._units, self._own_names = stage, units, own_names
        self._inner.step(stage, self._before, self._total)

    def step(self, stage: str, done: int, total: int, **facts: float | int | str) -> None:
        """Report progress within the stage at hand; its own name of it is dropped, unless it is to be told."""
        part = self._units * done // total if total else self._units
        self._inner.step(stage if self._own_names else self._stage, self._before + part, self._total, **facts)

    def note(self, message: str) -> None:
        """Pass it on."""
        self._inner.note(message)
