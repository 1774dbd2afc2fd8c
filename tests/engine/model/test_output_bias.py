"""Biases of the output that are fitted to labelled rows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file
from scipy.special import log_softmax, softmax

from engine.files import read_json
from engine.model.classifier import Classifier
from engine.model.output_bias import best_biases, held_out_predictions
from engine.model.training import train
from engine.model.training_plan import TrainingPlan
from engine.progress import Silent
from engine.schema import Example
from tests.builders.rows import LABELS, rows
from tests.builders.tiny_bert import CPU


@pytest.mark.parametrize("temperature", [0.5, 3.0])
def test_biases_that_labels_were_drawn_with_are_found_whatever_the_temperature(temperature: float) -> None:
    dice = np.random.default_rng(4)
    logits = dice.normal(size=(6000, 3)) * 2 * temperature
    true = np.array([1.0, -1.0, 0.0]) * temperature
    chances = softmax((logits + true) / temperature, axis=1)
    gold = (chances.cumsum(axis=1) < dice.random((6000, 1))).sum(axis=1)
    assert best_biases(logits, gold) == pytest.approx(true, abs=0.15 * temperature)


def test_a_label_without_a_row_gets_no_endless_bias() -> None:
    logits = np.random.default_rng(4).normal(size=(50, 3))
    assert np.abs(best_biases(logits, np.arange(50) % 2)).max() < 5


def test_no_row_has_a_say_in_the_biases_that_it_is_predicted_with() -> None:
    gold = np.arange(20) % 2  # each tenth holds two rows of one label, so the others have more of the other one
    assert (held_out_predictions(np.zeros((20, 2)), gold) != gold).all()


def fitted(start: Path, out: Path, dev: list[Example], **more: Any) -> Path:
    plan = TrainingPlan(
        start=str(start),
        start_key="k",
        labels=LABELS,
        classifier_labels=(),
        seed=5,
        epochs=1,
        batch_size=8,
        learning_rate=1e-3,
        weight_decay=0.01,
        max_length=32,
        **more,
    )
    return train(plan, rows(24), dev=dev, out=out, compute=CPU, monitor=Silent())


def test_a_training_ends_with_biases_that_make_dev_likelier(base: Path, tmp_path: Path) -> None:
    dev = [replace(row, label=LABELS[0]) for row in rows(180)] + rows(20)
    plain = fitted(base, tmp_path / "plain", dev)
    biased = fitted(base, tmp_path / "biased", dev, output_bias="of these rows")
    first, last = (load_file(folder / "model.safetensors") for folder in (plain, biased))
    assert [name for name in first if not np.array_equal(first[name], last[name])] == ["classifier.bias"]

    gold = [LABELS.index(row.label) for row in dev]
    likely = []
    for folder in (plain, biased):
        logits = Classifier.load(folder, labels=LABELS, max_length=32, compute=CPU).logits(dev, monitor=Silent())
        likely.append(log_softmax(logits, axis=1)[np.arange(len(dev)), gold].mean())
    assert likely[1] > likely[0] + 0.01


def test_a_plan_without_it_has_the_key_that_it_had_before_there_were_biases(base: Path, tmp_path: Path) -> None:
    folder = fitted(base, tmp_path / "plain", [])
    plan = TrainingPlan.from_json(read_json(folder / "training.json")["plan"])
    older = plan.as_json()
    del older["output_bias"]
    assert (
        TrainingPlan.from_json(older).key(rows(24)) == plan.key(rows(24)) == read_json(folder / "training.json")["key"]
    )
    assert replace(plan, output_bias="x").key(rows(24)) != plan.key(rows(24))
    assert replace(plan, output_bias="x", average=0.5).all_the_way == plan
