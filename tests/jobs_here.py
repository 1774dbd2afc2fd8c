"""Jobs done by the process of the test: one of their own imports torch and its libraries anew, 5 s of CPU.

For tests of what comes of a job. What its process does (its end, a kill, its locks) is tested with real ones, of some
kinds; that what the others import can be imported first, with nothing else there, is in `tests/test_imports.py`.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from engine.jobs import job_process, launch
from engine.jobs.spec import JobFiles
from engine.operations.job_kinds import KINDS


@contextmanager
def jobs_here() -> Iterator[None]:
    """A job that is started in the block has ended when its start returns; its files are as a process leaves them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(launch, "spawn", _run)
        yield


def _run(root: Path, files: JobFiles, lock: int, alive: int) -> None:
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        with files.log.open("a") as log, redirect_stdout(log), redirect_stderr(log):
            job_process.run(root.absolute(), files.folder.name, KINDS)
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
