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
from engine.proof.imputation import Bools, KnownLabels, label_sets
from engine.proof.metrics import Scored
from engine.proof.proof_labels import LOOKS, ProofLabels
from engine.proof.report_types import Group, LabelsAsked
from engine.proof.spot_counts import Resampling
from engine.proof.statistics import BaselineComparison, compare_imputed
from engine.proof.verdict_rule import Rule, Verdict, VerdictWord, judge

CERTAIN = 0.95  # share of the likely sets of labels that give the word
_SEED = 13
_SETS = 100
_FORESEEN = 3  # ways in which the labels may come out, for how many are needed
_SETS_FORESEEN = 40
# Of an LLM's labels, and of the baseline's answers where there are none: wrong ones taken for granted, of how many.
_WRONG = {True: (1, 10), False: (1, 2)}


@dataclass(frozen=True)
class ImputedVerdict:
    """A verdict from few labels.

    Attributes:
        arm, baseline: their figures on proof.
        likely: the share of the likely label sets that give a word, the most frequent first.
    """

    verdict: Verdict
    arm: BaselineComparison
    baseline: BaselineComparison
    likely: dict[VerdictWord, float]

    @property
    def is_certain(self) -> bool:
        """Whether further labels would hardly change the word."""
        return next(iter(self.likely.values())) >= CERTAIN


class ImputedJudge:
    """Judges the arms of a proof by what labels there are; equal labels give equal verdicts.

    Args:
        held: who was asked for which labels.
        models: of all proof rows, by arm and recipe one for each seed; ``gold`` is the split's, or `UNKNOWN`.
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
        gold = self._reference[0].gold.copy()
        for place, label in held.people:
            gold[place] = label
        self.known = KnownLabels(gold, np.array(held.llm, dtype=np.int64), self._drawn(held.look))
        self.verdicts = {group: self._judge(group, self.known) for group in self._arms}

    def labels_asked(self) -> LabelsAsked:
        """What people are asked for, and how far that is."""
        held = self._held
        asked, after = (len(held.drawn(look)) for look in (held.look, min(held.look + 1, LOOKS)))
        certain = all(one.is_certain for one in self.verdicts.values())
        return LabelsAsked(
            queue=held.queue,
            rows=len(held.order),
            budget=min(held.budget, len(held.order)),
            look=held.look,
            looks=LOOKS,
            asked=asked,
            answered=held.answered,
            next=after - asked,
            certain=certain,
            needed=None if certain else self._needed(),
        )

    def _drawn(self, look: int) -> Bools:
        drawn = np.zeros(len(self._reference[0].gold), dtype=np.bool_)
        drawn[list(self._held.drawn(look))] = True
        return drawn

    def _judge(self, group: Group, known: KnownLabels, sets: int = _SETS) -> ImputedVerdict:
        arm, rule, how = self._models[group], self._rule, self._how
        tail, normal = (1 - how.interval) / 2, NormalDist()
        found = compare_imputed(
            arm,
            self._reference,
            label_sets(known, arm, self._reference, rule.tau, sets=sets, seed=_SEED),
            tau=rule.tau,
            resamples=how.resamples,
            interval=how.interval,
            widening=normal.inv_cdf(1 - tail / LOOKS) / normal.inv_cdf(1 - tail),
        )
        verdicts = [self._verdict(group, replace(found.arm, difference=one), found.baseline) for one in found.likely]
        words = Counter(one.word for one in verdicts).most_common()
        verdict = self._verdict(group, found.arm, found.baseline)
        word, count = words[0]
        if count >= CERTAIN * sets and verdict.word != word:
            verdict = next(one for one in verdicts if one.word == word)
        return ImputedVerdict(verdict, found.arm, found.baseline, {name: many / sets for name, many in words})

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
            drawn, certain = self._drawn(look), 0
            for gold in foreseen:
                then = replace(known, gold=np.where(drawn & (known.gold == UNKNOWN), gold, known.gold), drawn=drawn)
                certain += all(self._judge(group, then, _SETS_FORESEEN).is_certain for group in self._arms)
            if 2 * certain > _FORESEEN:
                return len(self._held.drawn(look))
        return None
