"""Flags: rows of which an LLM says another label than the model, that is sure of its own; nobody has labelled them.

A flag is a suspected UU, never more: the LLM's label is no gold label, and only people find out whether it is a UU.
How many flags turn out to be UUs is known from the rows that would be flagged and that have a label.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import betabinom

from engine.arrays import Floats, Ints
from engine.discovery.calibration import UNKNOWN, Scores
from engine.discovery.clusters import closeness

LlmLabels = Mapping[str, tuple[str, int]]
"""By pool row id the label that an LLM gave, and how certain it was: 3 sure, 2 likely, 1 a guess."""

# Of the confident rows without a label the LLM must have read so many, or nothing is said of how many UUs there are.
_READ = 0.95
_TAILS = 0.025, 0.975
_PRIOR = 0.5  # both parameters of Jeffreys' Beta
_DIGITS = 6  # of cosines that are compared


@dataclass(frozen=True)
class Flags:
    """The flags of a pool.

    Attributes:
        rows: (f,) places of the flagged rows: those first of whose label the LLM, then of whose the model is surest.
        llm_label: (n,) index of the LLM's label of each row, `UNKNOWN` without one.
        checked: rows that would be flagged and have a label. uus: those of them that are UUs.
        complete: whether the LLM has read the rows that could be flagged, nearly all of them.
    """

    rows: Ints
    llm_label: Ints
    checked: int
    uus: int
    complete: bool

    def by_group(self, scores: Scores, groups: Sequence[Ints], own: Sequence[Floats], theirs: Floats) -> list[Ints]:
        """For each group of UUs the places of the flagged rows near it, nearest first; each row near one at most.

        They lie in its confusion cell, with the LLM's label for the gold one, no farther from its centre than the
        farthest of its own rows, and nearer to it than to other groups.

        Args:
            scores: of the pool.
            groups: places of their rows.
            own: for each its embeddings (rows, d), each of length 1.
            theirs: (f, d) those of the flagged rows.
        """
        if not len(self.rows):
            return [self.rows for _ in groups]
        found = np.full((len(groups), len(self.rows)), -np.inf)
        for number, (rows, vectors) in enumerate(zip(groups, own, strict=True)):
            mean = vectors.mean(axis=0, dtype=np.float64)
            cosines = np.asarray(theirs @ (mean / np.linalg.norm(mean)), dtype=np.float64).round(_DIGITS)
            cell = self.llm_label[self.rows] == scores.gold[rows[0]]
            cell &= scores.predicted[self.rows] == scores.predicted[rows[0]]
            found[number] = np.where(cell & (cosines >= closeness(vectors).min().round(_DIGITS)), cosines, -np.inf)
        if not groups:
            return []
        nearest = found.argmax(axis=0)
        beside = []
        for number, cosines in enumerate(found):
            mine = np.flatnonzero((nearest == number) & np.isfinite(cosines))
            beside.append(self.rows[mine[np.argsort(-cosines[mine], kind="stable")]])
        return beside

    def estimate(self, uus: int, flagged: int) -> tuple[int, int, int] | None:
        """How many UUs a blind spot holds, with an interval of 95 %; None where the LLM has not read the rows.

        Those found, and of the flagged rows as many as turn out to be UUs, given what the checked flags have: the
        beta-binomial distribution, from Jeffreys' prior. UUs that the LLM gets wrong too are not in it.

        Args:
            uus: found.
            flagged: rows flagged near it.
        """
        if not self.complete:
            return None
        right, wrong = self.uus + _PRIOR, self.checked - self.uus + _PRIOR
        low, high = (int(betabinom.ppf(tail, flagged, right, wrong)) if flagged else 0 for tail in _TAILS)
        return uus + round(flagged * right / (right + wrong)), uus + low, uus + high


def flag(rows: Sequence[str], scores: Scores, labels: Sequence[str], llm_labels: LlmLabels, tau: float) -> Flags:
    """The flags among rows.

    Args:
        rows: ids of the pool's.
        scores: theirs, in the same order.
        labels: of the project; an LLM's label that is none of them counts for nothing.
        llm_labels: by row id.
        tau: confidence from which the model counts as sure.
    """
    place = {label: number for number, label in enumerate(labels)}
    heard = [llm_labels.get(row, ("", 0)) for row in rows]
    llm_label = np.array([place.get(label, UNKNOWN) for label, _ in heard], dtype=np.intp)
    certainty = np.array([sure for _, sure in heard])
    known, sure = scores.gold != UNKNOWN, scores.confidence >= tau
    differs = sure & (llm_label != UNKNOWN) & (llm_label != scores.predicted)
    open_rows = np.flatnonzero(differs & ~known)
    order = np.lexsort((-scores.confidence[open_rows], -certainty[open_rows]))
    read = llm_label[sure & ~known] != UNKNOWN
    return Flags(
        rows=open_rows[order],
        llm_label=llm_label,
        checked=int((differs & known).sum()),
        uus=int((differs & scores.wrong).sum()),
        complete=bool(llm_labels) and bool(read.mean() >= _READ if len(read) else True),
    )
