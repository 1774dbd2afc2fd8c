"""Damaged files that were skipped when listing, each reported once.

Code that reads lists reports what it left out (`leave_out`); the command line and the app fetch the sentences (`take`).
"""

from __future__ import annotations

import threading

from engine.errors import BlindspotError

_lock = threading.Lock()
_told: set[str] = set()
_waiting: list[str] = []


def leave_out(error: BlindspotError) -> None:
    """Say that a file is left out, and why; what was said before is not said again."""
    sentence = f"Left out: {error}"
    with _lock:
        if sentence not in _told:
            _told.add(sentence)
            _waiting.append(sentence)


def take() -> list[str]:
    """What was left out since the last call, a sentence each."""
    with _lock:
        found = _waiting.copy()
        _waiting.clear()
    return found
