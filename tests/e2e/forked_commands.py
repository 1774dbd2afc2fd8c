"""Commands as processes of other users, forked from one process that has imported the model libraries.

Importing them is most of what a job of a very small model costs, 6 s of CPU each; a fork has them. All else is as it is
when a shell starts a command: user, groups, umask, variables, a process of its own, and another one for each job.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import NoReturn, Self

from engine.files import open_append
from engine.jobs import job_process, launch
from engine.jobs.spec import JobFiles
from engine.operations.job_kinds import KINDS
from tests.forks import leave, stand_on
from tui.cli import main as command

LIBRARIES = ("sentence_transformers", "engine.proof.run", "engine.discovery.pipeline")


class ForkedCommands:
    """The process that forks; root's.

    Args:
        folder: empty; takes what commands print.
        python: that all users may run. env: the variables that it needs.
    """

    def __init__(self, folder: Path, python: str, env: dict[str, str]) -> None:
        self._printed = [str(folder / "out"), str(folder / "err")]
        started = [python, "-m", "tests.e2e.forked_commands"]
        self._process = subprocess.Popen(
            started, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=folder, env=env
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.communicate()
        assert self._process.returncode == 0

    def run(
        self, words: tuple[str, ...], *, user: int, group: int, umask: int, env: dict[str, str]
    ) -> subprocess.CompletedProcess[str]:
        """As `subprocess.run` does ``python -m tui`` with these words, in the root folder."""
        assert self._process.stdin
        assert self._process.stdout
        asked = {"user": user, "group": group, "umask": umask, "env": env, "words": words, "printed": self._printed}
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        status = int(self._process.stdout.readline())
        return subprocess.CompletedProcess(words, status, *(Path(path).read_text() for path in self._printed))


def main() -> None:
    """Fork a process for each line of the standard input, and print its exit status."""
    for library in LIBRARIES:
        import_module(library)
    launch.spawn = _fork_job
    gc.freeze()
    for line in sys.stdin:
        child = os.fork()
        if not child:
            _command(**json.loads(line))
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def _command(user: int, group: int, umask: int, env: dict[str, str], words: list[str], printed: list[str]) -> NoReturn:
    printed_to = (os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) for path in printed)
    stand_on(os.open(os.devnull, os.O_RDONLY), *printed_to)
    os.chdir("/")
    os.umask(umask)
    os.setgroups([])
    os.setgid(group)
    os.setuid(user)
    os.environ.clear()
    os.environ.update(env)
    leave(lambda: command(words))


def _fork_job(root: Path, files: JobFiles, lock: int, alive: int) -> None:
    """Stands in for the process that `engine.jobs.launch` starts."""
    if os.fork():
        return
    os.setsid()
    log = open_append(files.log)
    stand_on(os.open(os.devnull, os.O_RDONLY), log, log)
    leave(lambda: job_process.main([str(root.absolute()), files.folder.name, str(lock), str(alive)], KINDS))


if __name__ == "__main__":
    main()
