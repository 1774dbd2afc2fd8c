"""The app's end of the scorer process: starts it, sends it the newest question, hands on what it says.

The process is a child: it ends when its input does, so it never outlives the app, however that dies. A question that
was overtaken before it was sent is never sent. Nothing here waits: reading and writing have a thread each.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

Message = dict[str, Any]

ENDED = "the scorer has ended unexpectedly; the next change starts it again"
GAVE_UP = "the scorer ended twice in a row; leave this screen and come back to try again"


class Scorer:
    """A scorer process of one project.

    Args:
        root: the project folder.
        tell: called from a thread of its own with every message: ``{"state": "loading" | "ready" | "failed" | "ended",
            "message": ...}`` about the process, else the answer to a question with its ``id``.
    """

    def __init__(self, root: Path, tell: Callable[[Message], None]) -> None:
        self._root = root
        self._tell = tell
        self._process: subprocess.Popen[bytes] | None = None
        self._wanted = threading.Condition()
        self._questions: dict[str, Message] = {}
        """The newest question of each kind that is not sent yet."""
        self._number = 0
        self._failures = 0
        """How often in a row the process ended without an answer."""

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def ask(self, kind: str, **question: Any) -> int:
        """Ask, and return the number of the answer; it does not come if a newer question of the kind overtakes it.

        Starts the process if there is none; one that ended twice in a row without an answer is not started again.
        """
        with self._wanted:
            self._number += 1
            self._questions[kind] = {"kind": kind, "id": self._number, **question}
            self._launch()
            self._wanted.notify_all()
            return self._number

    def start(self) -> None:
        """Start the process if there is none, so that the model is there when it is asked."""
        with self._wanted:
            self._launch()

    def close(self) -> None:
        """End the process; the next question starts another, with the model that is current then."""
        with self._wanted:
            process, self._process = self._process, None
            self._failures = 0
            self._wanted.notify_all()
        if process is not None:
            process.kill()
            process.wait()

    def _launch(self) -> None:
        if self._process is not None or self._failures >= 2:
            return
        command = [sys.executable, "-m", "engine.scorer.worker", str(self._root)]
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0
        )
        self._process = process
        for work in (self._write, self._read):
            threading.Thread(target=work, args=(process,), daemon=True).start()

    def _write(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        while True:
            with self._wanted:
                self._wanted.wait_for(lambda: self._questions or self._process is not process)
                if self._process is not process:
                    process.stdin.close()
                    return
                question = self._questions.pop(next(iter(self._questions)))
            try:
                process.stdin.write(orjson.dumps(question) + b"\n")
            except OSError:
                return  # it has died; its reader tells

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        with process.stdout as lines:
            for line in lines:
                message: Message = orjson.loads(line)
                if "id" in message:
                    self._failures = 0
                if self._process is process:
                    self._tell(message)
        process.wait()
        with self._wanted:
            if self._process is not process:
                return  # it was closed
            self._process = None
            self._failures += 1
            self._wanted.notify_all()
        self._tell({"state": "ended", "message": ENDED if self._failures < 2 else GAVE_UP})
