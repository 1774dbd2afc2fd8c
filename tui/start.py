"""Where the command `blindspot` begins: ctrl-c while it is still loading ends it without a traceback."""

from __future__ import annotations

import signal


def main() -> int:
    """Run the command that the process was started with and return its exit status.

    Until it runs nothing is to be tidied up, so that ctrl-c may end the process where it is; it is `tidy_ending` that
    then makes it an exception, and after the command no more.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from tui.cli import main as run

    return run()
