"""Which rows of a bf16 pass must be scored again in fp32, so that counts and shown values equal fp32's.

In bf16 MiniLM's labels flip on 6 of 2,000 rows and the UU list differs by 3 of 64. Such rows lie where a small change
of the logits decides: near an equal second label, or near tau. How small is not assumed but measured: the rows that are
scored twice tell how far bf16 is off, and the search widens until it covers twice that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.arrays import Floats, Ints

# Log-odds around a decision that are looked at in any case. At tau 0.9 they reach from confidence .875 to .920.
LEAST_MARGIN = 0.25
# An error of e in each logit moves log-odds by 2e at most; rows that were not scored twice may be off twice as far.
SAFETY = 4.0


@dataclass(frozen=True, slots=True)
class UncertainRows:
    """What the scores are for.

    Attributes:
        gold: (n,) index of the right label of each row, -1 for one without a label.
        tau: confidence threshold. temperature: that divides the logits before tau is applied.
    """

    gold: Ints
    tau: float
    temperature: float = 1.0

    def rows(self, logits: Floats, *, first: int, margin: float) -> NDArray[np.bool_]:
        """(k,) whether rows ``first`` to ``first + k`` with these logits (k, labels) must be scored again.

        Their label or the side of tau on which they lie may differ, or they are UUs, whose confidence is shown.
        """
        wide = logits.astype(np.float64)
        ordered = np.sort(wide, axis=1)
        gap = ordered[:, -1] - ordered[:, -2]
        sure = log_odds(wide / self.temperature)
        with np.errstate(divide="ignore"):
            bar = np.log(self.tau) - np.log1p(-self.tau)
        near = margin / self.temperature
        gold = self.gold[first : first + len(wide)]
        wrong = (wide.argmax(axis=1) != gold) & (gold >= 0)
        doubtful = (gap < margin) | (np.abs(sure - bar) < near) | (wrong & (sure >= bar - near))
        answer: NDArray[np.bool_] = doubtful | ~np.isfinite(wide).all(axis=1)
        return answer


def log_odds(logits: Floats) -> Floats:
    """(n,) log-odds of the most probable label of logits (n, labels) against all others together."""
    top = logits.max(axis=1, keepdims=True)
    others = np.exp(logits - top)
    others[np.arange(len(logits)), logits.argmax(axis=1)] = 0.0
    with np.errstate(divide="ignore"):
        return np.asarray(-np.log(others.sum(axis=1)))


def margin_of(scanned: Floats, exact: Floats) -> float:
    """The margin that the errors of a scan ask for: logits (n, labels) of the same rows in bf16 and in fp32."""
    error = np.abs(_centred(scanned) - _centred(exact))
    return max(LEAST_MARGIN, SAFETY * float(error[np.isfinite(error)].max(initial=0.0)))


def _centred(logits: Floats) -> Floats:
    """A shift of all logits of a row alike changes nothing."""
    return np.asarray(logits - logits.mean(axis=1, keepdims=True), dtype=np.float64)
