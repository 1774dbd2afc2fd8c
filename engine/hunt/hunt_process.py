"""The process that chooses rows while people label: `python -m engine.hunt.hunt_process ROOT QUEUE`.

It lives as long as its standard input is open, so it ends with who labels, however that ends. Of several only one
chooses, by a lock; the others wait for its end. It ends by itself when there is nothing left to choose, and with 1 and
a sentence on stderr when it cannot go on.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from pathlib import Path

from engine.errors import BlindspotError, StoreError
from engine.hunt.hunt_files import Hunt, find_hunt
from engine.locks import acquire
from engine.project import Project

NICENESS = 5  # after the app
_LOOKS_EVERY = 0.2  # seconds; a look is a stat of each author's file
_ASKS_EVERY = 1.0  # seconds, for the lock


def main(root: Path, name: str) -> None:
    """Choose rows until there are none left to choose.

    Raises:
        BlindspotError: it cannot go on.
    """
    threading.Thread(target=_end_with_input, daemon=True).start()
    with contextlib.suppress(OSError):
        os.nice(NICENESS)
    project = Project.open(root, verify=False)
    hunt = find_hunt(project, name)
    while acquire(project.root / "queues" / f".{hunt.file.spec.name}.lock") is None:
        time.sleep(_ASKS_EVERY)
    if hunt.rows.round != project.round:
        raise StoreError(
            "this hunt is for the model of an earlier round",
            where=str(hunt.file.path),
            hint="begin another with `blindspot hunt DIR`",
        )
    _choose(project, hunt)


def _choose(project: Project, hunt: Hunt) -> None:
    from engine.hunt.candidates import read_candidates  # not before the lock is there: what it imports takes memory
    from engine.hunt.hunting import BATCH, Hunting

    candidates = read_candidates(project.root, hunt.rows.key)
    if candidates is None:
        hint = "restore it from a copy, or begin another hunt with `blindspot hunt DIR`"
        raise StoreError("what this hunt chose among is damaged", where=str(hunt.file.path), hint=hint)
    hunting = Hunting(project, candidates)
    hunt.file.refresh()  # another process may have chosen before
    while hunting.left(hunt):
        if hunting.ahead(hunt) < BATCH:
            if not hunting.extend(hunt):
                return
        else:
            while not hunting.refresh():
                time.sleep(_LOOKS_EVERY)


def _end_with_input() -> None:
    """End the process with its standard input: nobody labels any more. What was chosen is on the disk."""
    while sys.stdin.buffer.read(1):
        pass
    os._exit(0)


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), sys.argv[2])
    except BlindspotError as error:
        print(error, file=sys.stderr, flush=True)
        os._exit(1)
    os._exit(0)  # the usual end is fatal while a thread reads
