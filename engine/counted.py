"""Numbers of things in sentences. Light."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """The number with its noun, which takes an s unless there is one: ``1 row``, ``1,200 rows``."""
    return f"{number:,} {noun}{'s' * (number != 1)}"
