"""Confidence, UUs and temperature."""

from __future__ import annotations

import numpy as np
import pytest

from engine.discovery.calibration import HIGHEST, LOWEST, fit_temperature, score


def overconfident(sharpness: float, rows: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """Logits whose gold labels are drawn from the softmax of logits / sharpness."""
    numbers = np.random.default_rng(3)
    honest = numbers.normal(size=(rows, 3)) * 1.5
    chances = np.exp(honest) / np.exp(honest).sum(axis=1, keepdims=True)
    gold = np.array([numbers.choice(3, p=row) for row in chances])
    return (honest * sharpness).astype(np.float32), gold


def test_a_uu_is_wrong_and_confident_and_tau_itself_counts() -> None:
    logits = np.log(np.array([[0.9, 0.1], [0.9, 0.1], [0.8, 0.2], [0.1, 0.9]]))
    scores = score(logits, np.array([1, 0, 1, 0]))
    assert scores.uus(scores.confidence[0]).tolist() == [True, False, False, True]
    assert scores.uus(0.85).tolist() == [True, False, False, True]
    assert scores.uus(0.5).tolist() == [True, False, True, True]
    assert scores.coverage(0.85) == 0.75
    assert scores.accuracy == 0.25


def test_probabilities_sum_to_one_even_for_huge_logits() -> None:
    scores = score(np.array([[1e4, -1e4], [-1e4, 1e4]], dtype=np.float32), np.array([0, 0]))
    assert np.allclose(scores.probabilities.sum(axis=1), 1.0)
    assert scores.confidence.tolist() == [1.0, 1.0]


@pytest.mark.parametrize("sharpness", [0.5, 1.0, 2.5])
def test_temperature_finds_how_much_too_sure_the_model_is(sharpness: float) -> None:
    assert fit_temperature(*overconfident(sharpness)) == pytest.approx(sharpness, rel=0.1)


def test_temperature_changes_confidence_and_no_prediction() -> None:
    logits, gold = overconfident(2.5)
    plain, cooled = score(logits, gold), score(logits, gold, temperature=fit_temperature(logits, gold))
    assert (plain.predicted == cooled.predicted).all()
    assert cooled.confidence.mean() < plain.confidence.mean()
    assert cooled.uus(0.9).sum() < plain.uus(0.9).sum()


def test_temperature_stops_at_its_limits() -> None:
    logits = np.array([[4.0, 0.0], [0.0, 4.0]])
    assert LOWEST <= fit_temperature(logits, np.array([0, 1])) < 0.2
    assert fit_temperature(logits, np.array([1, 0])) == pytest.approx(HIGHEST, rel=0.05)
