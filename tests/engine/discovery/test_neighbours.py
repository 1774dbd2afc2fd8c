"""Exact search for the nearest rows."""

from __future__ import annotations

import numpy as np
import pytest

from engine.discovery import neighbours
from engine.discovery.neighbours import nearest, nearest_to_all


@pytest.fixture
def rows() -> np.ndarray:
    drawn = np.random.default_rng(0).normal(size=(90, 6)).astype(np.float32)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


@pytest.mark.parametrize(("block", "candidates"), [(7, 16_384), (512, 16_384), (7, 11), (512, 2)])
def test_the_nearest_are_found_nearest_first(
    rows: np.ndarray, block: int, candidates: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neighbours, "BLOCK", block)
    monkeypatch.setattr(neighbours, "CANDIDATES", candidates)
    expected = 30 + np.argsort(-(rows[:30] @ rows[30:].T), axis=1)[:, :3]
    assert (nearest(rows, np.arange(30), np.arange(30, 90), 3, seed=13) == expected).all()


def test_fewer_candidates_than_asked(rows: np.ndarray) -> None:
    some = np.arange(4)
    assert sorted(nearest(rows, some[:1], np.array([1, 2]), 3, seed=13)[0]) == [1, 2]
    assert nearest(rows, some, some[:0], 3, seed=13).shape == (4, 0)
    assert nearest(rows, some[:0], some, 3, seed=13).shape == (0, 3)


@pytest.mark.parametrize("candidates", [16_384, 1])
def test_of_equals_the_first_is_taken(candidates: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "CANDIDATES", candidates)
    rows = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 0.0]])
    assert nearest(rows, np.array([0]), np.array([1, 2, 3]), 2, seed=13).tolist() == [[2, 3]]


def test_rows_near_everything_come_after_rows_near_the_queries() -> None:
    places = np.array([[1, 0, 0], [1, 1, 1], [0, 1, 0], [0, 0, 1], [1, 1, 0], [1, 0, 0.1]], dtype=np.float64)
    rows = (places / np.linalg.norm(places, axis=1, keepdims=True)).astype(np.float32)
    found, near = nearest_to_all(rows, rows[[0, 2]], np.array([1, 3, 4, 5]), 3)
    assert found.tolist() == [4, 5, 1]
    centred = rows[[0, 2]].mean(axis=0) - rows.mean(axis=0)
    np.testing.assert_allclose(near, rows[[4, 5, 1]] @ centred, atol=1e-6)
    assert len(nearest_to_all(rows, rows[:1], np.array([], dtype=np.intp), 3)[0]) == 0
