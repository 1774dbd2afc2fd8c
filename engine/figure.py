"""A number that may be unknown, with the reason; arithmetic on it carries the reason along."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.schema import Record


@dataclass(frozen=True, slots=True)
class Figure(Record):
    """A number, or None with the reason. Where there is a number, ``why`` says what it leaves out, if anything."""

    value: float | None
    why: str = ""

    def times(self, factor: float) -> Figure:
        """A multiple of it."""
        return self if self.value is None else Figure(self.value * factor, self.why)

    def over(self, count: float | None, why: str) -> Figure:
        """It, divided; ``why`` is the reason if there is nothing to divide by."""
        if self.value is None:
            return self
        return Figure(self.value / count, self.why) if count is not None and count > 0 else unknown(why)


def unknown(why: str) -> Figure:
    """No number, and why."""
    return Figure(None, why)


def total(figures: Iterable[Figure]) -> Figure:
    """The sum; unknown as soon as a part of it is, for the reasons of those parts."""
    given = list(figures)
    missing = [figure for figure in given if figure.value is None]
    why = "; ".join(dict.fromkeys(figure.why for figure in missing or given if figure.why))
    return unknown(why) if missing else Figure(sum(figure.value or 0.0 for figure in given), why)
