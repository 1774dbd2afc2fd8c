"""What reading users' files says while it is at work, and what it notes for the end."""

from __future__ import annotations

import time

from tui.terminal.printing import RewrittenLine

_SECONDS = 0.5  # between two steps that are shown


class Told:
    """Keeps what the work notes; shows its step on stderr if that is a terminal."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self._line = RewrittenLine()
        self._shown = ("", 0.0)

    def step(self, stage: str, done: int, total: int, **facts: float | int | str) -> None:
        """Show the step in place of the last: each stage, and twice a second how far it is."""
        before, at = self._shown
        if stage == before and time.monotonic() - at < _SECONDS:
            return
        self._shown = (stage, time.monotonic())
        rows = facts.get("rows")
        self._line.show(f"{stage}: {rows:,} rows" if rows else f"{stage} ...")

    def note(self, message: str) -> None:
        """Keep it for the end."""
        self.notes.append(message)

    def clear(self) -> None:
        """Leave no step on the screen."""
        self._line.clear()
