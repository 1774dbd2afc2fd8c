"""Metrics of one model on one split.

Invariant: counts stay counts, ties favour nobody, and every figure here depends on the logits and gold labels alone.
`engine.proof.statistics` computes the same figures for thousands of resamples at once and is tested against this.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.discovery.calibration import score

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

METRICS = ("accuracy", "macro_f1", "uu_at_tau", "coverage", "uu_at_matched_coverage", "ece", "aurc", "excess_aurc")
ECE_BINS = 15


@dataclass(frozen=True)
class Scored:
    """What one model says of the rows of a split.

    Attributes:
        gold: (n,) label indices. predicted: (n,) label indices.
        confidence: (n,) probability of the predicted label, 0..1.
        n_labels: how many labels the project has.
    """

    gold: IntArray
    predicted: IntArray
    confidence: FloatArray
    n_labels: int

    @classmethod
    def from_logits(cls, logits: npt.NDArray[np.floating], gold: npt.ArrayLike, *, temperature: float = 1.0) -> Scored:
        """Build from logits (n, n_labels) and gold label indices (n,)."""
        scores = score(np.asarray(logits), np.asarray(gold, dtype=np.int64), temperature=temperature)
        predicted = scores.predicted.astype(np.int64)
        return cls(scores.gold.astype(np.int64), predicted, scores.confidence.astype(np.float64), logits.shape[1])

    def rows(self, inside: npt.NDArray[np.bool_]) -> Scored:
        """What it says of some of the rows, by a mask over them."""
        return Scored(self.gold[inside], self.predicted[inside], self.confidence[inside], self.n_labels)

    @property
    def wrong(self) -> npt.NDArray[np.bool_]:
        """(n,) True where the prediction differs from gold."""
        return np.not_equal(self.predicted, self.gold)

    def covered(self, tau: float) -> npt.NDArray[np.bool_]:
        """(n,) True where the confidence reaches tau."""
        return self.confidence >= tau


def measure(scored: Scored, *, tau: float, matched: int) -> dict[str, float]:
    """All `METRICS` of a model.

    Args:
        scored: the model's predictions.
        tau: confidence threshold of a UU.
        matched: how many rows the baseline of the same seed covers at tau.
    """
    covered, area = scored.covered(tau), area_under_risk_coverage(scored)
    return {
        "accuracy": float(np.mean(~scored.wrong)),
        "macro_f1": macro_f1(scored),
        "uu_at_tau": float(np.sum(scored.wrong & covered)),
        "coverage": float(np.mean(covered)),
        "uu_at_matched_coverage": errors_among_most_confident(scored, matched),
        "ece": expected_calibration_error(scored),
        "aurc": area,
        "excess_aurc": area - least_area(float(np.mean(scored.wrong))),
    }


def macro_f1(scored: Scored) -> float:
    """Mean F1 of the labels that some row has or is predicted to have: scikit-learn's, whose import takes a second."""
    right = np.bincount(scored.gold[~scored.wrong], minlength=scored.n_labels)
    seen = np.bincount(np.concatenate([scored.gold, scored.predicted]), minlength=scored.n_labels)
    return float(np.mean(2 * right[seen > 0] / seen[seen > 0]))


def errors_among_most_confident(scored: Scored, rows: int) -> float:
    """Number of errors among the ``rows`` most confident rows, a fraction where the cut falls in a tie."""
    return float((among_most_confident(scored, rows) * scored.wrong).sum())


def among_most_confident(scored: Scored, rows: int) -> FloatArray:
    """(n,) how much each row counts among the ``rows`` most confident ones: 1, 0, or a share.

    Where the cut falls among rows of equal confidence, each counts as much as in the mean over all orders of them. So
    the result does not hang on the file order.
    """
    if rows == 0:
        return np.zeros(len(scored.confidence))
    cut = np.sort(scored.confidence)[-rows]
    above, tied = scored.confidence > cut, scored.confidence == cut
    weights: FloatArray = above + tied * ((rows - above.sum()) / tied.sum())
    return weights


def calibration_bins(confidence: FloatArray) -> IntArray:
    """(n,) index of the bin of each row: `ECE_BINS` of equal width, each closed on the right."""
    bins: IntArray = np.clip(np.ceil(confidence * ECE_BINS) - 1, 0, ECE_BINS - 1).astype(np.int64)
    return bins


def expected_calibration_error(scored: Scored) -> float:
    """ECE, 0..1: mean gap between confidence and accuracy over bins of confidence, weighted by their rows.

    Source: Naeini et al. 2015 (AAAI); top-label form with 15 bins of Guo et al. 2017 (arXiv 1706.04599, section 2).
    """
    gaps = np.bincount(calibration_bins(scored.confidence), weights=scored.confidence - ~scored.wrong)
    return float(np.abs(gaps).sum() / len(scored.gold))


def area_under_risk_coverage(scored: Scored) -> float:
    """AURC, 0..1: the error rate among the k most confident rows, averaged over every k; rows of a tie come together.

    Source: Geifman & El-Yaniv 2017 (arXiv 1705.08500) for the curve, Geifman et al. 2019 (arXiv 1805.08206, section 3)
    for its area.
    """
    order = np.argsort(-scored.confidence, kind="stable")
    ranked = scored.confidence[order]
    ends = np.append(np.flatnonzero(ranked[1:] != ranked[:-1]), len(ranked) - 1)
    taken, errors = ends + 1, np.cumsum(scored.wrong[order])[ends]
    return float(np.sum(np.diff(taken, prepend=0) * errors / taken) / len(ranked))


def least_area(error_rate: float) -> float:
    """The AURC of a model with that error rate whose errors are its least confident rows (Geifman et al. 2019, eq. 7).

    What a model has beyond it is due to its ranking alone, so models of unequal accuracy can be compared.
    """
    right = 1 - error_rate
    return error_rate + right * float(np.log(right)) if right > 0 else 1.0
