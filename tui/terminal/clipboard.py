"""Copying text out of a terminal: tmux's buffer, then the terminal's clipboard (OSC 52), then a file.

tmux drops OSC 52 by default, so inside tmux its own command comes first; ``-w`` lets tmux hand the text on to the
terminal. Nobody can tell whether a terminal obeyed OSC 52, so the answer says what was done and not more.
"""

from __future__ import annotations

import base64
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from engine.errors import FileError, StoreError
from engine.files import write_atomic

_OSC52_LIMIT = 74_994  # bytes of base64 that the strictest common terminals take
_NO_OSC52 = ("", "dumb", "linux", "unknown")
_TMUX_SECONDS = 2.0


def copy(text: str, *, write: Callable[[str], None] | None, file: Path) -> str:
    """Copy ``text`` and say how.

    Args:
        text: what to copy, as it is in the data.
        write: writes to the terminal; None if there is no terminal.
        file: where the text goes if nothing else works.

    Returns:
        One sentence for the user.

    Raises:
        StoreError: not even the file can be written.
    """
    data = text.encode("utf-8", "replace")
    if os.environ.get("TMUX") and _to_tmux(data):
        return "Copied to the tmux buffer; prefix ] pastes it."
    encoded = base64.b64encode(data).decode("ascii")
    if write is not None and os.environ.get("TERM", "") not in _NO_OSC52 and len(encoded) <= _OSC52_LIMIT:
        write(f"\x1b]52;c;{encoded}\x07")
        return "Sent to the terminal's clipboard by OSC 52; some terminals ignore it."
    try:
        write_atomic(file, data + b"\n")
    except FileError as error:
        problem = f"the text cannot be copied ({error.reason})"
        raise StoreError(problem, where=str(file), hint="free disk space") from error
    return f"Written to {file}: this terminal has no clipboard."


def _to_tmux(data: bytes) -> bool:
    command = ["tmux", "load-buffer", "-w", "-"]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=_TMUX_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
