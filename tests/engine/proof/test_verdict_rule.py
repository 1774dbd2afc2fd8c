from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from engine.proof.metrics import METRICS
from engine.proof.statistics import BaselineComparison, Estimate, compare
from engine.proof.verdict_rule import MEANINGS, Rule, Verdict, judge
from tests.engine.proof.synthetic import Gold, Logits, gold_labels, model, scored

RULE = Rule(tau=0.9, margin=0.01, interval=0.95)

FALLS, REACHES_ZERO, RISES = (-20.0, -30.0, -10.0), (-5.0, -15.0, 5.0), (20.0, 10.0, 30.0)
# Accuracy: its interval within the margin; reaching beyond it; lower by more, surely.
KEPT, DOUBTFUL, LOST = (0.0, -0.009, 0.02), (0.0, -0.02, 0.02), (-0.02, -0.03, -0.005)
# Surely lower, but by less than the margin: allowed, that is what a margin is for.
SURELY_A_LITTLE = (-0.007, -0.0095, -0.004)

Bounds = tuple[float, float, float]


def comparison(
    *, matched: Bounds = REACHES_ZERO, fixed: Bounds = REACHES_ZERO, accuracy: Bounds = KEPT
) -> BaselineComparison:
    difference = {name: Estimate(0.0, -0.1, 0.1, (0.0,)) for name in METRICS}
    for name, bounds in (("uu_at_matched_coverage", matched), ("uu_at_tau", fixed), ("accuracy", accuracy)):
        difference[name] = Estimate(*bounds, per_seed=(bounds[0],))
    start = {"uu_at_matched_coverage": 100.0, "uu_at_tau": 100.0, "accuracy": 0.7}
    values = {name: Estimate(start.get(name, 0.5) + e.mean, 0.0, 0.0, (0.0,)) for name, e in difference.items()}
    return BaselineComparison(values, difference)


BASELINE = {split: comparison(matched=(0, 0, 0), fixed=(0, 0, 0), accuracy=(0, 0, 0)) for split in ("proof", "test")}


def verdict(matched: Bounds, fixed: Bounds, on_proof: Bounds, on_test: Bounds | None) -> Verdict:
    arm = {"proof": comparison(matched=matched, fixed=fixed, accuracy=on_proof)}
    if on_test is not None:
        arm["test"] = comparison(accuracy=on_test)
    return judge(arm, BASELINE, RULE)


# Every combination of what can be seen: UUs at matched coverage and at tau, then accuracy where it is at its worst.
TABLE = {
    (FALLS, FALLS, KEPT): "proven",
    (FALLS, REACHES_ZERO, KEPT): "proven",
    (FALLS, RISES, KEPT): "proven",
    (FALLS, FALLS, SURELY_A_LITTLE): "proven",
    (FALLS, REACHES_ZERO, SURELY_A_LITTLE): "proven",
    (FALLS, RISES, SURELY_A_LITTLE): "proven",
    (FALLS, FALLS, DOUBTFUL): "no change",
    (FALLS, REACHES_ZERO, DOUBTFUL): "no change",
    (FALLS, RISES, DOUBTFUL): "no change",
    (REACHES_ZERO, FALLS, KEPT): "less confident only",
    (REACHES_ZERO, FALLS, SURELY_A_LITTLE): "less confident only",
    (REACHES_ZERO, FALLS, DOUBTFUL): "less confident only",
    (REACHES_ZERO, REACHES_ZERO, KEPT): "no change",
    (REACHES_ZERO, REACHES_ZERO, SURELY_A_LITTLE): "no change",
    (REACHES_ZERO, REACHES_ZERO, DOUBTFUL): "no change",
    (REACHES_ZERO, RISES, KEPT): "no change",
    (REACHES_ZERO, RISES, SURELY_A_LITTLE): "no change",
    (REACHES_ZERO, RISES, DOUBTFUL): "no change",
    **{
        (RISES, fixed, accuracy): "worse"
        for fixed in (FALLS, REACHES_ZERO, RISES)
        for accuracy in (KEPT, SURELY_A_LITTLE, DOUBTFUL, LOST)
    },
    **{(matched, fixed, LOST): "worse" for matched in (FALLS, REACHES_ZERO) for fixed in (FALLS, REACHES_ZERO, RISES)},
}


