"""Multiple imputation of the labels that proof rows lack: likely sets of them, for an arm and its baseline.

Only some rows can change what is said of an arm: those on which it and the baseline differ, in the answer or in whether
they are sure of it. People label a sample of these, drawn with chances that follow how much a row can change
(`RowChanges.effect`). The labels of the others are imputed. Each starts from the LLM's label, or from the baseline's
answer where the LLM gave none, and is wrong at the rate found on the labelled rows of its stratum; that rate is drawn
from its posterior. Each label set is one such draw, so the spread of all sets includes what is not known [Rubin 1987,
"Multiple Imputation for Nonresponse in Surveys"; an LLM's labels beside few of people's: Angelopoulos et al. 2023,
arXiv 2301.09633].

Strata: whether an LLM labelled the row; whether most models of both give the label that is taken, or some, or (of three
labels or more) none; and whether the arm gains or loses if it is wrong. In each stratum the rate of wrong labels has
Jeffreys' posterior, Beta(k + 1/2, n - k + 1/2). So has the share of the wrong ones whose right label is the one, among
the other labels, that moves the change most. As rows are drawn in proportion to their effect, the plain rate among
those drawn estimates the rate weighted by effect, which is the one that the change depends on.

Rows of one stratum are not all alike: fewer labels may be wrong where only one seed differs, or where a row is covered.
So the change that the sets give is corrected by the drawn rows themselves: by how much each changes beyond what its
stratum expects, weighted by the number of undrawn rows that it stands for. The correction is unbiased whatever the
strata are, and the spread of a change is at least that of the correction over other draws (`corrections`). That is the
difference estimator of survey sampling, with the label sets as its model [Särndal, Swensson & Wretman 1992,
"Model Assisted Survey Sampling", section 6.3]. Measured coverage: `tests/bench/README.md`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from scipy.optimize import brentq
from scipy.special import stdtrit

from engine.arrays import Bools
from engine.discovery.calibration import UNKNOWN
from engine.proof.metrics import FloatArray, IntArray, Scored, among_most_confident

_JEFFREYS = 0.5
_NOTHING = 1e-9  # rows
_LONG = 50.0  # e to this: no waiting time is longer
_FEWEST = 10  # labelled rows that correct the others
_TAIL = 0.975  # of the interval by whose width two spreads are compared
_TIE, _ARM_FIRST = 1e-3, 1.01  # of labels that change as much the one that more models give, of these the arm's


@dataclass(frozen=True)
class KnownLabels:
    """What is known of the labels of proof rows; label indices, or `UNKNOWN`.

    Attributes:
        gold: (n,) the split's and people's.
        llm: (n,) an LLM's.
        drawn: (n,) rows that were drawn for a label; their labels tell how often the LLM is wrong.
        chances: (n,) of each row to be drawn (`chances_of_draw`).
    """

    gold: IntArray
    llm: IntArray
    drawn: Bools
    chances: FloatArray


@dataclass(frozen=True)
class RowChanges:
    """What a row adds to the change of a figure if it has a label; each (n, labels), means over seeds.

    Attributes:
        uu_at_matched_coverage, uu_at_tau: in rows. accuracy: in shares of all rows.
    """

    uu_at_matched_coverage: FloatArray
    uu_at_tau: FloatArray
    accuracy: FloatArray

    @classmethod
    def of(cls, arm: Sequence[Scored], baseline: Sequence[Scored], tau: float) -> RowChanges:
        """Of an arm against its baseline; one of either for each seed."""
        n, labels = len(baseline[0].predicted), baseline[0].n_labels
        matched, at_tau, accuracy = (np.zeros((n, labels)) for _ in range(3))
        for new, old in zip(arm, baseline, strict=True):
            old_wrong, new_wrong = (run.predicted[:, None] != np.arange(labels) for run in (old, new))
            covered = old.covered(tau)[:, None] * old_wrong
            matched += among_most_confident(new, int(old.covered(tau).sum()))[:, None] * new_wrong - covered
            at_tau += new.covered(tau)[:, None] * new_wrong - 1.0 * covered
            accuracy += 1.0 * old_wrong - new_wrong
        return cls(matched / len(baseline), at_tau / len(baseline), accuracy / len(baseline) / n)

    @property
    def gain(self) -> FloatArray:
        """(n, labels) UUs at matched coverage that there are fewer and right answers that there are more, in rows."""
        return len(self.accuracy) * self.accuracy - self.uu_at_matched_coverage

    @property
    def effect(self) -> FloatArray:
        """(n,) by how much the label of a row can change what is said of the arm, in rows; 0: not at all."""
        spread = self.gain.max(axis=1) - self.gain.min(axis=1)
        return np.where(spread > _NOTHING, spread, 0.0)

    @property
    def by_figure(self) -> dict[str, FloatArray]:
        """The changes by the names that figures have in reports."""
        return {
            "uu_at_matched_coverage": self.uu_at_matched_coverage,
            "uu_at_tau": self.uu_at_tau,
            "accuracy": self.accuracy,
        }

    def totals(self, label_sets: IntArray) -> dict[str, FloatArray]:
        """By figure its change for each set of labels (sets, n): (sets,)."""
        found = {}
        for name, changes in self.by_figure.items():
            varies = changes.max(axis=1) > changes.min(axis=1)
            at = np.flatnonzero(varies)
            found[name] = changes[~varies, 0].sum() + changes[at, label_sets[:, at]].sum(axis=1)
        return found


@dataclass(frozen=True)
class Correction:
    """By how much what the label sets say of a change is moved, and how many times as far from their mean they lie."""

    shift: float = 0.0
    spread: float = 1.0

    def of(self, values: FloatArray) -> FloatArray:
        """What the sets say, corrected; along the first axis."""
        mean = values.mean(axis=0)
        corrected: FloatArray = mean + self.shift + self.spread * (values - mean)
        return corrected


def draw_order(effects: FloatArray, seed: int) -> tuple[int, ...]:
    """Places of the rows whose effect is not 0, drawn one after the other with chances in proportion to it.

    As waiting times of rate ``effect`` come in that order (Efraimidis & Spirakis 2006, Information Processing Letters
    97(5)).

    Args:
        effects: (n,) of each row (`RowChanges.effect`).
        seed: of the draw.
    """
    places = np.flatnonzero(effects)
    waits = np.random.default_rng(seed).exponential(size=len(places)) / effects[places]
    return tuple(places[np.argsort(waits)].tolist())


def chances_of_draw(effects: FloatArray, drawn: int) -> FloatArray:
    """(n,) the chance of each row to be among the first so many of `draw_order`.

    That of a waiting time below the one by which so many have come on average (Rosén 1997, "On sampling with
    probability proportional to size", Journal of Statistical Planning and Inference 62(2)).
    """
    if drawn >= np.count_nonzero(effects):
        return np.where(effects > 0, 1.0, 0.0)
    if not drawn:
        return np.zeros(len(effects))

    def too_many(log_wait: float) -> float:
        return float(-np.expm1(-effects * np.exp(log_wait)).sum() - drawn)

    chances: FloatArray = -np.expm1(-effects * np.exp(brentq(too_many, -_LONG, _LONG)))
    return chances


@dataclass(frozen=True)
class _Stratum:
    """Rows that can change something, and how many of the drawn ones among them have another label than is taken."""

    rows: IntArray
    seen: int
    wrong: int
    other: int


@dataclass(frozen=True)
class _Guess:
    """Of each row the label that is taken, and the one by which the change differs most from that; (n,)."""

    assumed: IntArray
    other: IntArray
    strata: list[_Stratum]

    @classmethod
    def of(cls, known: KnownLabels, arm: Sequence[Scored], baseline: Sequence[Scored], changes: RowChanges) -> _Guess:
        n, labels = len(known.gold), baseline[0].n_labels
        new, old, at = _votes(arm), _votes(baseline), np.arange(n)
        assumed = np.where(known.llm == UNKNOWN, old.argmax(axis=1), known.llm)
        gain = changes.gain - changes.gain[at, assumed][:, None]
        differs = np.abs(gain) + _TIE * (_ARM_FIRST * new + old)
        differs[at, assumed] = -1
        other = differs.argmax(axis=1)
        share = (new + old)[at, assumed] / (len(arm) + len(baseline))
        agree = 1 * (share <= 0.5) + (
            (share == 0) & (labels > 2)
        )  # of two labels this one would only split small strata
        gains = np.sign(np.round(gain[at, other], 9)).astype(np.int64)
        numbers = 9 * (known.llm != UNKNOWN) + 3 * agree + 1 + gains
        strata, can_change = [], changes.effect > 0
        for number in range(18):
            inside = (numbers == number) & can_change
            seen = known.drawn & (known.gold != UNKNOWN) & inside
            wrong = seen & (known.gold != assumed)
            is_other = wrong & (known.gold == other)
            strata.append(_Stratum(np.flatnonzero(inside), int(seen.sum()), int(wrong.sum()), int(is_other.sum())))
        return cls(assumed, other, strata)


def label_sets(
    known: KnownLabels,
    arm: Sequence[Scored],
    baseline: Sequence[Scored],
    changes: RowChanges,
    *,
    sets: int,
    seed: int,
) -> IntArray:
    """Likely labels of all rows, (sets, n); those that are known are the same in every set.

    Rows that can change nothing have the label that is taken for granted.

    Args:
        known: the labels that there are.
        arm: one for each seed.
        baseline: one for each seed.
        changes: of the arm against the baseline.
        sets: how many.
        seed: of the draws. Two arms with the same seed are compared on label sets that differ no more than they must.
    """
    n, labels, guess = len(known.gold), baseline[0].n_labels, _Guess.of(known, arm, baseline, changes)
    dice = np.random.default_rng(seed)
    draws, which = dice.random((sets, n)), dice.random((sets, n))
    found = np.broadcast_to(guess.assumed, (sets, n)).copy()
    for stratum in guess.strata:
        rate = _posterior(dice, stratum.wrong, stratum.seen, sets)
        to_other = _posterior(dice, stratum.other, stratum.wrong, sets) if labels > 2 else np.ones(sets)
        missing = stratum.rows[known.gold[stratum.rows] == UNKNOWN]
        is_wrong = draws[:, missing] < rate[:, None]
        chosen = np.broadcast_to(guess.other[missing], is_wrong.shape)
        if labels > 2:
            rest = _rest(guess.assumed[missing], guess.other[missing], which[:, missing], labels)
            chosen = np.where(dice.random(is_wrong.shape) < to_other[:, None], chosen, rest)
        found[:, missing] = np.where(is_wrong, chosen, found[:, missing])
    is_known = known.gold != UNKNOWN
    found[:, is_known] = known.gold[is_known]
    return found


def corrections(
    known: KnownLabels,
    arm: Sequence[Scored],
    baseline: Sequence[Scored],
    changes: RowChanges,
    totals: Mapping[str, FloatArray],
) -> dict[str, Correction]:
    """By figure how the drawn rows correct what label sets say of its change; not at all once no label is missing.

    The spread is at least the standard error of the shift, by Student's t for so many rows.

    Args:
        known: as `label_sets`.
        arm: one for each seed.
        baseline: one for each seed.
        changes: of the arm against the baseline.
        totals: what the label sets say (`RowChanges.totals`).
    """
    told = np.flatnonzero(known.drawn & (known.gold != UNKNOWN) & (known.chances > 0))
    missing = (changes.effect > 0) & (known.gold == UNKNOWN)
    if len(told) < _FEWEST or not missing.any():
        return {name: Correction() for name in totals}
    guess, labels, at = _Guess.of(known, arm, baseline, changes), baseline[0].n_labels, np.arange(len(known.gold))
    # A drawn row has no label in the end where people skipped it or disagree: the others stand for it too.
    stands_for = (1 / known.chances[told] - 1) * known.drawn.sum() / len(told)
    wider = stdtrit(len(told) - 1, _TAIL) / NormalDist().inv_cdf(_TAIL)
    found = {}
    for name, of in changes.by_figure.items():
        expected = of[at, guess.assumed].copy()
        rest = (of.sum(axis=1) - of[at, guess.assumed] - of[at, guess.other]) / max(1, labels - 2)
        for stratum in guess.strata:
            rate = (stratum.wrong + _JEFFREYS) / (stratum.seen + 2 * _JEFFREYS)
            to_other = (stratum.other + _JEFFREYS) / (stratum.wrong + 2 * _JEFFREYS) if labels > 2 else 1.0
            rows = stratum.rows
            if_wrong = to_other * of[rows, guess.other[rows]] + (1 - to_other) * rest[rows]
            expected[rows] = (1 - rate) * expected[rows] + rate * if_wrong
        more = of[told, known.gold[told]] - expected[told]
        noise = np.sqrt((stands_for / known.chances[told] * more**2).sum() * len(told) / (len(told) - 1))
        has = float(totals[name].std())
        found[name] = Correction(float((stands_for * more).sum()), max(1.0, wider * noise / has) if has else 1.0)
    return found


def _votes(runs: Sequence[Scored]) -> FloatArray:
    """(n, labels) how many seeds give each label."""
    votes: FloatArray = np.sum([np.eye(run.n_labels)[run.predicted] for run in runs], axis=0)
    return votes


def _posterior(dice: np.random.Generator, hits: int, of: int, draws: int) -> FloatArray:
    return dice.beta(hits + _JEFFREYS, of - hits + _JEFFREYS, draws)


def _rest(assumed: IntArray, other: IntArray, draws: FloatArray, labels: int) -> IntArray:
    """For each draw, 0..1, a label that is neither of two."""
    low, high = np.minimum(assumed, other), np.maximum(assumed, other)
    label = (draws * (labels - 2)).astype(np.int64)
    label += label >= low
    label += label >= high
    return label
