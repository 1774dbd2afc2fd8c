"""A process on a pseudo-terminal of its own; it lives no longer than whoever looks at it.

The server holds the other end of the terminal. When that is closed, by the server or by the kernel after the server
was killed, the process gets a hang-up, upon which the app saves and ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import pty
import signal
import struct
import termios
from asyncio.subprocess import Process
from collections.abc import Callable

from engine.child import command, surroundings
from engine.guest import VARIABLE

_READ_BYTES = 65_536
_PATIENCE = 10.0  # seconds to save and end after a hang-up
_LFLAG = 3
# Of the terminal that the server was started in, not of the guest's.
_NOT_THEIRS = (
    *("TMUX", "TMUX_PANE", "STY", "WINDOW", "TERM_PROGRAM", "TERM_PROGRAM_VERSION", "COLUMNS", "LINES"),
    *("DISPLAY", "WAYLAND_DISPLAY", "SSH_TTY", "SSH_CONNECTION", "SSH_CLIENT", "SSH_AUTH_SOCK"),
)


class TerminalProcess:
    """A guest's `blindspot` on a terminal. Made by `start`."""

    def __init__(self, master: int, process: Process) -> None:
        self._master = master
        self._process = process

    @classmethod
    async def start(cls, words: list[str], *, columns: int, lines: int) -> TerminalProcess:
        """Run `blindspot` with these words.

        Raises:
            OSError: the system has no more terminals or processes to give.
        """
        master, slave = pty.openpty()
        try:
            _resize(master, columns, lines)
            # Until the app has taken the terminal over: no key is echoed, and none stops or kills the process.
            modes = termios.tcgetattr(slave)
            modes[_LFLAG] &= ~(termios.ECHO | termios.ICANON | termios.ISIG | termios.IEXTEN)
            termios.tcsetattr(slave, termios.TCSANOW, modes)
            os.set_blocking(master, False)
            around = surroundings(TERM="xterm-256color", COLORTERM="truecolor", **{VARIABLE: "1"})
            for name in _NOT_THEIRS:
                around["env"].pop(name, None)
            process = await asyncio.create_subprocess_exec(
                *command("tui.guest_process"),
                *words,
                stdin=slave,
                stdout=slave,
                stderr=slave,
                start_new_session=True,
                **around,
            )
        except BaseException:
            os.close(master)
            raise
        finally:
            os.close(slave)
        return cls(master, process)

    async def read(self) -> bytes:
        """What it has written since; empty once it has ended."""
        while True:
            try:
                return os.read(self._master, _READ_BYTES)
            except BlockingIOError:
                await _when(asyncio.get_running_loop().add_reader, self._master)
            except OSError:  # EIO: the other end is closed
                return b""

    async def write(self, data: bytes) -> None:
        """Type; waits while it reads nothing, and is lost on one that has ended."""
        while data:
            try:
                data = data[os.write(self._master, data) :]
            except BlockingIOError:
                await _when(asyncio.get_running_loop().add_writer, self._master)
            except OSError:
                return

    def resize(self, columns: int, lines: int) -> None:
        """Give the terminal another size."""
        with contextlib.suppress(OSError):
            _resize(self._master, columns, lines)

    async def hang_up(self) -> None:
        """Close the terminal and wait until the process has ended, if need be by force."""
        if self._master >= 0:
            loop = asyncio.get_running_loop()
            loop.remove_reader(self._master)
            loop.remove_writer(self._master)
            os.close(self._master)
            self._master = -1
        try:
            await asyncio.wait_for(self._process.wait(), _PATIENCE)
        except asyncio.TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            await self._process.wait()


async def _when(watch: Callable[..., object], descriptor: int) -> None:
    """Wait until a descriptor can be read, or written to."""
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    stop = loop.remove_reader if watch == loop.add_reader else loop.remove_writer

    def tell() -> None:
        if not ready.done():
            ready.set_result(None)

    watch(descriptor, tell)
    try:
        await ready
    finally:
        stop(descriptor)


def _resize(master: int, columns: int, lines: int) -> None:
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
