"""The terminal driver: a bad byte, a closed terminal or a dead writer never costs the user their work.

Invariant: the input thread ends only when it is told to, or when the terminal is gone, and then the app is told.

Why this file exists (Textual 8.2.8): the stock driver decodes input strictly, so one byte that is not UTF-8 ends the
app (Textualize/textual#6456, #6668); at the end of its input it reads again at once, for ever, which is what happens
when the terminal is gone and SIGHUP is ignored; a write to a terminal that is gone kills the writer thread, after
which the app blocks on its queue; and alt+enter, as most terminals send it, is taken for enter. Remove the file, and
`driver_class` in app.py, once Textual does these four; tests/tui/app/test_terminal.py says when to look.
"""

from __future__ import annotations

import contextlib
import os
import selectors
from codecs import getincrementaldecoder
from typing import IO, TYPE_CHECKING, Any

from textual._parser import ParseError
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from tui.terminal.screen_diff import Delta

if TYPE_CHECKING:
    from textual.app import App

_READ_BYTES = 4096
_ALT_ENTER = ("\x1b\r", "\x1b[13;3u")  # as most terminals send it, and as Textual tells it from enter
_TICK_SECONDS = 0.1  # how long a lone escape waits to be told from the start of a sequence


class TerminalGone(Message):
    """Nothing can be read from the terminal any more, and nothing that is written will be seen."""


class _Forgiving:
    """The output file; what cannot be written because the terminal is gone is dropped."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def write(self, text: str) -> None:
        try:
            self._file.write(text)
        except OSError:
            self._let_go()

    def flush(self) -> None:
        try:
            self._file.flush()
        except OSError:
            self._let_go()

    def _let_go(self) -> None:
        """Send what is still in the buffer nowhere; else Python fails on it at its end and changes the exit status."""
        os.dup2(os.open(os.devnull, os.O_WRONLY), self._file.fileno())

    def fileno(self) -> int:
        return self._file.fileno()


class SteadyDriver(LinuxDriver):
    """Textual's driver for Linux and macOS, hardened at both ends."""

    def __init__(self, app: App[Any], **options: Any) -> None:
        super().__init__(app, **options)
        self._file: Any = _Forgiving(self._file)
        self._delta = Delta()

    def write(self, data: str) -> None:
        """Write what of data the terminal does not show yet."""
        size = self._app.size
        if left := self._delta.of(data, (size.width, size.height)):
            super().write(left)

    def forget(self) -> None:
        """Paint everything in full from now on: the terminal may show anything."""
        self._delta.forget()

    def run_input_thread(self) -> None:
        """Read input, decode it with replacement, and post what it means; end with the terminal."""
        parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")(errors="replace").decode
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                if selector.select(_TICK_SECONDS):
                    data = self._read()
                    if not data:
                        self._loop.call_soon_threadsafe(self._app.post_message, TerminalGone())
                        break
                    for event in parser.feed(decode(data).replace(*_ALT_ENTER)):
                        self.process_message(event)
                for event in parser.tick():
                    self.process_message(event)
        with contextlib.suppress(EOFError, ParseError):
            for _ in parser.feed(""):
                pass

    def _read(self) -> bytes:
        try:
            return os.read(self.fileno, _READ_BYTES)
        except OSError:  # EIO: the other end of the terminal has been closed
            return b""
