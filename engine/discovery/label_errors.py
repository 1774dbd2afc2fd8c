"""UUs whose gold label may be wrong, ranked by confident learning (cleanlab).

Confident learning (Northcutt et al. 2021, arXiv 1911.00068) as cleanlab does it, on probabilities that a logistic
regression over sentence embeddings gives to rows it was not fitted on. The project's model takes no part: it disagrees
with every UU by definition. It is a suggestion: the label counts until a person marks the row.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from cleanlab.filter import find_label_issues
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict

FOLDS = 5
_MOST_STEPS = 200
# Of what confident learning flags, rows whose label is given a fifth at most. Without that bound it flags 239 of 601
# UUs on DynaSent and 52 of 111 in the demo, since hard rows and wrong labels look alike to it; with it 36 and 5.
_AGAINST = 0.2
# How far the regression must beat the largest label's share: on NLI's pairs it guesses (.34) and names nobody.
_BETTER = 0.1

Ints = npt.NDArray[np.intp]


def suspects(vectors: npt.NDArray[np.floating], gold: Ints, uus: Ints, *, seed: int) -> Ints:
    """Those of the UUs whose label is suspect, the most suspect first.

    None where a label has too few rows to tell, or the embeddings hardly tell the labels apart.

    Args:
        vectors: (n, dimensions) embeddings of the pool.
        gold: (n,) label indices; rows without a label (negative) take no part.
        uus: places of the UUs.
        seed: of the folds.
    """
    known = np.flatnonzero(gold >= 0)
    if len(known) < len(gold):
        vectors, gold = vectors[known], gold[known]
    labels, counts = np.unique(gold, return_counts=True)
    if not len(uus) or len(labels) < 2 or counts.min() < FOLDS:
        return np.zeros(0, dtype=np.intp)
    parts = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    places = np.searchsorted(labels, gold)
    model = LogisticRegression(max_iter=_MOST_STEPS)
    probabilities = cross_val_predict(model, np.asarray(vectors), places, cv=parts, method="predict_proba")
    if np.mean(probabilities.argmax(axis=1) == places) < counts.max() / len(places) + _BETTER:
        return np.zeros(0, dtype=np.intp)
    ranked = find_label_issues(places, probabilities, return_indices_ranked_by="self_confidence", n_jobs=1)
    against = probabilities[ranked, places[ranked]] <= _AGAINST
    found: Ints = known[ranked[against]]
    return found[np.isin(found, uus)].astype(np.intp)
