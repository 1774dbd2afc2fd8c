"""Processes that a test started and left running. Jobs leave their session and their parent, so they bear a mark."""

from __future__ import annotations

import os
import secrets
import signal
from contextlib import suppress
from pathlib import Path

NAME = "BLINDSPOT_TESTS"
MARK = ""
_HELPER = b"multiprocessing.resource_tracker"  # of a library in pytest itself; ends with it


def new_mark() -> None:
    """A mark of this process of pytest, for all that it will start: others test beside it."""
    global MARK
    MARK = os.environ[NAME] = f"{os.getpid()}-{secrets.token_hex(4)}"


def bearers() -> dict[int, str]:
    """Process id and command line of all that bear the mark, but for this process; empty where there is no /proc."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended meanwhile, or is another user's
            variables = (folder / "environ").read_bytes().split(b"\0")
            line = (folder / "cmdline").read_bytes()
            if f"{NAME}={MARK}".encode() in variables and line and _HELPER not in line:
                found[int(folder.name)] = line.replace(b"\0", b" ").decode(errors="replace").strip()
    found.pop(os.getpid(), None)
    return found


def end(processes: dict[int, str]) -> None:
    """Kill them."""
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
