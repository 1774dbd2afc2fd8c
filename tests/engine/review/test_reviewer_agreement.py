"""Krippendorff's alpha against the worked examples of its author (Computing Krippendorff's Alpha-Reliability, 2011)."""

from __future__ import annotations

import pytest

from engine.agreement import krippendorff_alpha

# A row an observer, a column a unit; a dot is an answer that is missing.
TWO_BINARY = ("0100000010", "1110010000")
TWO_NOMINAL = ("aabbdcccedda", "babbbccceddd")
FOUR_WITH_GAPS = ("123321412...", "1233224125.3", ".3332342251.", "12332441251.")


def units(observers: tuple[str, ...]) -> list[list[str]]:
    return [[answer for answer in answers if answer != "."] for answers in zip(*observers, strict=True)]


@pytest.mark.parametrize(("observers", "alpha"), [(TWO_BINARY, 0.095), (TWO_NOMINAL, 0.692), (FOUR_WITH_GAPS, 0.743)])
def test_the_worked_examples(observers: tuple[str, ...], alpha: float) -> None:
    assert krippendorff_alpha(units(observers)) == pytest.approx(alpha, abs=5e-4)


def test_the_order_of_observers_and_units_and_lone_answers_change_nothing() -> None:
    found = units(FOUR_WITH_GAPS)
    expected = krippendorff_alpha(found)
    assert krippendorff_alpha([answers[::-1] for answers in found[::-1]]) == pytest.approx(expected)
    assert krippendorff_alpha([*found, ["9"], []]) == pytest.approx(expected)


def test_full_agreement_is_1_and_systematic_disagreement_below_0() -> None:
    assert krippendorff_alpha([["a", "a"], ["b", "b", "b"]]) == 1
    assert krippendorff_alpha([["a", "b"], ["a", "b"]]) == pytest.approx(-0.5)
    with pytest.raises(ZeroDivisionError):
        krippendorff_alpha([["a", "a"]])
