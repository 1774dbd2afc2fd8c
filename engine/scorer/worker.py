"""The scorer process: `python -m engine.scorer.worker ROOT`, one JSON line a question, one an answer.

It answers the newest question of each kind; one that was overtaken while it worked is dropped. It never trains and
never downloads: a model that is not there yet is a sentence. It ends with its input.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from pathlib import Path
from typing import IO, Any

import orjson

from engine.errors import BlindspotError
from engine.model.library import current_model
from engine.progress import Silent
from engine.project import Project

NICE = 2  # typing comes first; more would let a background job, niced 10, slow the answer


class Inbox:
    """The newest question of each kind; a thread reads them as they come."""

    def __init__(self, source: IO[bytes]) -> None:
        self._news = threading.Condition()
        self._newest: dict[str, dict[str, Any]] = {}
        self._ended = False
        threading.Thread(target=self._read, args=(source,), daemon=True).start()

    def _read(self, source: IO[bytes]) -> None:
        for line in source:
            question = orjson.loads(line)
            with self._news:
                self._newest[question["kind"]] = question
                self._news.notify()
        os._exit(0)  # the app is gone: there is nobody to finish an answer for

    def next(self) -> dict[str, Any]:
        """Wait for a question."""
        with self._news:
            self._news.wait_for(lambda: self._newest)
            kind = "verdict" if "verdict" in self._newest else next(iter(self._newest))
            return self._newest.pop(kind)


def serve(root: Path, source: IO[bytes], sink: IO[bytes]) -> None:
    """Load the model and answer until the input ends."""

    def tell(**message: Any) -> None:
        sink.write(orjson.dumps(message) + b"\n")
        sink.flush()

    inbox = Inbox(source)
    tell(state="loading")
    try:
        project = Project.open(root, verify=False)  # the app has just verified it
        model = current_model(project, train=False, monitor=Silent())
        from engine.scorer.resident import Resident  # seconds, so not before there is a model

        resident = Resident.load(project, model)
    except BlindspotError as error:
        tell(state="failed", message=str(error))
        while True:
            inbox.next()
    resident.verdict("ready")  # the first pass allocates, and takes ten times as long as the others
    tell(state="ready", model=model.name, model_key=model.key)
    while True:
        question = inbox.next()
        try:
            tell(id=question["id"], kind=question["kind"], **resident.answer(question))
        except BlindspotError as error:
            tell(id=question["id"], kind=question["kind"], error=str(error))


def main() -> None:
    """Serve stdin and stdout."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # ctrl+c is typed into the app
    with contextlib.suppress(OSError):
        os.nice(NICE)
    sink = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    serve(Path(sys.argv[1]), sys.stdin.buffer, sink)


if __name__ == "__main__":
    main()
