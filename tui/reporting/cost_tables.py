"""Costs as tables of text, for the command and the screen alike; what is unknown carries a letter with its reason.

Knows nothing of the terminal. Names are data: they are made visible here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import floor, log10
from typing import TYPE_CHECKING

from engine.proof.figures import count
from engine.text import visible
from tui.reporting.durations import duration
from tui.reporting.table import Table

if TYPE_CHECKING:
    from engine.costs.cost_book import ProjectCosts
    from engine.figure import Figure

_NOTHING = "-"


@dataclass(frozen=True, slots=True)
class Page:
    """All that is shown: one line about prices, the tables, and the reasons by letter."""

    heading: str
    tables: list[Table]
    reasons: list[str]


@dataclass(slots=True)
class _Reasons:
    """Gives each reason a letter."""

    known: list[str] = field(default_factory=list)

    def __call__(self, figure: Figure | None) -> str:
        """A sum of money with a letter for what it leaves out, or for why it is not known."""
        if figure is None:
            return _NOTHING
        shown = "unknown" if figure.value is None else money(figure.value)
        return f"{shown} {self._letter(figure.why)}" if figure.why else shown

    def number(self, value: int | None, why: str) -> str:
        return str(value) if value is not None else f"unknown {self._letter(why)}"

    def _letter(self, why: str) -> str:
        if why not in self.known:
            self.known.append(why)
        return f"({_letter(self.known.index(why))})"


def page(book: ProjectCosts) -> Page:
    """The costs as they are shown; without tables if nobody has written, labelled or asked anything."""
    reasons = _Reasons()
    tables = [
        _sides(book, reasons),
        _teachers(book, reasons),
        _people(book, reasons),
        _calls(book, reasons),
        _labels(book, reasons),
        _removals(book, reasons),
        _spots(book, reasons),
        _patterns(book, reasons),
    ]
    return Page(_heading(book), [table for table in tables if table.rows], _lettered(reasons.known))


def money(value: float) -> str:
    """Two digits behind the point, and more where it takes more to see two that count: ``4.20``, ``0.00031``."""
    digits = 2 if value <= 0 else max(2, 1 - floor(log10(value)))
    return f"{value:,.{digits}f}"


def _heading(book: ProjectCosts) -> str:
    wage = f"wage {money(book.wage)} an hour" if book.wage is not None else "no wage set"
    prices = f"prices of {visible(book.prices_of)}" if book.prices_of else "prices without a date"
    return f"in {visible(book.currency)}; {wage}; {prices}"


def _sides(book: ProjectCosts, reasons: _Reasons) -> Table:
    """People and LLMs beside each other, figure by figure."""
    from engine.costs.account import NO_REVIEW

    ratios = {ratio.of: ratio for ratio in book.ratios}

    def row(name: str, parts: Sequence[str], of: str = "") -> tuple[str, ...]:
        if not ratios:
            return (name, *parts)
        value = ratios[of].ratio.value if of else None
        return (name, *parts, _times(value) if value is not None else _NOTHING if of else "")

    sides = book.sides
    rows = [
        row("patterns", [str(side.patterns) for side in sides]),
        row("samples", [str(side.samples) for side in sides]),
        row("reviewed samples", [reasons.number(side.reviewed, NO_REVIEW) for side in sides]),
        row("accepted samples", [reasons.number(side.accepted, NO_REVIEW) for side in sides]),
        row("cost", [reasons(side.cost) for side in sides]),
        row("cost per pattern", [reasons(side.per_pattern) for side in sides], "pattern" if ratios else ""),
        row("cost per sample", [reasons(side.per_sample) for side in sides], "sample" if ratios else ""),
        row(
            "cost per accepted sample",
            [reasons(side.per_accepted) for side in sides],
            "accepted sample" if ratios else "",
        ),
    ]
    for of, ratio in ratios.items():
        if of.startswith("UU"):
            parts = {"human": ratio.human, "llm": ratio.llm}
            rows.append(row(f"cost per {of}", [reasons(parts.get(side.kind)) for side in sides], of))
    head = ("", *(side.kind for side in sides), *(("human : LLM",) if ratios else ()))
    return Table("People and LLMs", head, rows if sides else [])


def _times(ratio: float) -> str:
    return f"{ratio:,.0f}" if ratio >= 100 else f"{ratio:.3g}"


def _teachers(book: ProjectCosts, reasons: _Reasons) -> Table:
    from engine.costs.account import NO_REVIEW

    rows = [
        (
            visible(one.name),
            f"{one.kind}, recorded" if one.recorded else one.kind,
            str(one.patterns),
            str(one.samples),
            reasons.number(one.accepted, NO_REVIEW) if one.samples else _NOTHING,
            reasons(one.cost),
        )
        for one in book.teachers
    ]
    return Table("Teachers", ("teacher", "kind", "patterns", "samples", "accepted", "cost"), rows)


def _people(book: ProjectCosts, reasons: _Reasons) -> Table:
    rows = [
        (
            visible(one.name),
            *(duration(one.seconds[task]) for task in ("read", "teach", "review")),
            reasons(one.cost),
            reasons(one.checking),
        )
        for one in book.teachers
        if one.seconds is not None
    ]
    return Table("Active time of people", ("person", "reading", "writing", "reviewing", "cost", "of reviewing"), rows)


def _calls(book: ProjectCosts, reasons: _Reasons) -> Table:
    rows = []
    for one in book.calls:
        calls, guess = one.calls, "~" if one.calls.estimated else ""
        tokens = (f"{guess}{number:,}" for number in (calls.tokens_in, calls.tokens_cached, calls.tokens_out))
        rows.append(
            (visible(one.name), one.purpose, f"{calls.calls:,}", f"{calls.failed:,}", *tokens, reasons(one.paid))
        )
    head = ("LLM", "for", "calls", "failed", "in", "cached", "out", "paid")
    return Table("Calls and tokens of LLMs (~ partly estimated)", head, rows)


def _labels(book: ProjectCosts, reasons: _Reasons) -> Table:
    rows = [
        (
            visible(one.name),
            one.kind,
            f"{one.labels:,}",
            duration(one.seconds) if one.seconds is not None else _NOTHING,
            reasons(one.cost),
            reasons(one.per_label),
        )
        for one in book.labellers
    ]
    return Table("Labels of rows", ("labeller", "kind", "labels", "time", "cost", "per label"), rows)


def _removals(book: ProjectCosts, reasons: _Reasons) -> Table:
    rows = []
    for one in book.removals:
        removed = count(one.removed.value, sign=False) if one.removed.value is not None else reasons(one.removed)
        interval = f"{count(one.low)} to {count(one.high)}" if one.low is not None and one.high is not None else ""
        rows.append(
            (f"{visible(one.arm)} {one.recipe}".rstrip(), removed, interval, reasons(one.cost), reasons(one.per_uu))
        )
    return Table("UUs removed at matched coverage", ("arm", "removed", "interval", "cost", "per UU"), rows)


def _spots(book: ProjectCosts, reasons: _Reasons) -> Table:
    rows = [
        (
            f"{visible(part.blind_spot) or _NOTHING} {visible(one.name)}",
            str(part.patterns),
            str(part.samples),
            duration(part.seconds) if part.seconds is not None else _NOTHING,
            str(part.calls) if one.kind == "llm" else _NOTHING,
            reasons(part.cost),
        )
        for one in book.teachers
        for part in one.by_spot
    ]
    return Table("By blind spot", ("", "patterns", "samples", "time", "calls", "cost"), rows)


def _patterns(book: ProjectCosts, reasons: _Reasons) -> Table:
    rows = [
        (visible(part.pattern), visible(part.blind_spot), part.kind, str(part.samples), reasons(part.cost))
        for one in book.teachers
        for part in one.by_pattern
    ]
    return Table("By pattern, with its samples", ("", "blind spot", "kind", "samples", "cost"), rows)


def _lettered(known: Sequence[str]) -> list[str]:
    return [f"({_letter(number)}) {visible(why)}" for number, why in enumerate(known)]


def _letter(number: int) -> str:
    """a, b ... z, aa, ab ..."""
    before, place = divmod(number, 26)
    return (_letter(before - 1) if before else "") + chr(ord("a") + place)
