"""What was done on a screen and is not in the records yet: answers that are not handed in, ticks. Each can be undone.

Kept in memory for as long as the app runs. Knows nothing of the terminal.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Any, Literal

UndoWay = Literal["undo", "redo"]


@dataclass(frozen=True, slots=True)
class UndoStep:
    """One thing that was done.

    Attributes:
        screen, subject: name of the screen, and what it was about (the pattern of a test).
        note: what was done, in words.
        before, after: what the screen has to be given to put it back as it was, or to do it again.
        time: when it was done, undone or done again last (UTC, ISO 8601), as records have it.
    """

    screen: str
    subject: str
    note: str
    before: Any
    after: Any
    time: str


class UndoSteps:
    """All steps, each screen's in their order."""

    def __init__(self) -> None:
        self._lists: dict[UndoWay, list[UndoStep]] = {"undo": [], "redo": []}

    def did(self, screen: str, subject: str, note: str, before: Any, after: Any) -> None:
        """Remember a step; what was undone before it on that screen cannot be done again."""
        if before != after:
            self._lists["undo"].append(UndoStep(screen, subject, note, before, after, _now()))
            undone = self._lists["redo"]
            undone[:] = [step for step in undone if (step.screen, step.subject) != (screen, subject)]

    def last(self, way: UndoWay, screen: str, subject: str) -> UndoStep | None:
        """The last step of a screen that can be undone, or done again; None if there is none."""
        steps = reversed(self._lists[way])
        return next((step for step in steps if (step.screen, step.subject) == (screen, subject)), None)

    def take(self, way: UndoWay, step: UndoStep) -> Any:
        """Undo a step or do it again: what its screen has to be given."""
        self._lists[way].remove(step)
        self._lists["redo" if way == "undo" else "undo"].append(replace(step, time=_now()))
        return step.before if way == "undo" else step.after

    def drop(self, which: Callable[[UndoStep], bool]) -> None:
        """Forget steps: what they did has been handed in."""
        for steps in self._lists.values():
            steps[:] = [step for step in steps if not which(step)]


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")
