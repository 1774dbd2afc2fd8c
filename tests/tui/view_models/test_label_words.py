"""What the label screen says, without the app."""

from __future__ import annotations

import pytest

from engine.labelling.answers import GUESS, LIKELY, SURE, UNSURE, Answer
from engine.labelling.session import Pace
from tui.view_models.label_words import answer_words, no_row_words, pace_words


def test_the_pace_is_told_from_the_first_label_on() -> None:
    assert pace_words(Pace(0, 1200, None, None, None)) == "1,200 left"
    assert pace_words(Pace(10, 60, 4.25, 720.0, 5.0)) == "60 left, about 5 min; median 4.2 s, 720 labels an hour"


def test_with_the_agreement_the_pace_is_shorter() -> None:
    assert pace_words(Pace(0, 3, None, None, None), "alpha .80") == "3 left; alpha .80"
    assert pace_words(Pace(10, 0, 4.25, 720.0, 0.0)) == "0 left; median 4.2 s, 720 labels an hour"
    told = pace_words(Pace(10, 60, 4.25, 720.0, 5.0), "alpha .80")
    assert told == "60 left, about 5 min; median 4.2 s; alpha .80"


@pytest.mark.parametrize(
    ("certainty", "words"),
    [(SURE, "positive"), (LIKELY, "positive, likely"), (GUESS, "positive, a guess"), (UNSURE, "unsure")],
)
def test_an_answer_says_how_sure_one_was(certainty: int, words: str) -> None:
    assert answer_words(Answer("positive" if certainty else "", certainty)) == words


def test_without_a_row_it_says_why() -> None:
    assert no_row_words(0, None) == "All rows are labelled."
    words = "Others, or you elsewhere, are at work on the 7 rows that are left; space looks again."
    assert no_row_words(7, None) == words
    assert no_row_words(7, True) == "All chosen rows are labelled; the next ones are being chosen."
    assert no_row_words(40, False) == "All chosen rows are labelled, or in front of others; space looks again."
    assert no_row_words(0, False) == "All chosen rows are labelled; no more are asked for."
