"""The app in a process of its own on a pseudo-terminal, for what no pilot can show: bytes, signals, a lost line."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

REPOSITORY = Path(__file__).parents[3]
OPEN = "import sys; from tui.cli import main; sys.exit(main(['open', *sys.argv[1:]]))"


class Terminal:
    """A terminal of 80 x 24 with the app in it. It is not the controlling one, so closing it sends no signal."""

    def __init__(self, root: Path, *options: str, env: dict[str, str] | None = None) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-c", OPEN, str(root), "--annotator", "ann", *options],
            stdin=slave, stdout=slave, stderr=slave, start_new_session=True, cwd=REPOSITORY,
            env={"PATH": os.environ["PATH"], "TERM": "xterm-256color", "COLORTERM": "truecolor", **(env or {})},
        )  # fmt: skip
        os.close(slave)
        self.output = b""

    def send(self, data: bytes) -> None:
        """Type bytes."""
        os.write(self._master, data)

    def sees(self, text: str, *, seconds: float = 60) -> None:
        """Wait until this has been written since the last time."""
        wanted, deadline = text.encode(), time.monotonic() + seconds
        while wanted not in self.output:
            assert time.monotonic() < deadline, f"not within {seconds} s: {text}\n{self.output[-3000:]!r}"
            if select.select([self._master], [], [], 0.1)[0]:
                try:
                    self.output += os.read(self._master, 65536)
                except OSError:  # the process has ended
                    assert wanted in self.output, f"ended without {text}\n{self.output[-3000:]!r}"
        self.output = self.output.partition(wanted)[2]

    def quiet(self, seconds: float) -> int:
        """Number of bytes written in that time."""
        count, end = 0, time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if select.select([self._master], [], [], left)[0]:
                count += len(os.read(self._master, 65536))
        return count

    def hang_up(self) -> None:
        """Close the other end, as a lost connection does."""
        os.close(self._master)
        self._master = -1

    def status(self, *, seconds: float = 60) -> int:
        """Exit status once the process has ended; what it writes meanwhile is read."""
        deadline = time.monotonic() + seconds
        while self.process.poll() is None:
            assert time.monotonic() < deadline, f"still running after {seconds} s"
            if self._master >= 0 and select.select([self._master], [], [], 0.05)[0]:
                try:
                    self.output += os.read(self._master, 65536)
                except OSError:
                    break
        return self.process.wait(seconds)

    def close(self) -> None:
        """End it in any case."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        if self._master >= 0:
            os.close(self._master)
