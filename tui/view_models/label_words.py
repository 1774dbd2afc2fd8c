"""What the label screen says: of a label, of the pace, and when no row is left. Knows nothing of the terminal."""

from __future__ import annotations

from engine.labelling.answers import CERTAINTY_WORDS, SURE, UNSURE, Answer
from engine.labelling.session import Pace
from tui.reporting.durations import duration


def label_words(label: str, certainty: int) -> str:
    """A label, and how sure somebody is of it unless they are sure."""
    return label if certainty == SURE else f"{label}, {CERTAINTY_WORDS[certainty]}"


def answer_words(given: Answer) -> str:
    """The label that was given, or that there is none."""
    return CERTAINTY_WORDS[UNSURE] if given.certainty == UNSURE else label_words(given.label, given.certainty)


def pace_words(pace: Pace, agreement: str = "") -> str:
    """How many rows are left, how long they take, how fast it goes, and how far people agree."""
    words = [f"{pace.left:,} left"]
    if pace.median_seconds is not None and pace.an_hour is not None and pace.minutes_left is not None:
        words[0] += f", about {duration(60 * pace.minutes_left)}" if pace.left else ""
        words.append(f"median {pace.median_seconds:.1f} s")
        if not agreement:  # both fit into 80 columns without the rate alone
            words[-1] += f", {pace.an_hour:,.0f} labels an hour"
    return "; ".join([*words, agreement] if agreement else words)


def no_row_words(left: int, is_choosing: bool | None) -> str:
    """Why there is no row in front.

    Args:
        left: rows without an answer: others have them in front, or the same person in another session, or they are
            still to be chosen.
        is_choosing: whether further rows may be chosen; None: nothing chooses.
    """
    if is_choosing is not None:
        if left and not is_choosing:
            return "All chosen rows are labelled, or in front of others; space looks again."
        more = "the next ones are being chosen" if is_choosing else "no more are asked for"
        return f"All chosen rows are labelled; {more}."
    if left:
        rows = "row that is" if left == 1 else f"{left:,} rows that are"
        return f"Others, or you elsewhere, are at work on the {rows} left; space looks again."
    return "All rows are labelled."
