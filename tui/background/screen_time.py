"""Tells the clock of the person at the keyboard what they are at: the screen in front says, dialogs are part of it.

Only keys move it, so an app that is left alone sends and writes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.errors import BlindspotError

if TYPE_CHECKING:
    from engine.costs.active_time import ActiveTask, Clock, Task
    from tui.app import BlindspotApp

_TASKS: dict[str, Task] = {"evidence": "read", "describe": "teach", "review": "review", "pattern_test": "review"}


class ActiveTime:
    """The active time of the annotator of an app.

    Attributes:
        now: seconds of a clock that never goes back.
    """

    def __init__(self, app: BlindspotApp) -> None:
        self._app = app
        self._clock: Clock | None = None
        self.now: Callable[[], float] = time.monotonic

    def key(self) -> None:
        """A key was pressed; called before any screen sees it."""
        self._tell(lambda clock: clock.key(self._work))

    def pause(self) -> None:
        """The terminal has lost the focus."""
        self._tell(lambda clock: clock.pause(self._work))

    def resume(self) -> None:
        """The terminal has the focus again."""
        self._tell(lambda clock: clock.resume())

    def save(self) -> None:
        """Write what has come together."""
        self._tell(lambda clock: clock.save())

    @property
    def _work(self) -> ActiveTask | None:
        front = self._app.front
        task = _TASKS.get(front.NAME) if front is not None else None
        if front is None or task is None:
            return None
        return task, str(front.arguments().get("spot", ""))

    def _tell(self, told: Callable[[Clock], None]) -> None:
        workbench = self._app.workbench
        if workbench is None or workbench.project.read_only:
            return
        if self._clock is None:
            from engine.costs.active_time import Clock

            project, author = workbench.project, workbench.teaching.author
            path = project.time_dir / f"{workbench.teaching.store.stem}.jsonl"
            idle_after = project.settings.cost.idle_after
            self._clock = Clock(path, author, idle_after=idle_after, now=lambda: self.now())
        try:
            told(self._clock)
        except BlindspotError as error:
            self._app.refuse(error)
