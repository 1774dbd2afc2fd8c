"""Groups inside one confusion cell, by average linkage."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from engine.discovery import average_linkage
from engine.discovery.average_linkage import cluster_cell
from engine.discovery.clusters import READABLE, SCATTERED, closeness


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def themed(sizes: list[int], *, spread: float = 0.08, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Rows around a random centre for each theme, in random order, and the theme of each."""
    numbers = np.random.default_rng(seed)
    theme = numbers.permutation(np.repeat(np.arange(len(sizes)), sizes))
    centres = unit(numbers.normal(size=(len(sizes), 64)))
    return unit(centres[theme] + spread * numbers.normal(size=(len(theme), 64))), theme


def grouped(embeddings: np.ndarray) -> np.ndarray:
    return cluster_cell(embeddings, min_size=4, seed=1)


def test_one_theme_stays_one_group() -> None:
    embeddings, _ = themed([18])
    assert set(grouped(embeddings).tolist()) == {0}


def test_groups_are_numbered_from_the_largest() -> None:
    embeddings, _ = themed([5, 20, 11])
    assert np.bincount(grouped(embeddings)).tolist() == [20, 11, 5]


def test_row_order_changes_no_group() -> None:
    embeddings, _ = themed([15, 9, 30, 4], spread=0.2)
    order = np.random.default_rng(5).permutation(len(embeddings))
    assert adjusted_rand_score(grouped(embeddings)[order], grouped(embeddings[order])) == 1.0


def test_rows_without_company_are_scattered() -> None:
    embeddings, theme = themed([12, 10, 1, 1, 2])
    labels = grouped(embeddings)
    assert (labels[theme >= 2] == SCATTERED).all()
    assert (labels[theme < 2] != SCATTERED).all()


@pytest.mark.parametrize("rows", [60, 200])
def test_noise_is_cut_into_readable_groups(rows: int) -> None:
    labels = grouped(unit(np.random.default_rng(0).normal(size=(rows, 16))))
    sizes = np.bincount(labels[labels >= 0])
    assert sizes.max() <= READABLE
    assert sizes.min() >= 4
    assert sizes.mean() >= 5


def test_a_cell_too_large_for_one_tree_still_gives_its_themes(monkeypatch: pytest.MonkeyPatch) -> None:
    embeddings, theme = themed([20] * 10, spread=0.05)
    monkeypatch.setattr(average_linkage, "TREE_ROWS", 80)
    labels = grouped(embeddings)
    assert adjusted_rand_score(theme, labels) > 0.8
    assert (labels == grouped(embeddings)).all()


def test_many_copies_in_a_cell_too_large_for_one_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(average_linkage, "TREE_ROWS", 20)
    labels = grouped(np.tile(np.eye(4, dtype=np.float32)[:1], (50, 1)))
    assert (labels != SCATTERED).all()


def test_closeness_is_the_cosine_to_the_centre() -> None:
    rows = unit(np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]))
    assert closeness(rows) == pytest.approx([0.5**0.5, 1.0, 0.5**0.5])
    assert closeness(np.array([[1.0, 0.0], [-1.0, 0.0]])).tolist() == [0.0, 0.0]
