"""Runs a program, ends as it ends, and kills it with all that it has started once its owner is gone.

`python -I -S guard.py LIFE GRACE PROGRAM ARGUMENT...`, in a session of its own. The descriptor LIFE is one end of a
socket whose other end the owner holds: it closes with the owner, however that ends, and so does ours with us. As there
is a guard for each program, it imports as little as it can.
"""

import _thread
import os
import signal
import sys
import time

NOT_FOUND = 127
"""The status that says that the program could not be started, as shells have it."""


def _watch(life: int, grace: float) -> None:
    os.read(life, 1)
    time.sleep(grace)
    os.killpg(0, signal.SIGKILL)


def main(life: int, grace: float, program: list[str]) -> None:
    """Run the program; ``grace``: seconds that it has to end by itself once the owner is gone."""
    os.set_inheritable(life, False)
    restored = [signal.SIGPIPE, signal.SIGXFSZ]  # which Python ignores, and what it starts would inherit that
    try:
        child = os.posix_spawnp(program[0], program, os.environ, setsigdef=restored)
    except OSError as error:
        print(f"{program[0]}: {error.strerror}", file=sys.stderr)
        os._exit(NOT_FOUND)
    _thread.start_new_thread(_watch, (life, grace))
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code < 0:
        if -code != signal.SIGKILL:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3:])
