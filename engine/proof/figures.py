"""Formatting of figures and intervals, with the same digits everywhere."""

from __future__ import annotations

from typing import Protocol


class Show(Protocol):
    """Writes a figure; ``sign`` puts + in front of a rise."""

    def __call__(self, value: float, *, sign: bool = False) -> str:
        """The figure as text."""


def count(value: float, *, sign: bool = False) -> str:
    """A number of rows, which is a fraction where it is a mean over seeds: ``268``, ``+105.7``."""
    return f"{value:{'+' if sign else ''}.1f}".removesuffix(".0")


def share(value: float, *, sign: bool = False) -> str:
    """A share of rows, or a score between 0 and 1: ``0.684``, ``-0.012``."""
    return f"{value:{'+' if sign else ''}.3f}"


def interval(show: Show, low: float, high: float) -> str:
    """Both ends of the interval of a change, with the digits of the change itself: ``-18.5 to -3.5``."""
    return f"{show(low, sign=True)} to {show(high, sign=True)}"


# Each metric of a report: its key, its name for people ({tau} filled in), and how it is written.
FIGURES: tuple[tuple[str, str, Show], ...] = (
    ("uu_at_matched_coverage", "UUs at matched coverage", count),
    ("uu_at_tau", "UUs at tau {tau:g}", count),
    ("coverage", "coverage at tau {tau:g}", share),
    ("accuracy", "accuracy", share),
    ("macro_f1", "macro-F1", share),
    ("ece", "calibration error (ECE)", share),
    ("aurc", "risk-coverage area (AURC)", share),
    ("excess_aurc", "its excess over the best", share),
)
