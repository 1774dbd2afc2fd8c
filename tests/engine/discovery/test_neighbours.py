"""Exact search for the nearest rows."""

from __future__ import annotations

import numpy as np
import pytest

from engine.discovery import neighbours
from engine.discovery.neighbours import nearest


@pytest.fixture
def rows() -> np.ndarray:
    drawn = np.random.default_rng(0).normal(size=(90, 6)).astype(np.float32)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


@pytest.mark.parametrize("block", [7, 512])
def test_the_nearest_are_found_nearest_first(rows: np.ndarray, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "BLOCK", block)
    queries, candidates = rows[:30], rows[30:]
    assert (nearest(queries, candidates, 3) == np.argsort(-(queries @ candidates.T), axis=1)[:, :3]).all()


def test_fewer_candidates_than_asked(rows: np.ndarray) -> None:
    assert sorted(nearest(rows[:1], rows[1:3], 3)[0]) == [0, 1]
    assert nearest(rows[:4], rows[:0], 3).shape == (4, 0)
    assert nearest(rows[:0], rows, 3).shape == (0, 3)


def test_of_equals_the_first_is_taken() -> None:
    assert nearest(np.eye(2)[:1], np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 0.0]]), 2).tolist() == [[1, 2]]
