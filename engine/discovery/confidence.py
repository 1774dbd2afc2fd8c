"""Confidence, UUs and temperature. Temperature changes how sure the model says it is, never what it predicts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.integer]

# A dev set without a single error has its best temperature at 0, one of guesses at infinity; both stop here.
LOWEST, HIGHEST = 0.05, 20.0


@dataclass(frozen=True)
class Scores:
    """What logits say of n labelled rows at one temperature.

    Attributes:
        probabilities: (n, labels), each row sums to 1.
        predicted: (n,) index of the most probable label.
        confidence: (n,) its probability.
        gold: (n,) index of the right label.
    """

    probabilities: Floats
    predicted: Ints
    confidence: Floats
    gold: Ints

    @property
    def right(self) -> npt.NDArray[np.bool_]:
        """(n,) whether the prediction is the gold label."""
        return np.equal(self.predicted, self.gold)

    @property
    def accuracy(self) -> float:
        """Share of rows that the model gets right, 0..1."""
        return float(self.right.mean())

    def uus(self, tau: float) -> npt.NDArray[np.bool_]:
        """(n,) whether the row is a UU: wrong with confidence >= tau (Lippmann et al., arXiv 2403.17860)."""
        wrong: npt.NDArray[np.bool_] = ~self.right & (self.confidence >= tau)
        return wrong

    def coverage(self, tau: float) -> float:
        """Share of rows with confidence >= tau, 0..1."""
        return float((self.confidence >= tau).mean())


def score(logits: Floats, gold: Ints, *, temperature: float = 1.0) -> Scores:
    """Turn logits (n, labels) into probabilities, predictions and confidence.

    The prediction is taken from the logits, so that no temperature can change it by rounding.
    """
    probabilities = softmax(logits.astype(np.float64) / temperature, axis=1)
    predicted = logits.argmax(axis=1)
    confidence = probabilities[np.arange(len(logits)), predicted]
    return Scores(probabilities, predicted, confidence, gold)


def fit_temperature(logits: Floats, gold: Ints) -> float:
    """The temperature with the least negative log-likelihood on held-out rows (Guo et al. 2017, section 4.2).

    Args:
        logits: (n, labels), n >= 1.
        gold: (n,) index of the right label.

    Returns:
        A number between `LOWEST` and `HIGHEST`; above 1 for a model that is too sure of itself.
    """
    wide = logits.astype(np.float64)
    rows = np.arange(len(wide))

    def loss(log_temperature: float) -> float:
        return float(-log_softmax(wide / np.exp(log_temperature), axis=1)[rows, gold].mean())

    found = minimize_scalar(loss, bounds=(np.log(LOWEST), np.log(HIGHEST)), method="bounded")
    return float(np.exp(found.x))
