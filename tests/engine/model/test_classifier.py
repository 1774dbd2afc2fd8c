from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import (
    DistilBertConfig,
    DistilBertForSequenceClassification,
    GPT2Config,
    GPT2ForSequenceClassification,
)

from engine.errors import ModelError, Stopped
from engine.model.classifier import Classifier
from engine.progress import Silent
from engine.schema import Example
from tests.builders.monitor import Recorder
from tests.builders.rows import LABELS, rows
from tests.builders.tiny_bert import CPU, classifier, config, save, tokenizer


def load(path: Path, labels: tuple[str, ...] = LABELS, classifier_labels: tuple[str, ...] = ()) -> Classifier:
    return Classifier.load(path, labels=labels, max_length=32, compute=CPU, classifier_labels=classifier_labels)


def test_logits_come_in_the_order_of_rows_whatever_the_batches(good_bad: Path) -> None:
    model = load(good_bad)
    together = model.logits(rows(30), monitor=Silent())
    alone = np.concatenate([model.logits([row], monitor=Silent()) for row in rows(30)])
    assert together.dtype == np.float32
    assert together.shape == (30, 2)
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_logits_come_in_the_order_of_the_projects_labels(good_bad: Path, tmp_path: Path) -> None:
    straight = load(good_bad).logits(rows(6), monitor=Silent())
    np.testing.assert_array_equal(load(good_bad, ("good", "bad")).logits(rows(6), monitor=Silent()), straight[:, ::-1])
    renamed = classifier(tmp_path / "renamed", ("LABEL_0", "LABEL_1"))
    np.testing.assert_array_equal(
        load(renamed, ("good", "bad"), LABELS).logits(rows(6), monitor=Silent()), straight[:, ::-1]
    )


def test_no_rows_give_no_logits(good_bad: Path) -> None:
    assert load(good_bad).logits([], monitor=Silent()).shape == (0, 2)


def test_the_second_text_of_a_pair_counts(good_bad: Path) -> None:
    pairs = [Example("1", "the soup", "good", "was warm"), Example("2", "the soup", "good", "was cold")]
    first, second = load(good_bad).logits(pairs, monitor=Silent())
    assert not np.allclose(first, second)


def test_scoring_reports_rows_and_may_be_stopped(good_bad: Path) -> None:
    seen = Recorder()
    load(good_bad).logits(rows(5), monitor=seen, stage="score pool")
    assert seen.steps[0][:3] == ("score pool", 0, 5)
    assert seen.steps[-1][:3] == ("score pool", 5, 5)

    with pytest.raises(Stopped):
        load(good_bad).logits(rows(5), monitor=Recorder(lambda *_: True))


def test_a_base_without_a_head_is_not_scored(base: Path) -> None:
    with pytest.raises(ModelError, match="classification head is missing"):
        load(base)


def test_a_multi_label_classifier_is_refused(tmp_path: Path) -> None:
    path = classifier(tmp_path / "multi", problem_type="multi_label_classification")
    with pytest.raises(ModelError, match="multi_label_classification"):
        load(path)


def test_scores_that_are_not_finite_are_refused(good_bad: Path) -> None:
    model = load(good_bad)
    with torch.no_grad():
        model.model.bert.embeddings.word_embeddings.weight[9] = float("nan")  # the word "kind"
    with pytest.raises(ModelError, match="no finite score for 1 rows, the first is r5"):
        model.logits(rows(6), monitor=Silent())


def test_damaged_weights_are_refused_in_one_sentence(good_bad: Path, tmp_path: Path) -> None:
    damaged = classifier(tmp_path / "damaged")
    weights = damaged / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:5000])
    with pytest.raises(ModelError, match="cannot be loaded as a text classifier"):
        load(damaged)


def test_code_that_comes_with_weights_is_not_run(tmp_path: Path) -> None:
    path = classifier(tmp_path / "remote")
    (path / "modeling_custom.py").write_text("raise SystemExit('remote code was run')")
    text = (path / "config.json").read_text().replace('"model_type": "bert"', '"model_type": "custom"')
    classes = '"AutoModelForSequenceClassification": "modeling_custom.Model", "AutoConfig": "modeling_custom.Config"'
    entry = f'"auto_map": {{{classes}}},'
    (path / "config.json").write_text(text.replace("{", "{" + entry, 1))
    with pytest.raises(ModelError, match="cannot be loaded"):
        load(path)


def test_a_decoder_without_padding_token_scores_batches_like_rows(tmp_path: Path) -> None:
    torch.manual_seed(1)
    names = dict(enumerate(LABELS))
    small = GPT2Config(
        vocab_size=23, n_positions=64, n_embd=32, n_layer=2, n_head=2, eos_token_id=3, bos_token_id=3, id2label=names
    )
    model = load(save(GPT2ForSequenceClassification(small), tmp_path / "gpt", tokenizer(pad=False)))
    together = model.logits(rows(12), monitor=Silent())
    np.testing.assert_allclose(
        together, np.concatenate([model.logits([row], monitor=Silent()) for row in rows(12)]), atol=1e-5
    )


def test_a_model_without_token_types_takes_a_tokenizer_that_gives_them(tmp_path: Path) -> None:
    names = dict(enumerate(LABELS))
    small = DistilBertConfig(
        vocab_size=23, dim=32, n_layers=1, n_heads=2, hidden_dim=64, max_position_embeddings=64, id2label=names
    )
    model = load(save(DistilBertForSequenceClassification(small), tmp_path / "distil"))
    assert model.logits(rows(4), monitor=Silent()).shape == (4, 2)


def test_rows_are_cut_to_what_the_model_takes(tmp_path: Path) -> None:
    path = classifier(tmp_path / "short")
    model = Classifier.load(path, labels=LABELS, max_length=5000, compute=CPU)
    assert model.max_length == config().max_position_embeddings
    long = [Example("1", "soup " * 200, "good")]
    assert np.isfinite(model.logits(long, monitor=Silent())).all()
