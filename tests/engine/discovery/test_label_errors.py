from __future__ import annotations

import numpy as np

from engine.discovery.label_errors import suspects

ROWS, WIDTH = 400, 16


def world() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two labels that lie apart; the labels of twenty rows are swapped. Vectors, labels, places of the swapped."""
    dice = np.random.default_rng(5)
    gold = np.arange(ROWS) % 2
    vectors = dice.normal(size=(ROWS, WIDTH))
    vectors[:, 0] += np.where(gold == 1, 2.5, -2.5)
    swapped = dice.choice(ROWS, 20, replace=False)
    gold[swapped] = 1 - gold[swapped]
    return vectors, gold, swapped


def test_swapped_labels_are_suspect_and_most_others_are_not() -> None:
    vectors, gold, swapped = world()
    uus = np.concatenate([swapped, np.setdiff1d(np.arange(200), swapped)])
    found = suspects(vectors, gold, uus, seed=13)
    assert len(set(found) & set(swapped)) >= 12
    assert len(set(found) - set(swapped)) <= 3
    assert set(found[:10]) <= set(swapped)


def test_only_uus_are_named() -> None:
    vectors, gold, swapped = world()
    assert set(suspects(vectors, gold, swapped[:5], seed=13)) <= set(swapped[:5])
    assert len(suspects(vectors, gold, swapped[:0], seed=13)) == 0


def test_rows_without_a_label_take_no_part() -> None:
    vectors, gold, swapped = world()
    unlabelled = np.concatenate([np.full(100, -1), gold])
    found = suspects(np.concatenate([vectors[:100], vectors]), unlabelled, swapped + 100, seed=13)
    assert found.tolist() == (suspects(vectors, gold, swapped, seed=13) + 100).tolist()


def test_a_label_with_too_few_rows_names_none() -> None:
    vectors, gold, swapped = world()
    gold[:] = 0
    gold[:3] = 1
    assert len(suspects(vectors, gold, swapped, seed=13)) == 0


def test_equal_input_gives_equal_suspects() -> None:
    vectors, gold, swapped = world()
    assert suspects(vectors, gold, swapped, seed=13).tolist() == suspects(vectors, gold, swapped, seed=13).tolist()


def test_embeddings_that_do_not_tell_the_labels_apart_name_none() -> None:
    vectors, gold, swapped = world()
    vectors[:, 0] = 0.0
    assert len(suspects(vectors, gold, swapped, seed=13)) == 0
