"""What every way of grouping promises, whatever its method."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from engine.discovery.clusterers import CLUSTERERS
from engine.discovery.clusters import SCATTERED
from engine.settings import DiscoverySettings
from tests.engine.discovery.test_clusters import themed, unit


@pytest.fixture(params=CLUSTERERS)
def clusterer(request: pytest.FixtureRequest):
    return CLUSTERERS[request.param]


def test_the_setting_offers_every_clusterer() -> None:
    (setting,) = (key for key in fields(DiscoverySettings) if key.name == "clusterer")
    assert setting.metadata["choices"] == tuple(CLUSTERERS)


@pytest.mark.parametrize("sizes", [[12, 12, 12], [25, 9, 6, 4], [8] * 9, [20, 20], [6, 6]])
def test_planted_themes_are_found_numbered_from_the_largest(clusterer, sizes: list[int]) -> None:
    embeddings, theme = themed(sizes)
    labels = clusterer(embeddings, min_size=4, seed=1)
    assert adjusted_rand_score(theme, labels) > 0.95
    counts = np.bincount(labels[labels != SCATTERED]).tolist()
    assert counts == sorted(counts, reverse=True)


def test_the_same_rows_give_the_same_groups(clusterer) -> None:
    embeddings = unit(np.random.default_rng(0).normal(size=(150, 24)))
    labels = clusterer(embeddings, min_size=4, seed=1)
    assert (labels == clusterer(embeddings, min_size=4, seed=1)).all()


@pytest.mark.parametrize("min_size", [2, 4, 9])
def test_no_group_is_smaller_than_asked(clusterer, min_size: int) -> None:
    embeddings, _ = themed([10, 8, 5, 3, 2, 1, 1], spread=0.15)
    labels = clusterer(embeddings, min_size=min_size, seed=1)
    assert np.bincount(labels[labels != SCATTERED]).min() >= min_size


@pytest.mark.parametrize("rows", [0, 1, 3])
def test_a_cell_below_the_smallest_group_is_scattered(clusterer, rows: int) -> None:
    embeddings, _ = themed([3])
    assert clusterer(embeddings[:rows], min_size=4, seed=1).tolist() == [SCATTERED] * rows


def test_copies_of_one_text_stay_together_however_many(clusterer) -> None:
    one, other = np.eye(8, dtype=np.float32)[:2]
    assert clusterer(np.array([one] * 70 + [other] * 5), min_size=4, seed=1).tolist() == [0] * 70 + [1] * 5
    assert clusterer(np.array([one] * 70), min_size=4, seed=1).tolist() == [0] * 70
