"""Fitting the biases of a classifier's output to labelled rows.

A training on rows of another source shifts how readily each label is given. Biases with the highest likelihood on
labelled rows of the first source take that back and leave what was learned about single rows: bias-corrected
temperature scaling [Alexandari, Kundaje & Shrikumar 2020, arXiv 1901.06852, section 3.2], of which the biases alone are
kept, as a temperature changes no label. Measured: `tests/bench/README.md`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from scipy.optimize import minimize
from scipy.special import log_softmax
from torch import nn

from engine.arrays import Floats, Ints
from engine.progress import Silent
from engine.schema import Example

if TYPE_CHECKING:
    from engine.model.classifier import Classifier

_LOWEST, _HIGHEST = 0.05, 20.0  # temperatures: rows without a single error would have it at 0, guesses at infinity
_PARTS = 10


def fit_output_bias(classifier: Classifier, rows: Sequence[Example], labels: Sequence[str]) -> None:
    """Add to a classifier's biases what fits the rows best; one whose output has none is left as it is.

    Args:
        classifier: ready to score; its weights are changed.
        rows: with their labels.
        labels: of the project.

    Raises:
        ModelError: it gives a value that is not finite.
    """
    biases = _output_biases(classifier.model)
    if biases is None or not rows:
        return
    gold = np.array([labels.index(row.label) for row in rows])
    found = best_biases(classifier.logits(rows, monitor=Silent()).astype(np.float64), gold)
    with torch.no_grad():
        biases[classifier.order] += torch.from_numpy(found).to(biases)
    classifier.fitted_biases = found


def best_biases(logits: Floats, gold: Ints) -> Floats:
    """Biases (labels,) that logits (n, labels) are to have added to them, beside the temperature that fits best.

    Likely ones: before rows are seen each is taken to be near 0 (normal, with a standard deviation of 1), so that a
    label of which there is no row gets no endless one.

    Args:
        logits: of labelled rows.
        gold: (n,) index of the right label.
    """
    rows, right = np.arange(len(gold)), np.eye(logits.shape[1])[gold]

    def loss(values: Floats) -> tuple[float, Floats]:
        scale, biases = np.exp(values[0]), values[1:]
        scaled = scale * (logits + biases)
        said = log_softmax(scaled, axis=1)
        more = np.exp(said) - right
        slopes = [(more * scaled).sum(), *(scale * more.sum(axis=0) + biases)]
        return float(-said[rows, gold].sum() + (biases**2).sum() / 2), np.array(slopes)

    widest = (float(-np.log(_HIGHEST)), float(-np.log(_LOWEST)))
    bounds = [widest, *[(None, None)] * logits.shape[1]]
    biases: Floats = minimize(loss, np.zeros(len(bounds)), jac=True, bounds=bounds).x[1:]
    return biases


def held_out_predictions(logits: Floats, gold: Ints) -> Ints:
    """What each row is predicted as, (n,), with biases fitted to the others: in ten parts, each held out once.

    Rows that biases were fitted to cannot say how right the classifier is. Arguments as for `best_biases`, logits
    without biases.
    """
    parts, found = np.arange(len(gold)) % _PARTS, np.empty(len(gold), dtype=np.int64)
    for part in range(_PARTS):
        held = parts == part
        found[held] = (logits[held] + best_biases(logits[~held], gold[~held])).argmax(axis=1)
    return found


def _output_biases(model: nn.Module) -> nn.Parameter | None:
    """The biases of the last linear layer with an output for each label; decoders often have none."""
    outputs = getattr(model.config, "num_labels", None)
    linear = [part for part in model.modules() if isinstance(part, nn.Linear) and part.out_features == outputs]
    return linear[-1].bias if linear else None
