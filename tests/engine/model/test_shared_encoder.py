from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from engine.model.bf16_rescoring import UncertainRows
from engine.model.model_registry import current_model, embeddings, predictions
from engine.model.shared_encoder import score_and_embed
from engine.model.weights import find_weights
from engine.progress import Silent
from engine.project import Project
from tests.builders.monitor import Recorder
from tests.builders.rows import LABELS
from tests.builders.tiny_bert import classifier, make_project

MINILM = "all-MiniLM-L6-v2"


@pytest.fixture(scope="module")
def head_on_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A classifier that is the encoder with a head."""
    torch.manual_seed(1)
    base = find_weights(MINILM).path
    folder = tmp_path_factory.mktemp("weights") / "head"
    names = dict(enumerate(LABELS))
    AutoModelForSequenceClassification.from_pretrained(base, num_labels=2, id2label=names).save_pretrained(folder)
    AutoTokenizer.from_pretrained(base).save_pretrained(folder)
    return folder


def both(project: Project, seen: Recorder) -> tuple[bool, np.ndarray, np.ndarray]:
    model = current_model(project, monitor=Silent())
    pool = list({row.text: row for row in project.examples("pool")}.values())
    doubt = UncertainRows(np.array([LABELS.index(row.label) for row in pool]), 0.9)
    together = score_and_embed(project, model, pool, split_key="pool", doubt=doubt, monitor=seen)
    logits = predictions(project, model, pool, split_key="pool", doubt=doubt, monitor=seen)
    return together, logits, embeddings(project, pool, scan=True, monitor=seen)


def test_one_body_is_asked_once(
    head_on_encoder: Path, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project(tmp_path / "work", base=base, classifier=str(head_on_encoder))
    once = Recorder()
    together, logits, vectors = both(project, once)
    assert together
    assert once.stages == ["score"]
    for path in project.cache_dir.iterdir():
        path.unlink()
    monkeypatch.setattr("engine.model.shared_encoder.share_body", lambda *_: False)
    twice = Recorder()
    apart, logits_apart, vectors_apart = both(project, twice)
    assert not apart
    assert twice.stages == ["score", "embed"]
    np.testing.assert_allclose(logits, logits_apart, atol=1e-5)
    np.testing.assert_allclose(vectors, vectors_apart, atol=1e-5)


def test_two_bodies_are_asked_one_after_the_other(base: Path, tmp_path: Path) -> None:
    project = make_project(tmp_path / "work", base=base, classifier=str(classifier(tmp_path / "other")))
    seen = Recorder()
    assert not both(project, seen)[0]
    assert seen.stages == ["score", "embed"]
