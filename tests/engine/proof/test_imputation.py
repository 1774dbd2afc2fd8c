"""Likely sets of the labels that proof rows lack: how often what they say holds what all labels say."""

from __future__ import annotations

import numpy as np
import pytest

from engine.proof.imputation import RowChanges, label_sets
from tests.builders.populations import TAU, LlmKind, known_labels, llm_labels, population

DRAWS = 60
LABELS = 60


@pytest.mark.parametrize(
    ("kind", "labels", "seeds", "better"),
    [("good", 2, 1, 0.6), ("absent", 2, 1, 0.6), ("sides with the baseline", 2, 1, 0.0), ("weak", 3, 3, -0.8)],
)
def test_the_interval_of_a_change_holds_what_all_labels_say(
    kind: LlmKind, labels: int, seeds: int, better: float
) -> None:
    held: dict[str, list[bool]] = {"uu_at_matched_coverage": [], "accuracy": []}
    for number in range(DRAWS):
        dice = np.random.default_rng((7, number))
        of = population(dice, rows=400, labels=labels, seeds=seeds, better=better)
        arm, baseline = of.scored()
        changes = RowChanges.of(arm, baseline, TAU)
        known = known_labels(dice, of, llm_labels(dice, of, kind), changes.effect, LABELS)
        likely = changes.totals(label_sets(known, arm, baseline, changes, sets=100, seed=number))
        truth = changes.totals(of.gold[None])
        for name, found in held.items():
            low, high = np.quantile(likely[name], [0.025, 0.975], method="weibull")
            found.append(bool(low - 1e-9 <= truth[name][0] <= high + 1e-9))
    for found in held.values():
        assert np.mean(found) >= 0.85
