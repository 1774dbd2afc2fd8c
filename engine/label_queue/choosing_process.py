"""What every process has that chooses rows while people label (`engine.label_queue.row_chooser`). Light.

It lives as long as its standard input is open, so it ends with who labels, however that ends. Of several for one queue
only one chooses, by a lock; the others wait for its end. It ends with 1 and a sentence on stderr when it cannot go on.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from engine.errors import BlindspotError
from engine.extras import missing_told
from engine.locks import acquire

NICENESS = 5  # after the app
_ASKS_EVERY = 1.0  # seconds, for the lock


def choose_while_labelled(work: Callable[[Path, str], None]) -> None:
    """Run the process: ``work`` is given the project folder and the queue's name, as the command line has them."""
    threading.Thread(target=_end_with_input, daemon=True).start()
    with contextlib.suppress(OSError):
        os.nice(NICENESS)
    try:
        with missing_told():
            work(Path(sys.argv[1]), sys.argv[2])
    except BlindspotError as error:
        print(error, file=sys.stderr, flush=True)
        os._exit(1)
    os._exit(0)  # the usual end is fatal while a thread reads


def wait_for_turn(root: Path, queue: str) -> None:
    """Return once no other process chooses for the queue; it is this one's turn until it ends."""
    while acquire(root / "queues" / f".{queue}.lock") is None:
        time.sleep(_ASKS_EVERY)


def _end_with_input() -> None:
    """End the process with its standard input: nobody labels any more. What was chosen is on the disk."""
    while sys.stdin.buffer.read(1):
        pass
    os._exit(0)
