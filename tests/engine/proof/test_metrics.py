from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score

from engine.proof.metrics import Scored, errors_among_most_confident, expected_calibration_error, measure
from tests.engine.proof.synthetic import hand


def test_confidence_is_the_probability_of_the_predicted_label() -> None:
    scored = Scored.from_logits(np.log([[0.2, 0.7, 0.1], [0.5, 0.2, 0.3]]).astype(np.float32), [1, 2])
    assert scored.predicted.tolist() == [1, 0]
    assert scored.confidence == pytest.approx([0.7, 0.5], abs=1e-6)
    assert scored.wrong.tolist() == [False, True]


def test_a_temperature_divides_the_logits() -> None:
    scored = Scored.from_logits(np.array([[0.0, 2.0]], dtype=np.float32), [1], temperature=2.0)
    assert scored.confidence[0] == pytest.approx(1 / (1 + np.exp(-1.0)))


def test_every_figure_of_a_model_worked_out_by_hand() -> None:
    scored = Scored(
        gold=np.array([0, 0, 0, 1, 1, 2]),
        predicted=np.array([0, 0, 1, 1, 0, 1]),
        confidence=np.array([0.95, 0.60, 0.92, 0.99, 0.90, 0.50]),
        n_labels=3,
    )
    figures = measure(scored, tau=0.9, matched=2)
    assert figures["accuracy"] == pytest.approx(3 / 6)
    assert figures["uu_at_tau"] == 2  # 0.92 and 0.90: the threshold itself counts
    assert figures["coverage"] == pytest.approx(4 / 6)
    assert figures["uu_at_matched_coverage"] == 0  # 0.99 and 0.95 are right
    # F1: label 0 has 2 hits, 3 predicted, 3 gold; label 1 has 1, 3, 2; label 2 has none.
    assert figures["macro_f1"] == pytest.approx((4 / 6 + 2 / 5 + 0) / 3)
    # Bins of 1/15: 0.50 (wrong), 0.60 (right), and the four above 14/15 or 13/15.
    expected = abs(0.50) + abs(0.60 - 1) + abs(0.92 + 0.90 - 0) + abs(0.95 + 0.99 - 2)
    assert figures["ece"] == pytest.approx(expected / 6)
    # From the most confident on: right, right, wrong, wrong, right, wrong.
    assert figures["aurc"] == pytest.approx((0 + 0 + 1 / 3 + 2 / 4 + 2 / 5 + 3 / 6) / 6)
    assert figures["excess_aurc"] == pytest.approx(figures["aurc"] - (0.5 + 0.5 * np.log(0.5)))


def test_a_label_that_nobody_has_or_predicts_does_not_pull_macro_f1_down() -> None:
    assert measure(hand([0.9, 0.9], [0, 0]), tau=0.5, matched=0)["macro_f1"] == 1.0


@pytest.mark.parametrize(("rows", "errors"), [(0, 0), (1, 0), (2, 1), (3, 1), (4, 2)])
def test_errors_among_the_most_confident_rows(rows: int, errors: int) -> None:
    assert errors_among_most_confident(hand([0.6, 0.9, 0.7, 0.8], [1, 0, 0, 1]), rows) == errors


def test_a_cut_inside_a_tie_takes_the_expected_errors() -> None:
    # Above the tie one error; the tie holds four rows with two errors, of which two rows are needed.
    scored = hand([0.99, 0.8, 0.8, 0.8, 0.8, 0.6], [1, 1, 0, 1, 0, 1])
    assert errors_among_most_confident(scored, 3) == pytest.approx(1 + 2 / 4 * 2)


def test_the_order_of_tied_rows_does_not_matter() -> None:
    confidence, wrong = [0.8] * 6 + [0.9], [1, 1, 0, 0, 0, 0, 0]
    one_way = errors_among_most_confident(hand(confidence, wrong), 4)
    other_way = errors_among_most_confident(hand(confidence[::-1], wrong[::-1]), 4)
    assert one_way == other_way == pytest.approx(3 / 6 * 2)


def test_at_its_own_coverage_a_model_has_exactly_its_uus_at_tau() -> None:
    scored = hand([0.9, 0.95, 0.9, 0.6, 0.9], [1, 0, 0, 1, 1])
    figures = measure(scored, tau=0.9, matched=4)
    assert figures["uu_at_matched_coverage"] == figures["uu_at_tau"] == 2


def test_ece_is_zero_where_confidence_is_the_hit_rate() -> None:
    assert expected_calibration_error(hand([0.75] * 4, [0, 0, 0, 1])) == pytest.approx(0)


def test_ece_of_a_sure_and_always_wrong_model_is_one() -> None:
    assert expected_calibration_error(hand([1.0] * 3, [1, 1, 1])) == pytest.approx(1)


def test_gaps_of_different_bins_do_not_cancel() -> None:
    assert expected_calibration_error(hand([0.95, 0.55], [1, 0])) == pytest.approx((0.95 + 0.45) / 2)


def test_a_perfect_ranking_has_no_excess_and_a_bad_one_has() -> None:
    """The least area holds for many rows; for a thousand it is right to a thousandth."""
    confidence = np.linspace(0.99, 0.51, 1000).tolist()
    best = measure(hand(confidence, [0] * 800 + [1] * 200), tau=0.9, matched=0)
    worst = measure(hand(confidence, [1] * 200 + [0] * 800), tau=0.9, matched=0)
    assert best["excess_aurc"] == pytest.approx(0, abs=1e-3)
    assert worst["excess_aurc"] > 0.4
    assert best["accuracy"] == worst["accuracy"]


def test_rows_of_a_tie_come_together_in_the_area() -> None:
    one_way, other_way = (measure(hand([0.8] * 4, wrong), tau=0.5, matched=0) for wrong in ([1, 0, 0, 0], [0, 0, 0, 1]))
    assert one_way["aurc"] == other_way["aurc"] == 0.25
    assert measure(hand([0.9, 0.8], [1, 1]), tau=0.5, matched=0)["excess_aurc"] == 0.0


def test_macro_f1_and_accuracy_are_those_of_scikit_learn_to_the_last_bit() -> None:
    """Older reports had them from there, and are worked out again to be verified."""
    rng = np.random.default_rng(13)
    for labels in (2, 3, 7) * 20:
        gold = rng.integers(0, labels, 40)
        predicted = np.where(rng.random(40) < 0.6, gold, rng.integers(0, labels, 40))
        figures = measure(Scored(gold, predicted, np.full(40, 0.9), labels), tau=0.5, matched=0)
        assert figures["accuracy"] == accuracy_score(gold, predicted)
        assert figures["macro_f1"] == f1_score(gold, predicted, average="macro", zero_division=0.0)
