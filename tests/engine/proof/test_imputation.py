"""Likely sets of the labels that proof rows lack: how often what they say holds what all labels say."""

from __future__ import annotations

import numpy as np
import pytest

from engine.proof.imputation import RowChanges, chances_of_draw, corrections, draw_order, label_sets
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
        corrected = corrections(known, arm, baseline, changes, likely)
        truth = changes.totals(of.gold[None])
        for name, found in held.items():
            low, high = np.quantile(corrected[name].of(likely[name]), [0.025, 0.975], method="weibull")
            found.append(bool(low - 1e-9 <= truth[name][0] <= high + 1e-9))
    for found in held.values():
        assert np.mean(found) >= 0.85


def test_chances_are_how_often_rows_are_drawn() -> None:
    effects = np.repeat([0.0, 0.3, 1.0, 4.0], 25)
    drawn = [np.bincount(draw_order(effects, seed)[:40], minlength=100) for seed in range(400)]
    often = np.mean(drawn, axis=0).reshape(4, 25).mean(axis=1)
    assert chances_of_draw(effects, 40).reshape(4, 25).mean(axis=1) == pytest.approx(often, abs=0.02)
    assert chances_of_draw(effects, 80).tolist() == [0.0] * 25 + [1.0] * 75
    assert chances_of_draw(effects, 0).tolist() == [0.0] * 100


def test_what_sets_say_is_corrected_by_rows_that_differ_from_their_stratum() -> None:
    """Each set has too many wrong labels among the covered rows, as fewer of these are wrong than of their stratum."""
    before, after = [], []
    for number in range(40):
        dice = np.random.default_rng((3, number))
        of = population(dice, labels=3, seeds=3, better=-0.8)
        arm, baseline = of.scored()
        changes = RowChanges.of(arm, baseline, TAU)
        known = known_labels(dice, of, llm_labels(dice, of, "absent"), changes.effect, 100)
        likely = changes.totals(label_sets(known, arm, baseline, changes, sets=100, seed=number))
        truth = changes.totals(of.gold[None])["uu_at_matched_coverage"][0]
        said = likely["uu_at_matched_coverage"]
        before.append(said.mean() - truth)
        after.append(
            corrections(known, arm, baseline, changes, likely)["uu_at_matched_coverage"].of(said).mean() - truth
        )
    assert np.mean(before) < -5
    assert abs(np.mean(after)) < 4
