"""Very many rows: methods are fitted on a sample, and nothing changes where there are few."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from cleanlab.filter import find_label_issues
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import adjusted_rand_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from engine.discovery import coarse_parts, kmeans, label_errors, neighbours, sampling
from engine.discovery.clusterers import CLUSTERERS
from engine.discovery.label_errors import suspects
from engine.discovery.projection import project
from tests.engine.discovery.test_clusters import themed
from tests.engine.discovery.test_label_errors import world


@pytest.fixture
def enough(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Sets how many rows are enough to fit a method on."""

    def set_to(rows: int) -> None:
        for module in (sampling, coarse_parts, kmeans):
            monkeypatch.setattr(module, "ENOUGH", rows)

    return set_to


def test_each_row_goes_to_the_centre_that_is_nearest_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "BLOCK", 7)
    dice = np.random.default_rng(2)
    rows, centres, some = dice.normal(size=(60, 5)), dice.normal(size=(4, 5)), dice.permutation(60)[:33]
    apart = np.linalg.norm(rows[some, None] - centres[None], axis=2)
    assert (sampling.nearest_centre(rows, some, centres) == apart.argmin(axis=1)).all()


@pytest.mark.parametrize("name", sorted(CLUSTERERS))
def test_groups_of_a_cell_that_is_sampled_are_its_themes_and_the_same_every_time(
    name: str, enough: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.discovery.average_linkage.TREE_ROWS", 150)
    monkeypatch.setattr(kmeans, "PART_ROWS", 150)
    embeddings, theme = themed([20] * 20, spread=0.05)
    enough(100)
    labels = CLUSTERERS[name](embeddings, min_size=4, seed=1)
    assert adjusted_rand_score(theme, labels) > 0.9
    assert (labels == CLUSTERERS[name](embeddings, min_size=4, seed=1)).all()


def test_neighbours_are_found_in_the_parts_nearby(monkeypatch: pytest.MonkeyPatch) -> None:
    embeddings, _ = themed([60] * 8, spread=0.05)
    queries, candidates = np.arange(0, 480, 5), np.setdiff1d(np.arange(480), np.arange(0, 480, 5))
    exact = neighbours.nearest(embeddings, queries, candidates, 3, seed=1)
    for name, value in {"MOST_PAIRS": 100, "PART": 30, "PROBED": 3}.items():
        monkeypatch.setattr(neighbours, name, value)
    found = neighbours.nearest(embeddings, queries, candidates, 3, seed=1)
    assert (found == exact).mean() > 0.9
    assert (found == neighbours.nearest(embeddings, queries, candidates, 3, seed=1)).all()
    monkeypatch.setattr(neighbours, "PART", 1)  # a part may have fewer rows than are asked for
    monkeypatch.setattr(neighbours, "PROBED", 1)
    few = neighbours.nearest(embeddings, queries, candidates, 3, seed=1)
    assert all(len(set(rows)) == 3 for rows in few.tolist())
    assert np.isin(few, candidates).all()


def test_suspects_of_few_rows_are_those_that_cross_validation_gives() -> None:
    vectors, gold, _ = world()
    vectors = vectors.astype(np.float32)
    parts = StratifiedKFold(label_errors.FOLDS, shuffle=True, random_state=13)
    model = LogisticRegression(max_iter=200)
    whole = cross_val_predict(model, vectors, gold, cv=parts, method="predict_proba")
    ranked = find_label_issues(gold, whole, return_indices_ranked_by="self_confidence", n_jobs=1)
    expected = [row for row in ranked.tolist() if whole[row, gold[row]] <= 0.2]
    assert len(expected) >= 8
    assert suspects(vectors, gold, np.arange(len(gold)), seed=13).tolist() == expected


def test_suspects_of_very_many_rows_are_much_the_same(enough: Callable[[int], None]) -> None:
    vectors, gold, swapped = world()
    enough(200)
    found = suspects(vectors, gold, np.arange(len(gold)), seed=13)
    assert set(found[:8]) <= set(swapped)
    assert found.tolist() == suspects(vectors, gold, np.arange(len(gold)), seed=13).tolist()


def test_the_map_of_very_many_rows_has_the_axes_of_a_sample(
    enough: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.discovery.projection.MOST", 80)
    embeddings, _ = themed([50, 50, 50], spread=0.05)
    whole = project(embeddings, seed=1)
    enough(90)
    drawn = project(embeddings, seed=1)
    assert drawn.shape == (150, 2)
    assert abs(np.corrcoef(whole[:, 0], drawn[:, 0])[0, 1]) > 0.95
