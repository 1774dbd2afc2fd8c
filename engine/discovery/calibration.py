"""Confidence, UUs and temperature, of rows with a label and without.

Temperature changes how sure the model says it is, never what it predicts.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from engine.arrays import Floats, Ints
from engine.schema import UNLABELLED, LabelledText

# A dev set without a single error has its best temperature at 0, one of guesses at infinity; both stop here.
LOWEST, HIGHEST = 0.05, 20.0

_AT_ONCE = 10_000  # rows whose logits are in memory in several forms
STEPS = 20  # of confidence in a histogram
FEW = (5, 20, 50)  # UUs for which a tau is looked for: one blind spot, a morning's reading, a round


UNKNOWN = -1
"""The gold index of a row without a label: it is neither right nor wrong, and no UU."""


def gold_of(rows: Collection[LabelledText], labels: Sequence[str]) -> npt.NDArray[np.intp]:
    """(n,) label indices of rows, `UNKNOWN` for one without a label."""
    place = {UNLABELLED: UNKNOWN} | {label: number for number, label in enumerate(labels)}
    return np.fromiter((place[row.label] for row in rows), dtype=np.intp, count=len(rows))


@dataclass(frozen=True)
class Scores:
    """What logits say of n rows at one temperature.

    Attributes:
        probabilities: (n, labels), each row sums to 1.
        predicted: (n,) index of the most probable label.
        confidence: (n,) its probability.
        gold: (n,) index of the right label, or `UNKNOWN`.
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
    def wrong(self) -> npt.NDArray[np.bool_]:
        """(n,) whether the row has a label and the prediction is another."""
        return np.not_equal(self.gold, UNKNOWN) & ~self.right

    @property
    def accuracy(self) -> float:
        """Share of rows that the model gets right, 0..1; every row has a label."""
        return float(self.right.mean())

    def uus(self, tau: float) -> npt.NDArray[np.bool_]:
        """(n,) whether the row is a UU: wrong with confidence >= tau (Lippmann et al., arXiv 2403.17860)."""
        sure: npt.NDArray[np.bool_] = self.wrong & (self.confidence >= tau)
        return sure

    def coverage(self, tau: float) -> float:
        """Share of rows with confidence >= tau, 0..1."""
        return float((self.confidence >= tau).mean())


def score(logits: Floats, gold: Ints, *, temperature: float = 1.0) -> Scores:
    """Turn logits (n, labels) into probabilities, predictions and confidence.

    The prediction is taken from the logits, so that no temperature can change it by rounding.
    """
    count = len(logits)
    probabilities, predicted, confidence = np.empty(logits.shape), np.empty(count, np.intp), np.empty(count)
    for at in range(0, count, _AT_ONCE):
        some = slice(at, at + _AT_ONCE)
        probabilities[some] = softmax(logits[some].astype(np.float64) / temperature, axis=1)
        predicted[some] = logits[some].argmax(axis=1)
        confidence[some] = np.take_along_axis(probabilities[some], predicted[some, None], axis=1)[:, 0]
    return Scores(probabilities, predicted, confidence, gold)


def histogram(scores: Scores) -> tuple[tuple[float, int, int], ...]:
    """Right and wrong rows by confidence, of those that have a label.

    Returns:
        For each of `STEPS` equal steps from the lowest with rows in it up to 1: its lower end, right rows, wrong rows.
        Empty if no row has a label.
    """
    step = np.minimum((scores.confidence * STEPS).astype(np.intp), STEPS - 1)
    right, wrong = (np.bincount(step[rows], minlength=STEPS) for rows in (scores.right, scores.wrong))
    first = next(iter(np.flatnonzero(right + wrong).tolist()), STEPS)
    return tuple((round(place / STEPS, 2), int(right[place]), int(wrong[place])) for place in range(first, STEPS))


def taus_for(scores: Scores) -> tuple[tuple[float, int], ...]:
    """The highest tau of two decimals that gives at least so many UUs (`FEW`), with the number that it gives.

    Returns:
        For each count, and for all wrong rows where there are fewer: tau, UUs. Highest tau first, none twice; empty if
        no row is wrong.
    """
    wrong = np.sort(scores.confidence[scores.wrong])[::-1]
    if not len(wrong):
        return ()
    wanted = [count for count in FEW if count <= len(wrong)]
    wanted += [len(wrong)] if len(wanted) < len(FEW) else []
    taus = {float(np.floor(wrong[count - 1] * 100) / 100) for count in wanted}
    return tuple((tau, int((wrong >= tau).sum())) for tau in sorted(taus, reverse=True))


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
