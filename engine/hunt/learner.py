"""How likely each candidate is a UU, learned from the labels that are known and from what an LLM says.

Before there are enough labels, what an LLM says decides; without an LLM all rows are alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from engine.arrays import Floats, Ints
from engine.discovery.calibration import UNKNOWN
from engine.hunt.candidates import Candidates

CERTAINTIES = 3

# Shares of wrong rows before anything is learned, by certainty 0 to 3: agreement of an LLM with people was .57, .92 and
# .99 on sentiment, and .85 to .97 for the sure labels of harder tasks (tests/bench/README.md).
_FLAGGED = np.array([0.5, 0.5, 0.8, 0.95])
_AGREED = np.array([0.3, 0.3, 0.15, 0.05])
_NO_LLM_LABEL = 0.3

_LEAST = 3
"""Labels of right rows, and of wrong ones, without which nothing is learned."""
_C = 1.0
_SCALE = 3.0
_CERTAINTY_SCALE = 3.0


@dataclass(frozen=True)
class Known:
    """What is known of n candidates now.

    Attributes:
        right: (n,) index of the right label as people or the split say it, or `UNKNOWN`.
        llm_label: (n,) index of the label that an LLM gives, or `UNKNOWN`.
        certainty: (n,) of the LLM's label: 3 sure, 2 likely, 1 a guess, 0 there is none.
    """

    right: Ints
    llm_label: Ints
    certainty: Ints

    @property
    def is_known(self) -> npt.NDArray[np.bool_]:
        """(n,) whether the right label is known."""
        return np.not_equal(self.right, UNKNOWN)

    def flagged(self, predicted: Ints) -> npt.NDArray[np.bool_]:
        """(n,) whether the LLM says another label than the model."""
        return np.not_equal(self.llm_label, UNKNOWN) & np.not_equal(self.llm_label, predicted)


def first_guess(candidates: Candidates, known: Known) -> Floats:
    """(n,) probability that each candidate is a UU, before people's labels are looked at."""
    read = np.not_equal(known.llm_label, UNKNOWN)
    agreed = np.where(read, _AGREED[known.certainty], _NO_LLM_LABEL)
    return np.where(known.flagged(candidates.predicted), _FLAGGED[known.certainty], agreed)


def wrong_probability(candidates: Candidates, known: Known) -> Floats:
    """(n,) probability that each candidate is a UU; of rows with a known label too.

    Logistic regression on the vector, the vector by predicted label, the predicted label, confidence, and the LLM's
    flag by certainty and predicted label.
    """
    prior = first_guess(candidates, known)
    labelled = np.flatnonzero(known.is_known)
    wrong = known.right[labelled] != candidates.predicted[labelled]
    if min(wrong.sum(), (~wrong).sum()) < _LEAST:
        return prior
    plain = _plain_features(candidates, known, prior)
    model = LogisticRegression(C=_C, max_iter=500).fit(_features(candidates, labelled, plain), wrong)
    parts = np.array_split(np.arange(len(candidates)), -(-len(candidates) // 4096))
    return np.concatenate([model.predict_proba(_features(candidates, rows, plain))[:, 1] for rows in parts])


def _plain_features(candidates: Candidates, known: Known, prior: Floats) -> Floats:
    flagged, read = known.flagged(candidates.predicted), np.not_equal(known.llm_label, UNKNOWN)
    columns = [np.equal(candidates.predicted, label) for label in range(len(candidates.rows.labels))]
    columns += [flagged & (candidates.predicted == label) for label in range(len(candidates.rows.labels))]
    for certainty in range(1, CERTAINTIES + 1):
        columns += [flagged & (known.certainty == certainty), read & ~flagged & (known.certainty == certainty)]
    logit = np.log(prior / (1 - prior))
    return np.column_stack(
        [*(_CERTAINTY_SCALE * one.astype(np.float64) for one in columns), logit, candidates.confidence]
    )


def _features(candidates: Candidates, rows: Ints, plain: Floats) -> Floats:
    vectors = _SCALE * candidates.vectors[rows].astype(np.float64)
    by_label = [
        vectors * np.equal(candidates.predicted[rows], label)[:, None] for label in range(len(candidates.rows.labels))
    ]
    return np.hstack([vectors, *by_label, plain[rows]])
