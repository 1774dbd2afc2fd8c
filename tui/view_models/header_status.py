"""The figures of the header."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HeaderStatus:
    """What the header says. ``uus`` leaves out rows marked label wrong or ambiguous; None before discovery."""

    project: str
    round: int = 1
    model: str = ""
    tau: float = 0.9
    uus: int | None = None
    done: int = 0
    total: int = 0
    job: str = ""
