"""Workers of pytest-xdist that are forks of one process, which has imported the tests and the libraries.

A worker with an interpreter of its own imports them anew: 7 s of CPU before its first test, a fork 0.8. All else is as
execnet does it: a process for each, spoken to through its standard input and output.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from execnet import gateway_io
from execnet.gateway_base import Popen2IO, get_execmodel

from tests import leftovers
from tests.forks import leave, stand_on


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config, specs: list[Any]) -> None:
    """Import what is to be tested, and fork the workers while no other thread runs Python here."""
    for module in _modules(config):
        with suppress(Exception, pytest.skip.Exception):  # the workers come to it again, and tell it
            import_module(module)
    gc.freeze()
    forks: list[_Fork] = []
    for _ in specs:
        forks.append(_Fork(forks))
    started = gateway_io.Popen2IOMaster
    # One that takes the place of a worker that has crashed is started as usual.
    gateway_io.Popen2IOMaster = lambda *given: forks.pop(0) if forks else started(*given)  # type: ignore[assignment, misc]


def _modules(config: pytest.Config) -> Iterator[str]:
    """The modules of tests that pytest was asked for."""
    left_out = config.getini("norecursedirs")
    for word in config.args:
        path = Path(config.invocation_params.dir, word.partition("::")[0])
        for file in [path] if path.is_file() else sorted(path.rglob("*.py")):
            name = file.relative_to(config.rootpath).with_suffix("").parts
            if (name[-1].startswith("test_") or name[-1] == "conftest") and not set(left_out) & set(name):
                yield ".".join(name)


class _Fork(Popen2IO):
    """A worker, as execnet knows the ones that it starts.

    Args:
        others: that were forked before, whose ends of pipes are not this one's.
    """

    def __init__(self, others: list[_Fork]) -> None:
        its_input, asked = os.pipe()
        answers, its_output = os.pipe()
        self._pid = os.fork()
        if not self._pid:
            for one in others:
                one.close_read()
                one.close_write()
            os.close(asked)
            os.close(answers)
            stand_on(its_input, its_output)
            os.close(its_input)
            os.close(its_output)
            leave(_work)
        os.close(its_input)
        os.close(its_output)
        super().__init__(os.fdopen(asked, "wb"), os.fdopen(answers, "rb"), get_execmodel("main_thread_only"))

    def wait(self) -> int | None:
        """Wait for its end."""
        with suppress(ChildProcessError):
            os.waitpid(self._pid, 0)
        return None

    def kill(self) -> None:
        """End it."""
        os.kill(self._pid, signal.SIGKILL)


def _work() -> None:
    """Do what execnet asks of the processes that it starts."""
    sys.argv = ["-c"]
    leftovers.new_mark()
    exec(eval(sys.stdin.readline()), {"__name__": "__main__"})
