"""What many comparisons and repeated rows do to certainty.

Both corrections are the plain ones: they need no assumption on how arms or seeds depend on each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from engine.proof.metrics import Scored

_BEYOND = 20  # resamples that shall lie beyond each bound of an interval, or the bound is itself a matter of chance


def corrected(interval: float, comparisons: int) -> float:
    """Coverage that each of several intervals needs so that all together keep to ``interval`` (Bonferroni; Dunn 1961).

    Args:
        interval: coverage of a single one, 0..1.
        comparisons: how many arms are compared with the baseline.
    """
    return 1 - (1 - interval) / max(1, comparisons)


def resamples_for(interval: float, at_least: int) -> int:
    """How many resamples an interval of that coverage needs, and no fewer than ``at_least``."""
    return max(at_least, round(2 * _BEYOND / (1 - interval)))


def mcnemar(arm: Sequence[Scored], baseline: Sequence[Scored]) -> float:
    """P-value of equal accuracy, two-sided, over pairs of runs of equal seeds; 0..1.

    For each seed the exact test on the rows that only one of the two gets right (McNemar 1947; exact form as Dietterich
    1998, Neural Computation 10(7)). Over seeds twice the median, which holds however they depend on each other (Rüger
    1978, Metrika 25; Meinshausen, Meier and Bühlmann 2009, JASA 104(488)).
    """
    from scipy.stats import binomtest  # half a second, and only a new report needs it

    values = []
    for after, before in zip(arm, baseline, strict=True):
        fixed, broken = int((before.wrong & ~after.wrong).sum()), int((after.wrong & ~before.wrong).sum())
        values.append(float(binomtest(fixed, fixed + broken).pvalue) if fixed + broken else 1.0)
    return min(1.0, 2 * median(values)) if len(values) > 1 else values[0]