@pytest.mark.parametrize(("seen", "word"), TABLE.items())
@pytest.mark.parametrize("where", ["proof", "test", "both"])
def test_every_combination_has_its_word(seen: tuple[Bounds, Bounds, Bounds], word: str, where: str) -> None:
    matched, fixed, accuracy = seen
    on_proof, on_test = (accuracy if where in (split, "both") else KEPT for split in ("proof", "test"))
    assert verdict(matched, fixed, on_proof, on_test).word == word


def test_the_table_leaves_no_combination_out() -> None:
    counts, accuracies = (FALLS, REACHES_ZERO, RISES), (KEPT, SURELY_A_LITTLE, DOUBTFUL, LOST)
    assert set(TABLE) == set(product(counts, counts, accuracies))
    assert set(TABLE.values()) == set(MEANINGS)


@pytest.mark.parametrize(("seen", "word"), TABLE.items())
def test_without_a_test_split_the_verdict_is_the_same_and_says_so(
    seen: tuple[Bounds, Bounds, Bounds], word: str
) -> None:
    found = verdict(*seen, None)
    assert found.word == word
    assert found.reason.endswith("; test was not checked: the project has none")
    assert "not checked" not in verdict(*seen, KEPT).reason


@pytest.mark.parametrize(
    ("matched", "word"),
    [
        ((-20.0, -30.0, 0.0), "no change"),
        ((20.0, 0.0, 30.0), "no change"),
        ((-0.5, -0.9, -0.1), "proven"),
        ((0.5, 0.1, 0.9), "worse"),
    ],
    ids=["touches 0 from below", "touches 0 from above", "lies just below", "lies just above"],
)
def test_an_interval_lies_wholly_on_one_side_of_0_or_tells_nothing(matched: Bounds, word: str) -> None:
    assert verdict(matched, REACHES_ZERO, KEPT, KEPT).word == word


def test_a_gain_that_is_not_shown_is_not_called_in_doubt() -> None:
    for high in (0.0, 0.5):
        assert verdict((-20.0, -30.0, high), FALLS, KEPT, DOUBTFUL).word == "less confident only"


@pytest.mark.parametrize(
    "accuracy",
    [(-0.02, -0.05, 0.01), (-0.008, -0.015, -0.001), (-0.02, -0.04, 0.0), (-0.01, -0.02, -0.001)],
    ids=["much lower, but it may not fall", "falls, but by little", "touches 0", "lower by the margin"],
)
def test_it_is_worse_only_where_accuracy_surely_falls_and_by_more_than_the_margin(accuracy: Bounds) -> None:
    found = verdict(FALLS, FALLS, KEPT, accuracy)
    assert found.word == "no change"
    assert "in doubt" in found.reason


def test_an_accuracy_that_may_be_lower_by_exactly_the_margin_is_within_it() -> None:
    assert verdict(FALLS, FALLS, (-0.005, -0.01, -0.001), KEPT).word == "proven"


def test_a_higher_accuracy_whose_interval_is_wide_proves_nothing() -> None:
    found = verdict(FALLS, FALLS, (0.005, -0.012, 0.022), KEPT)
    assert found.word == "no change"
    assert "in doubt" in found.reason


def test_reasons_carry_the_numbers_that_decided() -> None:
    worse = verdict(RISES, FALLS, LOST, KEPT).reason
    assert worse == (
        "UUs at matched coverage 100 -> 120 (+20, 95 % interval +10 to +30); accuracy on proof 0.700 -> 0.680 "
        "(-0.020, 95 % interval -0.030 to -0.005) is lower by more than the margin of 0.01"
    )
    assert verdict(REACHES_ZERO, FALLS, KEPT, KEPT).reason == (
        "UUs at tau 0.9 100 -> 80 (-20, 95 % interval -30 to -10), but UUs at matched coverage 100 -> 95 "
        "(-5, 95 % interval -15 to +5)"
    )
    assert verdict(FALLS, FALLS, KEPT, (-0.004, -0.009, 0.01)).reason == (
        "UUs at matched coverage 100 -> 80 (-20, 95 % interval -30 to -10), and accuracy keeps within the margin of "
        "0.01 (proof +0.000, at least -0.009, test -0.004, at least -0.009)"
    )
    assert verdict(FALLS, FALLS, KEPT, DOUBTFUL).reason == (
        "UUs at matched coverage 100 -> 80 (-20, 95 % interval -30 to -10), but the gain is in doubt, as accuracy on "
        "test 0.700 -> 0.700 (+0.000, 95 % interval -0.020 to +0.020) may be lower by more than the margin of 0.01"
    )


