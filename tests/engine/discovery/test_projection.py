"""The map."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from engine.discovery.projection import FEWEST, project


@pytest.mark.parametrize("rows", [0, 1, 2, 3, 4, 5, FEWEST - 1, FEWEST, 40])
def test_every_row_gets_a_place_on_the_map(rows: int) -> None:
    places = project(np.random.default_rng(0).normal(size=(rows, 8)).astype(np.float32), seed=1)
    assert places.shape == (rows, 2)
    assert ((places >= 0) & (places <= 1)).all()
    if rows > 2:
        assert places.min(axis=0).tolist() == [0, 0]
        assert places.max(axis=0).tolist() == [1, 1]


@pytest.mark.parametrize("rows", [1, 2, 7, 30])
def test_rows_that_are_all_the_same_lie_in_the_middle(rows: int) -> None:
    assert project(np.ones((rows, 5), dtype=np.float32), seed=1).tolist() == [[0.5, 0.5]] * rows


@pytest.mark.parametrize("rows", [3, FEWEST])
def test_one_dimension_is_enough(rows: int) -> None:
    places = project(np.arange(rows, dtype=np.float32)[:, None], seed=1)
    assert np.ptp(places[:, 0]) == 1.0
    assert ((places >= 0) & (places <= 1)).all()


def test_the_same_rows_lie_in_the_same_places() -> None:
    rows = np.random.default_rng(2).normal(size=(50, 8)).astype(np.float32)
    assert (project(rows, seed=4) == project(rows, seed=4)).all()


def test_near_rows_lie_near() -> None:
    numbers = np.random.default_rng(3)
    theme = np.repeat(np.arange(5), 12)
    rows = numbers.normal(size=(5, 32))[theme] + 0.3 * numbers.normal(size=(60, 32))
    places = project(rows, seed=1)
    nearest = NearestNeighbors(n_neighbors=6).fit(places).kneighbors(places, return_distance=False)[:, 1:]
    assert (theme[nearest] == theme[:, None]).mean() > 0.95
