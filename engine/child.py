"""Starting our own modules as processes, so that nothing is ever imported from the current folder.

`python -m MODULE` looks there first, and it may be anybody's: an `orjson.py` in it would run. Python 3.11 has `-P`
against that; what is done here holds for 3.10 too. The process works in the root folder, as libraries read files of
the current folder as well (matplotlib its `matplotlibrc`).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from typing_extensions import TypedDict

COLLECT_AFTER = 50_000
"""Objects made between two collections of garbage: by Python's default of 700, importing the model libraries takes 12 %
longer (4.6 s instead of 5.2), as half a million objects that stay are looked through again and again."""
_START = (
    f"import gc; gc.set_threshold({COLLECT_AFTER}); "
    "import sys; '' in sys.path[:1] and sys.path.pop(0); sys.path.append(sys.argv.pop(1)); "
    "from runpy import run_module; run_module(sys.argv.pop(1), run_name='__main__', alter_sys=True)"
)


def command(module: str) -> tuple[str, ...]:
    """The command that runs a module of ours; its arguments follow."""
    return (sys.executable, "-c", _START, str(Path(__file__).parents[1]), module)


class Surroundings(TypedDict):
    """Working folder and environment of a process, as `subprocess` takes them."""

    cwd: str
    env: dict[str, str]


def surroundings(**variables: str) -> Surroundings:
    """``cwd`` and ``env`` of a process of ours: folders that the user named for modules are the same as here.

    Args:
        variables: to be set beside those of this process.
    """
    env = os.environ | variables
    if named := env.get("PYTHONPATH"):
        env["PYTHONPATH"] = os.pathsep.join(str(Path.cwd() / entry) for entry in named.split(os.pathsep))
    return {"cwd": "/", "env": env}


@contextmanager
def in_root_folder() -> Iterator[None]:
    """Work in the root folder for a while: around the import of a library that reads files of the current folder."""
    here = os.open(".", getattr(os, "O_PATH", os.O_RDONLY))
    try:
        os.chdir("/")
        yield
    finally:
        os.fchdir(here)
        os.close(here)
