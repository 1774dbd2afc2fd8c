"""Python processes as forks of the test's, which has imported what they will: the model libraries take 4 s of CPU.

For tests of what a process does and of how it ends. It is one as before: with an id, a session, a priority, a working
folder, variables, and an input and output of its own. What a new interpreter is beyond that is tested with some real
ones, as in `tests/tui/test_hostile_folder.py`; that what it imports can be imported first, in `tests/test_imports.py`.
"""

from __future__ import annotations

import atexit
import inspect
import os
import signal
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.forks import leave, stand_on

_PYTHON = [sys.executable, "-c"]


@contextmanager
def forked_processes() -> Iterator[None]:
    """A process that is started in the block is a fork if it is Python's and has its program as an argument."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subprocess, "Popen", _Forked)
        yield


class _Forked(subprocess.Popen):  # type: ignore[type-arg]
    """`subprocess.Popen`, whose only part of its own is how the process begins."""

    def _execute_child(self, *given: Any) -> None:
        begin = super()._execute_child  # type: ignore[misc]
        asked = inspect.signature(begin).bind(*given).arguments
        args = asked["args"]
        words: list[Any] = [args] if isinstance(args, str | bytes) else [*map(os.fspath, args)]
        if words[:2] != _PYTHON:
            begin(*given)
            return
        ends = [asked[name] for name in ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite")]
        self.pid = os.fork()
        if not self.pid:
            leave(lambda: _become(words[2:], asked))
        self._child_created = True
        self._close_pipe_fds(*ends)  # type: ignore[attr-defined]


def _become(words: list[str], asked: dict[str, Any]) -> None:
    """Be what a new interpreter is, as far as a fork can, and run the program."""
    atexit._clear()
    if asked["start_new_session"]:
        os.setsid()
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    given = (asked[name] for name in ("p2cread", "c2pwrite", "errwrite"))
    stand_on(*(standard if end == -1 else end for standard, end in enumerate(given)))
    _let_go({0, 1, 2, *asked["pass_fds"]})
    os.chdir(asked["cwd"] or ".")
    if asked["env"] is not None:
        os.environ.clear()
        os.environ.update(asked["env"])
    sys.argv[:] = ["-c", *words[1:]]
    sys.path.insert(0, "")
    warnings.filterwarnings("ignore", category=RuntimeWarning, module="runpy")  # what is run was imported before
    sys.modules["__main__"] = ModuleType("__main__")
    exec(words[0], vars(sys.modules["__main__"]))


def _let_go(kept: set[int]) -> None:
    """Hold nothing that the test has opened; the numbers stay taken, as objects of the test may still close them."""
    held = {int(entry.name) for entry in Path("/dev/fd").iterdir()} - kept
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in held - {nothing}:
        os.dup2(nothing, number, inheritable=False)
