"""A program's process: lines in, lines out, each awaited for a limited time; nothing of it survives.

Between us and the program stands `engine.programs.guard`, which leads their process group.
"""

from __future__ import annotations

import os
import re
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from engine.child import surroundings
from engine.errors import FileError, ModelError
from engine.files import write_atomic
from engine.programs.guard import NOT_FOUND
from engine.text import visible

GRACE = 5.0  # seconds to end after the end of the input: a library of models may take two
_LOOKS_EVERY = 0.3  # seconds between two looks whether to go on
_LONGEST_LINE = 64 << 20  # bytes
_LONGEST_LOG = 1 << 20  # bytes of standard error that are kept: its end
_LONGEST_QUOTE = 200  # characters
_NO_MODULE = "No module named"
_IN_A_FOLDER = re.compile(r"^/\S*/(?=[^\s/]+: )")
_LONGEST_STATUS = 8  # bytes of a number
_GUARD = str(Path(__file__).with_name("guard.py"))


class ProgramEnded(ModelError):
    """A program ended, or was killed, before it had answered."""


def no_look() -> None:
    """Nobody wants to be asked whether to go on."""


class Process:
    """A program that runs.

    Args:
        name: of the program, for sentences.
        words: program and arguments.
        root: the project, in whose folder it works.
        log: where its standard error is kept if it fails.
        reads: False: its standard input is empty, and it is killed at once when its owner is gone.

    Raises:
        ModelError: it cannot be started.
    """

    def __init__(self, name: str, words: Sequence[str], *, root: Path, log: Path, reads: bool = True) -> None:
        self._name, self._words, self._root, self._log = name, words, root, log
        self._unsent, self._unread = b"", b""
        mine, theirs = socket.socketpair()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        self._life = mine
        grace = GRACE if reads else 0.0
        with theirs:
            try:
                self._process = subprocess.Popen(
                    [sys.executable, "-I", "-S", _GUARD, str(theirs.fileno()), str(grace), *words],
                    stdin=subprocess.PIPE if reads else subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=self._errors,
                    bufsize=0,
                    cwd=root,
                    env=surroundings(PYTHONUNBUFFERED="1")["env"],
                    pass_fds=[theirs.fileno()],
                    start_new_session=True,
                )
            except OSError as error:
                mine.close()
                self._errors.close()
                what = f"`{name}` cannot be started ({error.strerror})"
                raise ModelError(what, where=str(root), hint="correct that") from error
        assert self._process.stdout is not None
        self._out = self._process.stdout.fileno()
        self._in = None if self._process.stdin is None else self._process.stdin.fileno()
        for end in (self._out, self._in):
            if end is not None:
                os.set_blocking(end, False)
        self._ready = selectors.DefaultSelector()
        self._ready.register(self._out, selectors.EVENT_READ)
        self._ready.register(self._life, selectors.EVENT_READ)

    def ask(self, line: bytes, seconds: float, look: Callable[[], None] = no_look) -> bytes:
        """Write a line, and return the next one that it writes.

        Args:
            line: with its end.
            seconds: to wait for the whole of it.
            look: called now and then meanwhile; what it raises ends the wait.

        Raises:
            ProgramEnded: it has ended.
            ModelError: it takes too long, or its line has no end.
        """
        self._unsent += line
        return self._next_line(time.monotonic() + seconds, seconds, look)

    def run(self, seconds: float, hear: Callable[[bytes], None], look: Callable[[], None]) -> None:
        """Wait for its end, which must come with status 0, and give each line that it writes to ``hear``.

        Raises:
            ModelError: it takes too long, or ends in another way.
        """
        end = time.monotonic() + seconds
        with suppress(_WellEnded):
            while True:
                hear(self._next_line(end, seconds, look))

    def close(self) -> bool:
        """Let it end by itself, and kill it if it does not; whether it did."""
        ended = True
        if self._process.stdin is not None and self._process.returncode is None:
            with suppress(BrokenPipeError):
                self._process.stdin.close()
            self._life.settimeout(GRACE)
            try:
                self._life.recv(1)  # how it ended
            except TimeoutError:
                ended = False
        self.kill()
        return ended

    def kill(self) -> None:
        """Kill it with all that it has started."""
        self._end()
        self._errors.close()

    def _end(self) -> int:
        """Kill it; its status, as `subprocess` tells it."""
        reported = b""
        if self._process.returncode is None:  # so its id is not another's
            self._life.setblocking(False)
            with suppress(BlockingIOError):
                reported = self._life.recv(_LONGEST_STATUS)
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        status = int(reported or self._process.wait())
        self._process.wait()
        self._ready.close()
        self._life.close()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()
        return status

    def _next_line(self, end: float, seconds: float, look: Callable[[], None]) -> bytes:
        while True:
            line, newline, rest = self._unread.partition(b"\n")
            if newline:
                self._unread = rest
                return line
            if len(self._unread) > _LONGEST_LINE:
                raise self._failed(f"wrote {len(self._unread):,} bytes without the end of a line")
            look()
            if not self._exchange(end, seconds):
                raise self._ending()

    def _exchange(self, end: float, seconds: float) -> bool:
        """Write and read what can be; False: it has ended, and all that it wrote is read."""
        if self._in is not None and self._unsent:
            with suppress(KeyError):
                self._ready.register(self._in, selectors.EVENT_WRITE)
        left = end - time.monotonic()
        if left <= 0:
            what = "has not ended" if self._in is None else "has not answered"
            raise self._failed(f"{what} after {seconds:g} seconds")
        found = {key.fileobj for key, _ in self._ready.select(min(left, _LOOKS_EVERY))}
        if self._in in found:
            self._send()
        if self._out in found:
            return self._receive() or self._life not in found
        return self._life not in found

    def _send(self) -> None:
        assert self._in is not None
        try:
            self._unsent = self._unsent[os.write(self._in, self._unsent) :]
        except BrokenPipeError:  # it reads no more: its end, or the time, will tell
            self._unsent = b""
        if not self._unsent:
            self._ready.unregister(self._in)

    def _receive(self) -> bool:
        """Whether there was anything; at the end of its output there is nothing more to listen for."""
        with suppress(BlockingIOError):
            data = os.read(self._out, 1 << 16)
            if not data:
                self._ready.unregister(self._out)
            self._unread += data
            return bool(data)
        return False

    def _ending(self) -> Exception:
        status = self._end()
        if status == 0 and self._in is None:
            return _WellEnded()
        if status == NOT_FOUND:
            return self._failed("cannot be started")
        how = f"was ended by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
        return self._failed(how, kind=ProgramEnded, says_why=status > 0)

    def _failed(self, how: str, *, kind: type[ModelError] = ModelError, says_why: bool = False) -> ModelError:
        """The error that says it, with the last line of standard error, which is kept in the log.

        ``says_why``: that line is the reason, and stands first, as a line of the screen may have no room for more.
        """
        self._end()
        size = self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, size - _LONGEST_LOG))
        output = self._errors.read()
        self._errors.close()
        lines = output.decode(errors="replace").strip().splitlines()
        last = visible(lines[-1].strip())[:_LONGEST_QUOTE] if lines else ""
        what = f"`{self._name}` {how}" + (f" ({last})" if last else "")
        hint = "it said nothing on its standard error"
        if lines:
            try:
                write_atomic(self._log, output)
                hint = f"all of its standard error is in {self._log}"
            except FileError:  # a project that may only be read
                hint = "its standard error cannot be kept in this project"
        if last and says_why:
            # Without the folder of the program that wrote it: `/usr/bin/python3: No module named ...`
            last = _IN_A_FOLDER.sub("", last).removesuffix(".")
            what = f"{last} (`{self._name}` {how})"
            program, found = self._words[0], shutil.which(self._words[0])
            if _NO_MODULE in last and found and found != program:
                hint = (
                    f"install the module for {found}, which is `{program}` here, or name the Python that has it; {hint}"
                )
        return kind(what, where=str(self._root), hint=hint)


class _WellEnded(Exception):
    """It has done its work."""
