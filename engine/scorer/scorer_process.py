"""The scorer process: `python -m engine.scorer.scorer_process ROOT`. It lives as long as its standard input is open.

So it ends with the app, however that ends. It writes states (`loading`, `ready`, `failed`) as they change, and one
answer a request. Requests are read while a model is loaded or a text is scored; one that was overtaken is not computed.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from engine.errors import BlindspotError
from engine.scorer.protocol import MessageKind, Request, ScorerAnswer, ScorerState, line_of, read_request

NICENESS = 5  # after the app, before background jobs


class Inbox:
    """The requests that wait: the newest of each place, oldest place first.

    Args:
        tell: takes the answers to requests that were overtaken.
    """

    def __init__(self, tell: Callable[[ScorerAnswer], None]) -> None:
        self._tell = tell
        self._waiting: dict[tuple[str, str], Request] = {}
        self._arrived = threading.Condition()

    def put(self, request: Request) -> None:
        """Let a request wait; an older one of its place is overtaken."""
        with self._arrived:
            old = self._waiting.get((request.kind, request.place))
            self._waiting[request.kind, request.place] = request
            self._arrived.notify()
        if old is not None:
            self._tell(ScorerAnswer(old.id, overtaken=True))

    def take(self) -> Request:
        """Wait for a request and take it out."""
        with self._arrived:
            self._arrived.wait_for(lambda: self._waiting)
            return self._waiting.pop(next(iter(self._waiting)))

    def waiting(self, kind: MessageKind) -> Iterator[Request]:
        """Take out the requests of a kind that wait now."""
        with self._arrived:
            keys = [key for key in self._waiting if key[0] == kind]
            requests = [self._waiting.pop(key) for key in keys]
        yield from requests


def read(source: IO[bytes], inbox: Inbox, tell: Callable[[ScorerAnswer], None]) -> None:
    """Put requests into the inbox until the input ends, and end the process with it: nobody waits for an answer."""
    for line in source:
        try:
            inbox.put(read_request(line))
        except ValueError as error:
            tell(ScorerAnswer(-1, error=f"{error}: {line.decode(errors='replace').strip()[:80]}"))
    os._exit(0)  # a model may be half loaded, and nothing is written to disk


def main(root: Path) -> None:
    """Load the model and answer for ever."""
    out = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # what a library prints is no answer
    lock = threading.Lock()

    def tell(message: ScorerAnswer | ScorerState) -> None:
        with lock:
            out.write(line_of(message))

    with contextlib.suppress(OSError):
        os.nice(NICENESS)
    inbox = Inbox(tell)
    threading.Thread(target=read, args=(sys.stdin.buffer, inbox, tell), daemon=True).start()
    from engine.scorer.resident import Resident  # after the reader has begun: the input may end meanwhile

    resident = Resident(root, tell)
    with contextlib.suppress(BlindspotError):
        resident.follow()  # before anybody asks

    def answer(request: Request) -> None:
        try:
            if request.kind == "verdict":
                tell(ScorerAnswer(request.id, resident.verdict(request.text, request.text_pair)))
                return
            for preview in resident.preview(request.place, request.author):
                for other in inbox.waiting("verdict"):  # somebody types on: they do not wait for all steps
                    answer(other)
                if preview is not None:
                    tell(ScorerAnswer(request.id, preview=preview))
        except BlindspotError as error:
            tell(ScorerAnswer(request.id, error=str(error)))

    while True:
        answer(inbox.take())


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]))
    except BrokenPipeError:  # who asked has gone
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(1)  # the usual end is fatal while the thread reads: SIGABRT, and its message hides the error
