"""The app in a process of its own on a pseudo-terminal, for what no pilot can show: bytes, signals, times.

What is sent is drawn on pyte's emulator, so that tests read what a person would see; `output` has the bytes.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from codecs import getincrementaldecoder
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Self

import pyte

from tests import leftovers

REPOSITORY = Path(__file__).parents[1]
OPEN = "import sys; from tui.cli import main; sys.exit(main(['open', *sys.argv[1:]]))"
COLUMNS, LINES = 80, 24
# What pyte 0.8.2 would print: queries and the keyboard protocol of kitty.
_UNKNOWN_TO_PYTE = re.compile(r"\x1b\[[<>=][\d;]*[a-zA-Z]|\x1b\[\?\d+\$p|\x1b\[=\d+;\d+u")


class Picture:
    """What a terminal of 80 x 24 shows of what it is sent."""

    def __init__(self) -> None:
        self._screen = pyte.Screen(COLUMNS, LINES)
        self._stream = pyte.Stream(self._screen)

    def feed(self, text: str) -> None:
        """Draw."""
        self._stream.feed(_UNKNOWN_TO_PYTE.sub("", text))

    @property
    def lines(self) -> list[str]:
        """The lines, without colours."""
        return ["".join(self._screen.buffer[y][x].data for x in range(COLUMNS)).rstrip() for y in range(LINES)]

    @property
    def cells(self) -> list[list[pyte.screens.Char]]:
        """Every cell as it is seen: a blank has only a background, unless it is underlined, struck or reversed."""
        return [[_seen(self._screen.buffer[y][x]) for x in range(COLUMNS)] for y in range(LINES)]

    @property
    def cursor(self) -> tuple[int, int]:
        """Line and column."""
        return self._screen.cursor.y, self._screen.cursor.x


@lru_cache(maxsize=1024)  # 1,920 cells a look, mostly alike
def _seen(cell: pyte.screens.Char) -> pyte.screens.Char:
    blank = cell.data == " " and not (cell.underscore or cell.strikethrough or cell.reverse)
    return cell._replace(fg="default", bold=False, italics=False) if blank else cell


class Pty:
    """A terminal of 80 x 24 with a process in it. It is not the controlling one, so closing it sends no signal."""

    def __init__(self, command: Sequence[str], *, env: dict[str, str] | None = None) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        self.process = subprocess.Popen(
            list(command),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            cwd=REPOSITORY,
            env={
                "PATH": os.environ["PATH"],
                "TERM": "xterm-256color",
                "COLORTERM": "truecolor",
                "OMP_NUM_THREADS": "1",
                leftovers.NAME: leftovers.MARK,
                **(env or {}),
            },
        )
        os.close(slave)
        self.output = b""
        self._decoder = getincrementaldecoder("utf-8")(errors="replace")
        self.picture = Picture()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def send(self, data: bytes) -> None:
        """Type bytes; an app that has ended takes none."""
        while data:
            try:
                data = data[os.write(self._master, data[:1024]) :]
            except OSError:
                return
            while select.select([self._master], [], [], 0)[0] and self._take():
                pass

    def resize(self, columns: int, lines: int) -> None:
        """Give the terminal another size; the picture keeps its own."""
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGWINCH)

    @property
    def modes(self) -> list[object]:
        """How the terminal treats input and output now."""
        return termios.tcgetattr(self._master)

    def ends_within(self, seconds: float) -> bool:
        """Whether the process ends in that time; what it writes meanwhile is read."""
        try:
            self.status(seconds=seconds)
        except AssertionError:
            return False
        return True

    def sees(self, text: str, *, seconds: float = 60) -> None:
        """Wait until a line of the screen has this text."""
        deadline = time.monotonic() + seconds
        while not self.shows(text):
            assert time.monotonic() < deadline, f"not within {seconds} s: {text}\n" + "\n".join(self.picture.lines)
            if select.select([self._master], [], [], 0.1)[0] and not self._take():
                assert self.shows(text), f"ended without {text}\n" + "\n".join(self.picture.lines)

    def shows(self, text: str) -> bool:
        """Whether a line of the screen has this text now."""
        return any(text in line for line in self.picture.lines)

    def quiet(self, seconds: float) -> int:
        """Number of bytes written in that time."""
        count, end = len(self.output), time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if select.select([self._master], [], [], left)[0]:
                self._take()
        return len(self.output) - count

    def settle(self, seconds: float) -> None:
        """Read until nothing has come for so long and the app waits for input, not for its turn on a busy machine."""
        while self._take() if select.select([self._master], [], [], seconds)[0] else self._has_work():
            pass

    def answer(self, data: bytes, *, settled: float = 0.08) -> tuple[float, int]:
        """Type; seconds until the last byte of the answer, and how many bytes it has.

        An answer has ended when nothing has come for ``settled`` seconds; a key that is not answered within two
        seconds has no answer.
        """
        os.write(self._master, data)
        began = last = time.perf_counter()
        got: list[bytes] = []
        while select.select([self._master], [], [], settled if got else 2.0)[0]:
            got.append(os.read(self._master, 65536))
            last = time.perf_counter()
        self._draw(b"".join(got))
        return last - began, sum(map(len, got))

    @property
    def memory_mb(self) -> float:
        """Resident memory of the app."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))

    def hang_up(self) -> None:
        """Close the other end, as a lost connection does."""
        os.close(self._master)
        self._master = -1

    def status(self, *, seconds: float = 60) -> int:
        """Exit status once the process has ended; what it writes meanwhile is read."""
        deadline = time.monotonic() + seconds
        while self.process.poll() is None:
            assert time.monotonic() < deadline, f"still running after {seconds} s"
            if self._master >= 0 and select.select([self._master], [], [], 0.05)[0] and not self._take():
                break
        return self.process.wait(seconds)

    def close(self) -> None:
        """End it in any case."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        if self._master >= 0:
            os.close(self._master)

    def _has_work(self) -> bool:
        """Whether the process waits for a processor; not known where there is no /proc."""
        states = Path(f"/proc/{self.process.pid}/task").glob("*/stat")
        with contextlib.suppress(OSError):  # it ends meanwhile
            return any(state.read_text().rpartition(")")[2].split()[0] == "R" for state in states)
        return False

    def _take(self) -> bool:
        """Read what is there; whether the other end is still open."""
        try:
            data = os.read(self._master, 65536)
        except OSError:
            return False
        self._draw(data)
        return True

    def _draw(self, data: bytes) -> None:
        self.output += data
        self.picture.feed(self._decoder.decode(data))


class Terminal(Pty):
    """A terminal with the app in it."""

    def __init__(self, root: Path, *options: str, env: dict[str, str] | None = None) -> None:
        super().__init__([sys.executable, "-c", OPEN, str(root), "--annotator", "ann", *options], env=env)
