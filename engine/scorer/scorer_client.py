"""The app's end of the scorer process. Nothing here waits for it, so no key does.

The process is started by the first `start` or `ask`. If it ends by itself, the app is told, and the next `ask` starts
it again. It is not started a third time if it ends again before it has answered anything.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from engine.child import command, surroundings
from engine.scorer.protocol import Request, ScorerAnswer, ScorerState, line_of, read_reply

WORKER = command("engine.scorer.scorer_process")
_ATTEMPTS = 2
_TAIL_BYTES = 4096


class Scorer:
    """A scorer process and the way to it.

    Args:
        root: the project folder.
        tell: takes answers and states, in a thread of this object; must not wait.
    """

    def __init__(self, root: Path, tell: Callable[[ScorerAnswer | ScorerState], None]) -> None:
        self._root = root
        self._tell_owner = tell
        self._changed = threading.Condition(threading.RLock())
        self._process: subprocess.Popen[bytes] | None = None
        self._outbox: dict[str, Request] = {}
        self._number = 0
        self._wanted = False
        self._closed = False
        self._ended = 0
        """How often in a row it has ended without an answer."""
        self._thread: threading.Thread | None = None

    @property
    def pid(self) -> int | None:
        """The process, while it runs."""
        return self._process.pid if self._process is not None else None

    def start(self) -> None:
        """Let the process load the model, if it does not run yet."""
        self._wake()

    def ask(self, text: str, text_pair: str | None = None, *, place: str = "") -> int:
        """Ask for a verdict and return the id that its answer will have; it overtakes older requests of its place."""
        with self._changed:
            self._number += 1
            self._outbox[place] = Request(self._number, text, text_pair, place)
            number = self._number
            self._wake()
        return number

    def preview(self, blind_spot: str, author: str) -> int:
        """Ask which UUs of a blind spot would flip with an author's samples, and return the id of the answer."""
        with self._changed:
            self._number += 1
            self._outbox[f"preview {blind_spot}"] = Request(
                self._number, "", place=blind_spot, kind="preview", author=author
            )
            number = self._number
            self._wake()
        return number

    def close(self) -> None:
        """End the process; nothing is told any more."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def _wake(self) -> None:
        with self._changed:
            self._wanted = True
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._send, name="scorer", daemon=True)
                self._thread.start()
            self._changed.notify()

    def _tell(self, message: ScorerAnswer | ScorerState) -> None:
        with self._changed:
            if not self._closed:
                self._tell_owner(message)

    def _send(self) -> None:
        """Write requests as they come; whatever blocks, it is this thread that waits."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._wanted)
                process = self._process
                if self._closed:
                    break
                self._wanted = False
                requests = list(self._outbox.values())
                self._outbox.clear()
            if process is None and self._ended < _ATTEMPTS:
                process = self._spawn()
            if process is not None and process.stdin is not None:
                with contextlib.suppress(BrokenPipeError):  # its end is told by who reads its answers
                    process.stdin.write(b"".join(map(line_of, requests)))
                    process.stdin.flush()
        if process is not None and process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()

    def _spawn(self) -> subprocess.Popen[bytes] | None:
        errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed by who listens, to the end
        try:
            process = subprocess.Popen(
                [*WORKER, self._root.absolute()],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,  # ctrl+c in the terminal is meant for the app
                **surroundings(HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false"),
            )
        except OSError as error:
            errors.close()
            self._tell(ScorerState("failed", f"The scorer cannot be started ({error.strerror})."))
            return None
        with self._changed:
            self._process = process
        threading.Thread(target=self._listen, args=(process, errors), name="scorer answers", daemon=True).start()
        return process

    def _listen(self, process: subprocess.Popen[bytes], errors: IO[bytes]) -> None:
        assert process.stdout is not None
        with process.stdout, errors:
            for line in process.stdout:
                if not line.endswith(b"\n"):
                    break  # it was killed while it wrote
                reply = read_reply(line)
                if isinstance(reply, ScorerAnswer):
                    self._ended = 0
                self._tell(reply)
            status = process.wait()
            errors.seek(max(0, errors.seek(0, os.SEEK_END) - _TAIL_BYTES))
            last = errors.read().decode(errors="replace").strip().splitlines()[-1:]
        with self._changed:
            self._process = None
            self._ended += 1
            self._tell(ScorerState("failed", _ending(status, last, again=self._ended < _ATTEMPTS)))


def _ending(status: int, last: Sequence[str], *, again: bool) -> str:
    how = f"by {signal.Signals(-status).name}" if status < 0 else f"with status {status}"
    why = f" ({last[0]})" if last else ""
    then = "the next text starts it again" if again else "turn verdicts off and on to start it"
    return f"The scorer was ended {how}{why}; {then}."
