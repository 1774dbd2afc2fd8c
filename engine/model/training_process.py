"""A process that trains what it is given, one after the other: `python -m engine.model.training_process ROOT THREADS`.

One JSON object a line. In: ``{"task": TrainingTask}``, ``{"stop": true}`` (the training at hand leaves a checkpoint).
Out: ``{"done", "total", "facts"}`` while it trains, and then one of ``{"made": true}``, ``{"stopped": true}`` and
``{"error": {"what", "where", "hint"}}``. When its input closes, as it does however its owner ends, it ends at once.
The training can then be continued from its last checkpoint.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import orjson

from engine.errors import BlindspotError, Stopped
from engine.model.training_task import TrainingTask
from engine.project import Project

_TELLS_EVERY = 0.25  # seconds


class _Owner:
    """Whoever has started this process, as a monitor (`engine.progress.Monitor`)."""

    def __init__(self, out: int) -> None:
        self._out = out
        self._told = 0.0
        self.tasks: SimpleQueue[TrainingTask] = SimpleQueue()
        self._stop = threading.Event()

    def listen(self) -> None:
        """Take in what is asked for, and end the process when nobody can ask any more."""
        for line in sys.stdin.buffer:
            message = orjson.loads(line)
            if "task" in message:
                self.tasks.put(TrainingTask.from_json(message["task"]))
            else:
                self._stop.set()
        os._exit(0)

    def tell(self, **what: Any) -> None:
        """Write a line; if nobody can read it, the owner is gone."""
        line = orjson.dumps(what) + b"\n"
        try:
            while line:
                line = line[os.write(self._out, line) :]
        except BrokenPipeError:
            os._exit(0)

    def step(self, stage: str, done: int, total: int, **facts: float | int | str) -> None:
        """Tell how far the training is."""
        now = time.monotonic()
        if now - self._told >= _TELLS_EVERY:
            self._told = now
            self.tell(done=done, total=total, facts=facts)
        if self._stop.is_set():
            raise Stopped

    def note(self, message: str) -> None:
        """Drop it: the owner has said what is trained, and on what."""


def main(root: str, threads: str) -> None:
    """Train until the input closes."""
    out = os.dup(1)
    os.dup2(2, 1)  # what a library prints goes to the log, not between the lines
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal: the owner gets it too, and says what to do
    owner = _Owner(out)
    threading.Thread(target=owner.listen, daemon=True).start()
    project = Project.open(Path(root), verify=False)  # the owner has just looked
    settings = project.settings
    project.settings = replace(settings, compute=replace(settings.compute, threads=int(threads)))
    while True:
        task = owner.tasks.get()
        try:
            task.run(project, owner)
        except Stopped:
            owner.tell(stopped=True)
        except BlindspotError as error:
            owner.tell(error={"what": error.what, "where": error.where, "hint": error.hint})
        else:
            owner.tell(made=True)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main(*sys.argv[1:])
