"""Logits of probabilities, as a classifier would have given them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_LEAST = 1e-9  # of a probability: a logit must be finite
_NUDGE = np.float32(1e-7)
_NUDGES = 4


def logits_of(probabilities: npt.NDArray[np.float64], predicted: npt.NDArray[np.int32]) -> npt.NDArray[np.float32]:
    """Logits whose softmax is the probabilities, (n, labels), float32.

    What was predicted stays the highest, and its confidence is not less than it was, so that a row with a confidence of
    exactly tau counts at tau whatever float32 makes of it.

    Args:
        probabilities: ``(n, labels)``; each row adds up to 1.
        predicted: ``(n,)`` place of the label that was predicted.
    """
    rows = np.arange(len(probabilities))
    logits: npt.NDArray[np.float32] = np.log(np.maximum(probabilities, _LEAST)).astype(np.float32)
    stated = probabilities[rows, predicted]
    for _ in range(_NUDGES):
        wide = logits.astype(np.float64)
        odds = np.exp(wide - wide.max(axis=1, keepdims=True))
        low = odds[rows, predicted] / odds.sum(axis=1) < stated
        low |= logits.argmax(axis=1) != predicted
        old = logits[rows[low], predicted[low]]
        logits[rows[low], predicted[low]] = np.maximum(np.nextafter(old, np.float32(np.inf)), old + _NUDGE)
    return logits
