from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.errors import ModelError
from engine.model.encoder import Encoder
from engine.model.weights import find_weights
from engine.progress import Silent
from engine.schema import Example

from .conftest import CPU, Recorder

TEXTS = [
    "The soup was cold.",
    "My broth had gone cold long before it came to the table.",
    "The train left on time.",
    "The soup was cold.",
]


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder.load(find_weights("all-MiniLM-L6-v2").path, compute=CPU)


def test_rows_become_unit_vectors_in_their_order(encoder: Encoder) -> None:
    seen = Recorder()
    vectors = encoder.embed([Example(str(number), text, "x") for number, text in enumerate(TEXTS)], monitor=seen)
    assert vectors.shape == (4, 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    cosines = vectors @ vectors.T
    assert cosines[0, 3] > 0.999
    assert cosines[0, 1] > cosines[0, 2] + 0.2
    assert seen.steps[-1][:3] == ("embed", 3, 3)  # the text that is there twice is embedded once


def test_pairs_with_the_same_difference_are_near_each_other(encoder: Encoder) -> None:
    pairs = [
        ("A man sleeps.", "A man does not sleep."),
        ("Two girls sing.", "Two girls do not sing."),
        ("Two girls sing.", "Two girls are singing."),
    ]
    vectors = encoder.embed([Example(str(n), a, "x", b) for n, (a, b) in enumerate(pairs)], monitor=Silent())
    assert vectors.shape == (3, 3 * 384)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    turned = encoder.embed([Example("0", pairs[0][1], "x", pairs[0][0])], monitor=Silent())
    assert not np.allclose(turned[0], vectors[0])  # which text comes first matters
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]


def test_no_rows_give_no_vectors(encoder: Encoder) -> None:
    assert len(encoder.embed([], monitor=Silent())) == 0


def test_a_folder_that_is_no_encoder_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "unheard-of"}')
    with pytest.raises(ModelError, match="encoder cannot be loaded"):
        Encoder.load(tmp_path, compute=CPU)
