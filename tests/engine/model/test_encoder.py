from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer

from engine.errors import ModelError
from engine.model.array_cache import Array
from engine.model.encoder import Encoder, joined
from engine.model.weights import find_weights
from engine.progress import Monitor, Silent
from tests.builders.monitor import Recorder
from tests.builders.tiny_bert import CPU

TEXTS = [
    "The soup was cold.",
    "My broth had gone cold long before it came to the table.",
    "The train left on time.",
    "The soup was cold.",
]


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder.load(find_weights("all-MiniLM-L6-v2").path, max_length=128, compute=CPU)


def embed(encoder: Encoder, texts: list[str], monitor: Monitor | None = None) -> Array:
    out = np.empty((len(texts), encoder.width), dtype=np.float32)
    finished = list(encoder.embed(texts, out, monitor=monitor or Silent()))
    assert finished == ([len(texts)] if texts else [])
    return out


def test_rows_become_unit_vectors_in_their_order(encoder: Encoder) -> None:
    seen = Recorder()
    vectors = embed(encoder, TEXTS, seen)
    assert vectors.shape == (4, 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    cosines = vectors @ vectors.T
    assert cosines[0, 3] > 0.999
    assert cosines[0, 1] > cosines[0, 2] + 0.2
    assert seen.steps[-1][:3] == ("embed", 4, 4)


def test_texts_are_embedded_as_the_library_does(encoder: Encoder) -> None:
    texts = [*TEXTS, "word " * 300, ""]
    encoder_itself = SentenceTransformer(str(find_weights("all-MiniLM-L6-v2").path), device="cpu")
    encoder_itself.max_seq_length = 128
    np.testing.assert_allclose(
        embed(encoder, texts), encoder_itself.encode(texts, normalize_embeddings=True), atol=1e-6
    )


def test_pairs_with_the_same_difference_are_near_each_other(encoder: Encoder) -> None:
    pairs = [
        ("A man sleeps.", "A man does not sleep."),
        ("Two girls sing.", "Two girls do not sing."),
        ("Two girls sing.", "Two girls are singing."),
    ]
    first, second = (embed(encoder, list(texts)) for texts in zip(*pairs, strict=True))
    vectors = joined(first, second)
    assert vectors.shape == (3, 3 * 384)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert not np.allclose(joined(second, first)[0], vectors[0])  # which text comes first matters
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]


def test_no_rows_give_no_vectors(encoder: Encoder) -> None:
    assert len(embed(encoder, [])) == 0


def test_a_folder_that_is_no_encoder_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "unheard-of"}')
    with pytest.raises(ModelError, match="encoder cannot be loaded"):
        Encoder.load(tmp_path, max_length=128, compute=CPU)
