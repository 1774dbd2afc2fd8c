"""Workers that die, fail or answer, for tests on Ray, where they are made in other processes."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from engine.errors import ModelError
from engine.progress import Monitor
from tests.waiting import until


class Oddly:
    """Says its process for each part; see `__call__` for the others. ``folder`` keeps what each part has been through.

    Args:
        folder: of files that tell how often a part was begun.
        monitor: of the loader.
    """

    def __init__(self, folder: Path, monitor: Monitor) -> None:
        self._folder = folder

    def __call__(self, part: str) -> int:
        """``once``: kills its process at the first try; ``always``: at each; ``refuse``, ``fault``: errors."""
        begun = self._folder / part
        first = not begun.exists()
        with begun.open("a") as out:
            out.write("x")
        if part == "always" or (part == "once" and first):
            os.kill(os.getpid(), signal.SIGKILL)
        if part == "refuse":
            raise ModelError("it is not to be", where="here", hint="let it be")
        if part == "fault":
            raise ZeroDivisionError("by nought")
        return os.getpid()

    def close(self) -> None:
        """Nothing."""


class Waits:
    """Keeps each part until there is a file ``go``, and says on which machine it was: the process of its raylet."""

    def __init__(self, folder: Path, monitor: Monitor) -> None:
        self._folder = folder

    def __call__(self, part: str) -> int:
        """Begin, say so in a file named by part and process, and wait."""
        (self._folder / f"{part}.{os.getpid()}").write_text(str(os.getppid()))
        until((self._folder / "go").exists, seconds=300)
        return os.getppid()

    def close(self) -> None:
        """Nothing."""
