"""The process that chooses rows, as who labels keeps it: started, watched and ended. Light."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from pathlib import Path
from typing import IO

from engine.child import command, surroundings
from engine.schema import QueueKind

WORKERS: dict[QueueKind, str] = {"hunt": "engine.hunt.hunt_process", "verdict": "engine.operations.verdict_process"}
"""The process of each kind of queue whose rows are chosen while people label."""
_TAIL_BYTES = 4096
_PATIENCE = 2.0  # seconds until a process that does not end with its input is killed


class RowChooser:
    """One process for one queue; what it chooses comes with the queue's file.

    Args:
        root: the project folder.
        queue: its name.
        kind: one of `WORKERS`.
    """

    def __init__(self, root: Path, queue: str, kind: QueueKind) -> None:
        self._told = False
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        try:
            self._process: subprocess.Popen[bytes] | None = subprocess.Popen(
                [*command(WORKERS[kind]), str(root.absolute()), queue],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                start_new_session=True,  # ctrl+c in the terminal is meant for the app
                **surroundings(),
            )
            self._why = ""
        except OSError as error:
            self._process, self._why = None, str(error.strerror)

    @property
    def pid(self) -> int | None:
        """The process, while it runs."""
        return self._process.pid if self.is_choosing and self._process else None

    @property
    def is_choosing(self) -> bool:
        """Whether further rows may come."""
        return self._process is not None and self._process.poll() is None

    def take_problem(self) -> str:
        """One sentence once the process has ended before its work was done; empty otherwise, and when it was told."""
        if self._told or self.is_choosing or (self._process is not None and self._process.returncode == 0):
            return ""
        self._told = True
        return f"No further rows are chosen ({self._reason()}); those that were chosen can be labelled."

    def close(self) -> None:
        """End the process."""
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
            try:
                self._process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:  # stopped, or the machine is very busy
                self._process.kill()
                self._process.wait()
        self._errors.close()

    def _reason(self) -> str:
        if self._process is None:
            return f"the process cannot be started: {self._why}"
        self._errors.seek(max(0, self._errors.seek(0, os.SEEK_END) - _TAIL_BYTES))
        last = self._errors.read().decode(errors="replace").strip().splitlines()[-1:]
        return last[0].rstrip(".") if last else f"the process ended with status {self._process.returncode}"


def row_chooser(root: Path, queue: str, kind: QueueKind) -> RowChooser | None:
    """The process for a queue, started; None: its rows are chosen already."""
    return RowChooser(root, queue, kind) if kind in WORKERS else None
