"""A pty of 80x24 with the app in it, for figures: when bytes come, and how many."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path
from types import TracebackType

SETTLED = 0.08  # seconds without a byte after which an answer is taken to be whole


class Screen:
    """The app over a project."""

    def __init__(self, root: Path) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tui", "open", str(root), "--annotator", "ann"], stdin=slave, stdout=slave,
            stderr=slave, start_new_session=True, env={**os.environ, "TERM": "xterm-256color", "HF_HUB_OFFLINE": "1"},
        )  # fmt: skip
        os.close(slave)

    def __enter__(self) -> Screen:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._master)

    def send(self, keys: str) -> None:
        """Type."""
        os.write(self._master, keys.encode())

    def until(self, text: str, *, seconds: float = 120.0) -> float:
        """Wait for a text; seconds until it came."""
        began, seen = time.perf_counter(), b""
        while text.encode() not in seen:
            if not select.select([self._master], [], [], began + seconds - time.perf_counter())[0]:
                raise TimeoutError(f"{text!r} did not come; there was {seen[-500:]!r}")
            seen = (seen + os.read(self._master, 65536))[-200_000:]
        return time.perf_counter() - began

    def answer(self, keys: str) -> tuple[float, int]:
        """Type; seconds until the last byte of the answer, and how many bytes it had."""
        self.send(keys)
        began = last = time.perf_counter()
        count = 0
        while select.select([self._master], [], [], SETTLED if count else 2.0)[0]:
            count += len(os.read(self._master, 65536))
            last = time.perf_counter()
        return last - began, count

    def settle(self, *, seconds: float = 1.0) -> None:
        """Read until nothing has come for so long."""
        self.quiet(0.0)
        while select.select([self._master], [], [], seconds)[0]:
            os.read(self._master, 65536)

    def quiet(self, seconds: float) -> int:
        """Bytes that come within that time."""
        count, end = 0, time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            if select.select([self._master], [], [], left)[0]:
                count += len(os.read(self._master, 65536))
        return count

    @property
    def memory_mb(self) -> float:
        """Resident memory of the app."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))