def judged(baseline: list[Logits], arm: list[Logits], gold: Gold, *, resamples: int = 500) -> Verdict:
    models = {name: [scored(one, gold) for one in runs] for name, runs in (("baseline", baseline), ("arm", arm))}
    found = compare(models, baseline="baseline", tau=0.9, resamples=resamples, interval=0.95)
    return judge(
        {"proof": found["arm"], "test": found["arm"]}, {"proof": found["baseline"], "test": found["baseline"]}, RULE
    )


@pytest.mark.parametrize("labels", [2, 3, 5])
def test_a_mere_temperature_is_less_confident_only(labels: int) -> None:
    gold = gold_labels(900, labels)
    baseline = [model(gold, seed=seed, labels=labels, noise=2.5, skill=2.0) for seed in (1, 2, 3)]
    found = judged(baseline, [logits / np.float32(1.8) for logits in baseline], gold)
    assert found.word == "less confident only"


def test_sharpening_alone_is_no_change_although_uus_at_tau_rise() -> None:
    gold = gold_labels()
    baseline = [model(gold, seed=seed) for seed in (1, 2, 3)]
    assert judged(baseline, [2 * logits for logits in baseline], gold).word == "no change"


def test_an_oracle_that_mends_confident_errors_is_proven() -> None:
    gold = gold_labels()
    baseline = [model(gold, seed=seed) for seed in (1, 2, 3)]
    mended = []
    for logits in baseline:
        wrong = logits.argmax(axis=1) != gold
        wrong[::2] = False  # half of the errors
        oracle = logits.copy()
        oracle[wrong] = logits[wrong][:, ::-1]
        mended.append(oracle)
    assert judged(baseline, mended, gold).word == "proven"


def test_predictions_flipped_at_random_are_worse() -> None:
    gold = gold_labels()
    baseline = [model(gold, seed=seed) for seed in (1, 2, 3)]
    flipped = []
    for seed, logits in enumerate(baseline):
        rows = np.random.default_rng(seed).random(len(gold)) < 0.2
        broken = logits.copy()
        broken[rows] = logits[rows][:, ::-1]
        flipped.append(broken)
    assert judged(baseline, flipped, gold).word == "worse"


def test_a_less_sure_and_less_accurate_model_is_worse_however_far_its_uus_fall() -> None:
    gold = gold_labels()
    baseline = [model(gold, seed=seed) for seed in (1, 2, 3)]
    arm = [model(gold, seed=seed, skill=0.3) / np.float32(3) for seed in (1, 2, 3)]
    assert judged(baseline, arm, gold).word == "worse"


def test_identical_predictions_are_no_change() -> None:
    gold = gold_labels()
    baseline = [model(gold, seed=seed) for seed in (1, 2, 3)]
    found = judged(baseline, [logits.copy() for logits in baseline], gold)
    assert found.word == "no change"
    assert "(+0, 95 % interval +0 to +0)" in found.reason


def test_seeds_in_another_order_alone_are_no_change() -> None:
    gold = gold_labels()
    baseline = [model(gold, seed=seed) for seed in (1, 2, 3)]
    assert judged(baseline, baseline[::-1], gold).word == "no change"


def test_a_handful_of_rows_still_gets_a_verdict_with_its_interval() -> None:
    gold = gold_labels(6)
    found = judged([model(gold, seed=1)], [model(gold, seed=2)], gold)
    assert found.word in MEANINGS
    assert "95 % interval" in found.reason
