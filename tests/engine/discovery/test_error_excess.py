"""Errors near blind spots against confidence: the tail against a known distribution, the rows that are asked."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from engine.discovery.average_linkage import cluster_cell
from engine.discovery.error_excess import at_least, error_excess
from engine.discovery.nearest_spot import FAR, nearest_spot


@pytest.mark.parametrize("events", [0, 1, 3, 30, 100])
def test_with_equal_chances_the_tail_is_the_binomial_one(events: int) -> None:
    assert at_least(events, np.full(100, 0.05)) == pytest.approx(binom.sf(events - 1, 100, 0.05), rel=1e-9)


def test_with_different_chances_the_tail_is_the_sum_over_all_outcomes() -> None:
    first, second, third = chances = np.array([0.5, 0.1, 0.01])
    two = first * second * (1 - third) + first * (1 - second) * third + (1 - first) * second * third
    assert at_least(2, chances) == pytest.approx(two + first * second * third)
    assert at_least(4, chances) == 0


def test_a_row_beyond_the_farthest_tenth_is_near_nothing() -> None:
    own = np.array([[1, 0], [0.8, 0.6], [0.8, -0.6]])
    rows = np.array([[1, 0], [-1, 0], [0.6, 0.8]])
    assert nearest_spot([own], rows).tolist() == [0, FAR, FAR]
    assert nearest_spot([], rows).tolist() == [FAR] * 3


def directions(numbers: np.random.Generator, rows: int) -> np.ndarray:
    """Rows in 60 groups, in 32 dimensions."""
    found = numbers.normal(size=(60, 32))[numbers.integers(60, size=rows)] + 0.6 * numbers.normal(size=(rows, 32))
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def test_errors_that_fall_as_the_confidence_says_are_no_excess_though_they_are_grouped() -> None:
    numbers, found = np.random.default_rng(0), []
    for _ in range(8):
        embeddings, confidence = directions(numbers, 2000), numbers.uniform(0.9, 1, size=2000)
        wrong = numbers.random(2000) < 1 - confidence
        uus = np.flatnonzero(wrong)
        labels = cluster_cell(embeddings[uus], min_size=4, seed=1)
        groups = [uus[labels == group] for group in range(labels.max() + 1)]
        found += error_excess(groups, embeddings, np.arange(2000), wrong, confidence)
    told = [one.p for one in found if one is not None]
    assert len(told) > 80
    assert np.mean(np.array(told) < 0.05) <= 0.08


def test_a_group_in_which_half_of_the_sure_rows_are_wrong_stands_out_from_one_where_few_are() -> None:
    numbers = np.random.default_rng(1)
    centres = np.linalg.qr(numbers.normal(size=(32, 2)))[0].T
    embeddings = np.repeat(centres, 100, axis=0) + 0.05 * numbers.normal(size=(200, 32))
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    wrong = np.concatenate([np.arange(100) < 50, np.arange(100) < 5])
    groups = [np.flatnonzero(wrong[:100]), 100 + np.flatnonzero(wrong[100:])]
    much, little = error_excess(groups, embeddings, np.arange(200), wrong, np.full(200, 0.95))
    assert much is not None
    assert little is not None
    assert much.q < 1e-6
    assert little.q > 0.05
    assert much.q >= much.p
    assert much.errors <= 50 < much.rows
    assert much.expected == pytest.approx(0.05 * much.rows, rel=0.01)
