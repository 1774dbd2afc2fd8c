"""What happens to a command that is asked to end: by ctrl-c, `kill`, a shutdown or a closed terminal."""

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
    as by `nohup`, stays ignored; apps have handlers of their own. SIGINT raises `KeyboardInterrupt`, as everywhere in
    Python but before and after a command (`tui.start`).
    """
    endings = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
    numbers = [number for number in endings if signal.getsignal(number) is signal.SIG_DFL]
    if threading.current_thread() is not threading.main_thread():
        numbers = []  # Python sets handlers in the main thread alone

    def restore() -> None:
        for number in numbers:
            signal.signal(number, signal.SIG_DFL)

    def end(number: int, _: object) -> NoReturn:
        restore()
        raise SystemExit(128 + number)

    for number in numbers:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else end)
    try:
        yield
    finally:
        restore()
