"""UUs whose gold label may be wrong, ranked by confident learning (cleanlab).

Confident learning (Northcutt et al. 2021, arXiv 1911.00068) as cleanlab does it, on probabilities that a logistic
regression over sentence embeddings gives to rows it was not fitted on. The project's model takes no part: it disagrees
with every UU by definition. It is a suggestion: the label counts until a person marks the row.
"""

from __future__ import annotations

import numpy as np
from cleanlab.filter import find_label_issues
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from engine.arrays import Floats, Ints
from engine.discovery.sampling import blocks, sample

FOLDS = 5
_MOST_STEPS = 200
_OF_EACH = 100  # rows of a label, at least, where rows are drawn: a rare one must not be missing
# Of what confident learning flags, rows whose label is given a fifth at most. Without that bound it flags 239 of 601
# UUs on DynaSent and 52 of 111 in the demo, since hard rows and wrong labels look alike to it; with it 36 and 5.
_AGAINST = 0.2
# How far the regression must beat the largest label's share: on NLI's pairs it guesses (.34) and names nobody.
_BETTER = 0.1


def suspects(vectors: Floats, gold: Ints, uus: Ints, *, seed: int) -> Ints:
    """Those of the UUs whose label is suspect, the most suspect first.

    None where a label has too few rows to tell, or the embeddings hardly tell the labels apart.

    Args:
        vectors: (n, dimensions) embeddings of the pool; may lie on disk.
        gold: (n,) label indices; rows without a label (negative) take no part.
        uus: places of the UUs.
        seed: of the folds.
    """
    known = np.flatnonzero(gold >= 0)
    labels, counts = np.unique(gold[known], return_counts=True)
    if not len(uus) or len(labels) < 2 or counts.min() < FOLDS:
        return np.zeros(0, dtype=np.intp)
    places = np.searchsorted(labels, gold[known])
    probabilities = _held_out(vectors, known, places, len(labels), seed)
    if np.mean(probabilities.argmax(axis=1) == places) < counts.max() / len(places) + _BETTER:
        return np.zeros(0, dtype=np.intp)
    ranked = find_label_issues(places, probabilities, return_indices_ranked_by="self_confidence", n_jobs=1)
    against = probabilities[ranked, places[ranked]] <= _AGAINST
    found: Ints = known[ranked[against]]
    return found[np.isin(found, uus)].astype(np.intp)


def _held_out(vectors: Floats, known: Ints, places: Ints, labels: int, seed: int) -> Floats:
    """(k, labels) probabilities of the known rows, each by a regression that has not seen it.

    Each regression is fitted on `ENOUGH` rows of the other folds at most.
    """
    found = np.zeros((len(known), labels), dtype=vectors.dtype)  # the regression computes in it too
    parts = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    for others, own in parts.split(known, places):
        fitted = _fitted(others, places, labels, seed)
        model = LogisticRegression(max_iter=_MOST_STEPS).fit(vectors[known[fitted]], places[fitted])
        for _, rows in blocks(own):
            found[rows] = model.predict_proba(vectors[known[rows]])
    return found


def _fitted(others: Ints, places: Ints, labels: int, seed: int) -> Ints:
    """Those of the rows that a regression is fitted on; of every label there are some."""
    drawn = sample(others, seed)
    if len(drawn) == len(others):
        return drawn
    of_each = [others[places[others] == label][:_OF_EACH] for label in range(labels)]
    return np.unique(np.concatenate([drawn, *of_each]))
