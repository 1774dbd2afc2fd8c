"""The verdict on an arm where proof rows lack labels: by likely sets of these (`engine.proof.imputation`).

Each likely set of labels gives the word that it would give if its labels were known. The verdict is the word of at
least `CERTAIN` of them: then no further label is asked for. Otherwise it is what the rule says of intervals that hold
what is not known. What the sets differ by is widened for labels that are looked at five times (Bonferroni), the noise
of rows and seeds is not: no look changes it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np

from engine.discovery.calibration import UNKNOWN
from engine.proof.imputation import Correction, KnownLabels, RowChanges, chances_of_draw, corrections, label_sets
from engine.proof.metrics import IntArray, Scored
from engine.proof.proof_labels import LOOKS, ProofLabels
from engine.proof.report_types import Estimate, Group, LabelsAsked
from engine.proof.spot_counts import Resampling
from engine.proof.statistics import DIGITS, BaselineComparison, ImputedComparison, compare_imputed
from engine.proof.verdict_rule import Rule, Verdict, VerdictWord, judge

CERTAIN = 0.95  # share of the likely sets of labels that give the word
_SEED = 13
_SETS = 200
_MEASURED = 40  # of them, for the figures that are shown
_FORESEEN = 3  # ways in which the labels may come out, for how many are needed
# Of an LLM's labels, and of the baseline's answers where there are none: wrong ones taken for granted, of how many.
_WRONG = {True: (1, 10), False: (1, 2)}


@dataclass(frozen=True)
class ImputedVerdict:
    """A verdict from few labels.

    Attributes:
        arm, baseline: their figures on proof. noise: as `engine.proof.statistics.ImputedComparison`.
        likely: the share of the likely label sets that give a word, the most frequent first.
    """

    verdict: Verdict
    arm: BaselineComparison
    baseline: BaselineComparison
    noise: dict[str, tuple[float, float]]
    likely: dict[VerdictWord, float]

    @property
    def is_certain(self) -> bool:
        """Whether further labels would hardly change the word."""
        return next(iter(self.likely.values())) >= CERTAIN


class ImputedJudge:
    """Judges the arms of a proof by what labels there are; equal labels give equal verdicts.

    Args:
        held: who was asked for which labels.
        models: of all proof rows, by arm and recipe one for each seed; ``gold``: of rows without a label `UNKNOWN`.
        baseline: which of them the others are compared with.
        test: the comparison on test, where the project has one.
        rule, how: as for a proof whose rows have their labels.

    Attributes:
        known: what is known of the labels.
        verdicts: by arm.
    """

    def __init__(
        self,
        held: ProofLabels,
        models: Mapping[Group, Sequence[Scored]],
        baseline: Group,
        test: Mapping[Group, BaselineComparison] | None,
        rule: Rule,
        how: Resampling,
    ) -> None:
        self._held, self._models, self._reference = held, models, models[baseline]
        self._arms = [group for group in models if group != baseline]
        self._test = {group: (test[group], test[baseline]) for group in self._arms} if test else {}
        self._rule, self._how = rule, how
        tail, normal = (1 - how.interval) / 2, NormalDist()
        self._widening = normal.inv_cdf(1 - tail / LOOKS) / normal.inv_cdf(1 - tail)
        self._changes = {group: RowChanges.of(models[group], self._reference, rule.tau) for group in self._arms}
        self._llm, places = np.array(held.llm, dtype=np.int64), list(held.order)
        self._effects = np.zeros(len(self._llm))
        self._effects[places] = np.max([one.effect for one in self._changes.values()], axis=0)[places]
        self.known = self._known(self._reference[0].gold, held.look)
        self.verdicts = {group: self._judge(group) for group in self._arms}

    def labels_asked(self) -> LabelsAsked:
        """What people are asked for, and how far that is."""
        certain = all(one.is_certain for one in self.verdicts.values())
        return self._held.as_asked(certain=certain, needed=None if certain else self._needed())

    def _known(self, gold: IntArray, look: int) -> KnownLabels:
        """What is known with these labels, after so many looks."""
        places = list(self._held.drawn(look))
        drawn = np.zeros(len(gold), dtype=np.bool_)
        drawn[places] = True
        return KnownLabels(gold, self._llm, drawn, chances_of_draw(self._effects, len(places)))

    def _judge(self, group: Group) -> ImputedVerdict:
        arm, how = self._models[group], self._how
        likely_labels = self._label_sets(group, self.known)
        corrected = self._corrections(group, self.known, likely_labels)
        found = compare_imputed(
            arm,
            self._reference,
            likely_labels[:_MEASURED],
            corrected=corrected,
            tau=self._rule.tau,
            resamples=how.resamples,
            interval=how.interval,
            widening=self._widening,
        )
        verdict = self._verdict(group, found.arm, found.baseline)
        likely = self._likely(group, likely_labels, corrected, found)
        words = Counter(one.word for one in likely).most_common()
        if words[0][1] >= CERTAIN * _SETS and verdict.word != words[0][0]:
            verdict = next(one for one in likely if one.word == words[0][0])
        shares = {word: count / _SETS for word, count in words}
        return ImputedVerdict(verdict, found.arm, found.baseline, found.noise, shares)

    def _label_sets(self, group: Group, known: KnownLabels) -> IntArray:
        return label_sets(known, self._models[group], self._reference, self._changes[group], sets=_SETS, seed=_SEED)

    def _corrections(self, group: Group, known: KnownLabels, likely_labels: IntArray) -> dict[str, Correction]:
        arm, changes = self._models[group], self._changes[group]
        return corrections(known, arm, self._reference, changes, changes.totals(likely_labels))

    def _likely(
        self,
        group: Group,
        likely_labels: IntArray,
        corrected: Mapping[str, Correction],
        found: ImputedComparison | ImputedVerdict,
    ) -> list[Verdict]:
        """The verdict for each set of labels, were it the true one."""
        totals = {name: corrected[name].of(of) for name, of in self._changes[group].totals(likely_labels).items()}
        centres = {name: of.mean() + self._widening * (of - of.mean()) for name, of in totals.items()}
        verdicts = []
        for number in range(len(likely_labels)):
            change = {}
            for name, of in centres.items():
                low, high = found.noise[name]
                mean = float(of[number])
                change[name] = Estimate(mean, round(mean + low, DIGITS), round(mean + high, DIGITS))
            verdicts.append(self._verdict(group, replace(found.arm, difference=change), found.baseline))
        return verdicts

    def _verdict(self, group: Group, arm: BaselineComparison, baseline: BaselineComparison) -> Verdict:
        after, before = {"proof": arm}, {"proof": baseline}
        if group in self._test:
            after["test"], before["test"] = self._test[group]
        return judge(after, before, self._rule)

    def _needed(self) -> int | None:
        """About how many labels certain words take in all; None: more than the budget.

        The labels are taken to come out against what is assumed as often as so far, in three ways drawn at random; the
        number is that of the first look at which two of these are certain.
        """
        dice, known, labels = np.random.default_rng(_SEED), self.known, self._reference[0].n_labels
        by_llm = known.llm != UNKNOWN
        assumed = np.where(by_llm, known.llm, self._reference[0].predicted)
        told = known.drawn & (known.gold != UNKNOWN)
        rates = np.zeros(len(assumed))
        for is_llm, (wrong, of) in _WRONG.items():
            seen = told & (by_llm == is_llm)
            rates[by_llm == is_llm] = ((known.gold != assumed)[seen].sum() + wrong) / (seen.sum() + of)
        others = (assumed + 1 + dice.integers(0, labels - 1, (_FORESEEN, len(assumed)))) % labels
        foreseen = np.where(dice.random(others.shape) < rates, others, assumed)
        for look in range(self._held.look + 1, LOOKS + 1):
            by_then = self._known(known.gold, look)
            likely = [
                replace(by_then, gold=np.where(by_then.drawn & (known.gold == UNKNOWN), gold, known.gold))
                for gold in foreseen
            ]
            if 2 * sum(self._all_certain(one) for one in likely) > _FORESEEN:
                return len(self._held.drawn(look))
        return None

    def _all_certain(self, known: KnownLabels) -> bool:
        for group, verdict in self.verdicts.items():
            likely_labels = self._label_sets(group, known)
            corrected = self._corrections(group, known, likely_labels)
            words = Counter(one.word for one in self._likely(group, likely_labels, corrected, verdict))
            if words.most_common(1)[0][1] < CERTAIN * _SETS:
                return False
        return True
