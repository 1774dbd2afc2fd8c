"""The process of a guest: `python -m tui.guest_process WORDS` runs `blindspot WORDS` on the terminal that it is given.

That terminal becomes the one that controls the process, so a hang-up or a change of its size reaches the app by
signals, as from a terminal that a person sits at. `tui.web` starts it, with the variable of `engine.guest`.
"""

from __future__ import annotations

import fcntl
import sys
import termios

from tui.cli import main

if __name__ == "__main__":
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    sys.exit(main(sys.argv[1:]))
