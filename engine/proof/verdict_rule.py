"""The verdict on an arm, in words, by rule: a falling UU count at a fixed threshold alone is never called proven.

The rule is fixed before anyone sees a number, and each verdict comes with the numbers that decided it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from engine.proof.figures import Show, count, interval, share

if TYPE_CHECKING:
    from engine.proof.statistics import BaselineComparison

VerdictWord = Literal["proven", "less confident only", "no change", "worse"]

MEANINGS: dict[VerdictWord, str] = {
    "proven": "At equal coverage it makes fewer confident errors, and it is shown not to be less accurate than the "
    "margin allows.",
    "less confident only": "It is only less sure of itself: fewer errors reach tau, but among as many of its most "
    "confident rows as the baseline's no drop is shown.",
    "no change": "Nothing is shown either way: no effect is among the likely ones, or its accuracy is in doubt.",
    "worse": "It is a worse model: its most confident rows are wrong more often, or it is less accurate.",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """A word, and one sentence with the numbers behind it."""

    word: VerdictWord
    reason: str


@dataclass(frozen=True, slots=True)
class Rule:
    """What was set before the proof: threshold, accuracy that may be lost, and coverage of the intervals (0..1)."""

    tau: float
    margin: float
    interval: float


def judge(arm: dict[str, BaselineComparison], baseline: dict[str, BaselineComparison], rule: Rule) -> Verdict:
    """Judge an arm by its figures on ``proof`` and, where the project has one, ``test``.

    In this order, with "fall" and "rise" meaning an interval wholly below or above 0:

    1. ``worse``: UUs at matched coverage rise on proof; or accuracy on proof or test is lower by more than the margin
       and falls, whatever else improves.
    2. ``proven``: UUs at matched coverage fall on proof, and accuracy is not inferior on either: its whole interval
       lies above a loss of the margin (Piaggio et al. 2012, JAMA 308(24), figure). Where it does not, the rows are too
       few to tell, the gain is in doubt and the word ``no change``.
    3. ``less confident only``: UUs at tau fall on proof, those at matched coverage do not.
    4. ``no change``.
    """
    case = _Case(arm, baseline, rule)
    change = arm["proof"].difference
    matched = case.counts("UUs at matched coverage", "uu_at_matched_coverage")
    accuracy = {split: figures.difference["accuracy"] for split, figures in arm.items()}
    in_doubt = [split for split, figure in accuracy.items() if figure.low < -rule.margin]
    surely_lower = [split for split in in_doubt if accuracy[split].mean < -rule.margin and accuracy[split].high < 0]
    unchecked = "" if "test" in arm else "; test was not checked: the project has none"

    word: VerdictWord
    if change["uu_at_matched_coverage"].low > 0 or surely_lower:
        word, reason = "worse", "; ".join([matched, *(case.accuracy(split, "is lower") for split in surely_lower)])
    elif change["uu_at_matched_coverage"].high < 0 and in_doubt:
        doubts = " and ".join(case.accuracy(split, "may be lower") for split in in_doubt)
        word, reason = "no change", f"{matched}, but the gain is in doubt, as {doubts}"
    elif change["uu_at_matched_coverage"].high < 0:
        bounds = ", ".join(
            f"{split} {share(at.mean, sign=True)}, at least {share(at.low, sign=True)}"
            for split, at in accuracy.items()
        )
        word, reason = "proven", f"{matched}, and accuracy keeps within the margin of {rule.margin:g} ({bounds})"
    elif change["uu_at_tau"].high < 0:
        word, reason = "less confident only", f"{case.counts(f'UUs at tau {rule.tau:g}', 'uu_at_tau')}, but {matched}"
    else:
        word, reason = "no change", matched
    return Verdict(word, reason + unchecked)


@dataclass(frozen=True, slots=True)
class _Case:
    arm: dict[str, BaselineComparison]
    baseline: dict[str, BaselineComparison]
    rule: Rule

    def counts(self, name: str, metric: str) -> str:
        return f"{name} {self._change('proof', metric, count)}"

    def accuracy(self, split: str, what: str) -> str:
        change = self._change(split, "accuracy", share)
        return f"accuracy on {split} {change} {what} by more than the margin of {self.rule.margin:g}"

    def _change(self, split: str, metric: str, show: Show) -> str:
        before, after = (side[split].values[metric].mean for side in (self.baseline, self.arm))
        change = self.arm[split].difference[metric]
        bounds = f"{self.rule.interval * 100:.4g} % interval {interval(show, change.low, change.high)}"
        return f"{show(before)} -> {show(after)} ({show(change.mean, sign=True)}, {bounds})"
