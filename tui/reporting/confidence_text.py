"""What is said of the pool's accuracy and flags, and of how sure the model is of its errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.counted import counted
from tui.terminal.glyphs import Glyphs, bar

if TYPE_CHECKING:
    from engine.schema import Discovery, ErrorExcess

_MOST = 10  # steps of confidence, each a line; a screen of 24 lines holds them
_CELLS = 16


def accuracy_words(found: Discovery) -> str:
    """The model's accuracy on the pool; where rows have no label, that it is not known, and why."""
    if found.accuracy is None:
        return f"accuracy {unknown_accuracy(found.n_labelled, found.n_pool)}"
    return f"accuracy {found.accuracy:.3f}"


def unknown_accuracy(labelled: int, rows: int) -> str:
    """Why an accuracy is not known: what was labelled may have been chosen because it looked wrong."""
    return f"unknown: {labelled:,} of {rows:,} pool rows {'has' if labelled == 1 else 'have'} a label"


def flags_sentence(flagged: int, found: Discovery, *, withheld: int = 0) -> str:
    """How many rows are flagged, and how many flags turned out to be UUs.

    Args:
        flagged: rows that may be shown.
        found: gives how many such rows were checked.
        withheld: flagged rows besides, which nobody is shown.
    """
    uus, checked = found.checked_flags
    known = f"; of {checked:,} such rows that have a label {uus:,} are UUs" if checked else ""
    more = f" (and {withheld:,} too close to proof rows to be shown)" if withheld else ""
    return f"{counted(flagged, 'row')} flagged by the LLM, not checked{more}{known}"


def none_found(found: Discovery) -> str:
    """Why there is no blind spot to list, in one sentence or two."""
    if not found.n_labelled:
        return (
            "No pool row has a label yet, and only a row with a label can be a UU: `blindspot hunt` chooses rows on "
            "which the model may well be wrong, `blindspot label` labels them; then discover again."
        )
    rows, tau = f"the pool's {found.n_pool:,} rows", f"{found.tau:g}"
    if found.n_labelled < found.n_pool:
        rows = f"the {found.n_labelled:,} of {rows} that have a label"
    if not found.errors:
        return f"The model makes no error at all on {rows}: there is no blind spot to find in them."
    errors = "1 error" if found.errors == 1 else f"{found.errors:,} errors"
    if not found.uus:
        return f"The model makes {errors} on {rows}, but none with confidence {tau} (tau) or more."
    uus = "1 UU" if len(found.uus) == 1 else f"{len(found.uus):,} UUs"
    return f"The model makes {errors} on {rows}, {uus} among them (confidence {tau} or more), but no few are alike."


def lower_taus(found: Discovery) -> list[tuple[float, int]]:
    """Lower values of tau that would give more UUs, highest first, each with their number."""
    return [(tau, uus) for tau, uus in found.taus if tau < found.tau and uus > len(found.uus)]


def taus_sentence(found: Discovery) -> str:
    """What lower values of tau would give; empty if nothing more."""
    parts = [f"tau {tau:g} gives {counted(uus, 'UU')}" for tau, uus in lower_taus(found)]
    return ", ".join(parts)


def confidence_lines(found: Discovery, glyphs: Glyphs) -> list[str]:
    """Wrong and right rows by confidence, a heading and a line for each step; at most 62 cells wide."""
    steps = list(found.confidences)
    if len(steps) > _MOST:
        lower, steps = steps[: 1 - _MOST], steps[1 - _MOST :]
        steps.insert(0, (lower[0][0], sum(right for _, right, _ in lower), sum(wrong for _, _, wrong in lower)))
    ends = [low for low, _, _ in steps[1:]] + [1.0]
    most_right = max((right for _, right, _ in steps), default=0)
    most_wrong = max((wrong for _, _, wrong in steps), default=0)
    lines = [f"{'confidence':<11}{'wrong':>7}{'':{_CELLS + 3}}{'right':>7}"]
    for (low, right, wrong), high in zip(steps, ends, strict=True):
        bars = f"{_bar(wrong, most_wrong, glyphs)}  {_bar(right, most_right, glyphs)}"
        lines.append(f"{low:.2f}-{high:.2f}  {bars}".rstrip())
    return lines


def _bar(rows: int, most: int, glyphs: Glyphs) -> str:
    filled, _ = bar(rows / most if most else 0.0, _CELLS, glyphs)
    return f"{rows:>7,} {filled:<{_CELLS}}"


def excess_words(excess: ErrorExcess | None) -> str:
    """Errors near a blind spot against those that the confidence there implies; empty where it is not known."""
    if excess is None:
        return ""
    wrong = f"{excess.errors:,} {'is' if excess.errors == 1 else 'are'} wrong"
    found = f"of {excess.rows:,} confident rows near it {wrong}"
    promised = f"where their confidence implies {excess.expected:.2g}"
    return f"{found} {promised} (p {probability(excess.p)}, {_q(excess)})"


def excess_figures(excess: ErrorExcess) -> str:
    """The same for the preview beside a list, which is a few lines high."""
    return f"{excess.errors:,} of {excess.rows:,} near it wrong, {excess.expected:.2g} expected, {_q(excess)}"


def _q(excess: ErrorExcess) -> str:
    return f"q {probability(excess.q)}"


def probability(value: float) -> str:
    """A p- or q-value."""
    return f"{value:.3f}" if value >= 0.001 else "< 0.001"
