"""Runs a program, tells its owner how it ended, and kills all that it has started once the owner is gone.

`python -I -S guard.py LIFE GRACE PROGRAM ARGUMENT...`, in a session of its own. The descriptor LIFE is one end of a
socket whose other end the owner holds: it closes with the owner, however that ends, and so does ours with us. The exit
status of the program goes through it as a decimal number, negative for a signal. The guard stays until the owner has
killed it with the whole process group, or is gone: what a program has started may outlive it. As there is a guard for
each program, it imports as little as it can.
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
    try:
        os.write(life, str(code).encode())
        os.read(life, 1)
    except OSError:  # the owner is gone
        pass
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3:])
