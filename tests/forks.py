"""Forks of a process of the tests, which end as an interpreter of their own would."""

from __future__ import annotations

import atexit
import os
import sys
import traceback
from collections.abc import Callable
from typing import NoReturn


def stand_on(*opened: int) -> None:
    """Make these descriptors, as many as there are, the standard input, output and error output of this process."""
    for standard, descriptor in enumerate(opened):
        os.dup2(descriptor, standard)
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        file = os.fdopen(number, mode, 1, closefd=False)
        setattr(sys, name, file)
        setattr(sys, f"__{name}__", file)


def leave(main: Callable[[], int | None]) -> NoReturn:
    """End the process with it and what it does last; without a tidying up of the libraries, which takes 0.2 s."""
    status = 1
    try:
        status = main() or 0
    except SystemExit as end:
        if end.code is not None and not isinstance(end.code, int):
            print(end.code, file=sys.stderr)
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
