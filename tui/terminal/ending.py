"""What happens to a command that is asked to end: by `kill`, a shutdown or a closed terminal."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn


@contextmanager
def tidy_ending() -> Iterator[None]:
    """While the block runs, SIGTERM and SIGHUP raise `SystemExit` (128 + number), so that what was begun is tidied up.

    By default they end the process where it is, and its temporary files stay. A second one does that. What is ignored,
    as by `nohup`, stays ignored; apps have handlers of their own.
    """
    numbers = [number for number in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(number) is signal.SIG_DFL]
    if threading.current_thread() is not threading.main_thread():
        numbers = []  # Python sets handlers in the main thread alone

    def restore() -> None:
        for number in numbers:
            signal.signal(number, signal.SIG_DFL)

    def end(number: int, _: object) -> NoReturn:
        restore()
        raise SystemExit(128 + number)

    for number in numbers:
        signal.signal(number, end)
    try:
        yield
    finally:
        restore()
