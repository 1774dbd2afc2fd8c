from __future__ import annotations

import numpy as np
import pytest

from engine.proof import statistics
from engine.proof.metrics import METRICS, Scored, measure
from engine.proof.statistics import BaselineComparison, compare
from tests.engine.proof.synthetic import gold_labels, hand, model, scored

Models = dict[str, list[Scored]]


def three_label_models(rows: int = 90, *, rounded: bool = False) -> Models:
    gold = gold_labels(rows, 3)

    def runs(skill: float) -> list[Scored]:
        logits = [model(gold, seed=seed, skill=skill, labels=3) for seed in (1, 2, 3)]
        return [scored(np.round(one) if rounded else one, gold) for one in logits]

    return {"baseline": runs(1.0), "arm": runs(1.6)}


def compared(models: Models, *, resamples: int = 200, seed: int = 0) -> dict[str, BaselineComparison]:
    return compare(models, baseline="baseline", tau=0.8, resamples=resamples, interval=0.9, seed=seed)


def take(one: Scored, rows: np.ndarray) -> Scored:
    return Scored(one.gold[rows], one.predicted[rows], one.confidence[rows], one.n_labels)


def naive(models: Models, resamples: int) -> dict[str, np.ndarray]:
    """The bootstrap as a textbook has it: rows picked one by one, every figure measured again. Same random numbers."""
    n_rows, n_seeds = len(models["arm"][0].gold), len(models["arm"])
    draws: dict[str, list[list[float]]] = {name: [] for name in models}
    chance = np.random.default_rng(0)
    for rows, seeds in zip(*(chance.integers(0, n, size=(resamples, n)) for n in (n_rows, n_seeds)), strict=True):
        matched = [int(take(one, rows).covered(0.8).sum()) for one in models["baseline"]]
        for name, runs in models.items():
            figures = [
                list(measure(take(one, rows), tau=0.8, matched=k).values())
                for one, k in zip(runs, matched, strict=True)
            ]
            draws[name].append([float(value) for value in np.mean([figures[seed] for seed in seeds], axis=0)])
    return {name: np.array(values) for name, values in draws.items()}


@pytest.mark.parametrize("rounded", [False, True], ids=["distinct confidences", "many ties"])
def test_intervals_equal_those_of_a_naive_bootstrap(rounded: bool) -> None:
    models = three_label_models(rounded=rounded)
    fast, slow = compared(models, resamples=40), naive(models, 40)
    for name in models:
        for metric, (low, high) in zip(METRICS, np.quantile(slow[name], [0.05, 0.95], axis=0).T, strict=True):
            assert (fast[name].values[metric].low, fast[name].values[metric].high) == pytest.approx(
                (low, high), abs=2e-6
            )
    low, high = np.quantile(slow["arm"] - slow["baseline"], [0.05, 0.95], axis=0)
    got = fast["arm"].difference
    assert [got[m].low for m in METRICS] == pytest.approx(low.tolist(), abs=2e-6)
    assert [got[m].high for m in METRICS] == pytest.approx(high.tolist(), abs=2e-6)


def test_the_mean_and_the_figures_of_each_seed_are_those_of_all_rows() -> None:
    models = three_label_models()
    result = compared(models)["arm"]
    for i, (one, base) in enumerate(zip(models["arm"], models["baseline"], strict=True)):
        figures = measure(one, tau=0.8, matched=int(base.covered(0.8).sum()))
        assert [result.values[m].per_seed[i] for m in METRICS] == pytest.approx([figures[m] for m in METRICS], abs=1e-6)
    for metric in METRICS:
        assert result.values[metric].mean == pytest.approx(np.mean(result.values[metric].per_seed), abs=1e-5)


def test_equal_input_gives_equal_intervals_and_another_seed_others() -> None:
    models = three_label_models()
    assert compared(models) == compared(models)
    assert compared(models)["arm"].values["accuracy"] != compared(models, seed=1)["arm"].values["accuracy"]


def test_blocks_of_another_size_judge_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    models = three_label_models()
    whole = compared(models, resamples=600)["arm"].difference["accuracy"]
    monkeypatch.setattr(statistics, "BLOCK", 1)  # one resample a block
    single = compared(models, resamples=600)["arm"].difference["accuracy"]
    assert single.mean == whole.mean
    assert (single.low, single.high) == pytest.approx((whole.low, whole.high), abs=0.04)


def test_a_model_compared_with_itself_differs_by_exactly_nothing() -> None:
    models = three_label_models()
    same = compared({"baseline": models["baseline"], "copy": list(models["baseline"])})["copy"]
    assert {(e.mean, e.low, e.high) for e in same.difference.values()} == {(0.0, 0.0, 0.0)}


def test_pairing_by_rows_makes_a_difference_surer_than_its_two_sides() -> None:
    gold = gold_labels(400)
    base = model(gold, seed=1)
    better = base.copy()
    better[:40, :] = 0
    better[np.arange(40), gold[:40]] = 3  # forty rows mended, all others as they were
    result = compared({"baseline": [scored(base, gold)], "arm": [scored(better, gold)]}, resamples=500)["arm"]
    width = {
        name: e.high - e.low
        for name, e in (("value", result.values["accuracy"]), ("change", result.difference["accuracy"]))
    }
    assert width["change"] < 0.6 * width["value"]


def test_noise_between_seeds_widens_the_interval() -> None:
    gold = gold_labels(400)
    base = scored(model(gold, seed=1), gold)
    weak, strong = (scored(model(gold, seed=1, skill=skill), gold) for skill in (0.2, 2.2))
    middle = scored(model(gold, seed=1, skill=1.2), gold)
    steady = compared({"baseline": [base] * 3, "arm": [middle] * 3})["arm"].difference["accuracy"]
    shaky = compared({"baseline": [base] * 3, "arm": [weak, middle, strong]})["arm"].difference["accuracy"]
    assert shaky.high - shaky.low > 2 * (steady.high - steady.low)


def test_a_baseline_that_covers_nothing_leaves_nothing_to_match() -> None:
    unsure, sure = hand([0.6, 0.55, 0.7], [1, 0, 0]), hand([0.99, 0.99, 0.99], [1, 1, 1])
    result = compared({"baseline": [unsure], "arm": [sure]})["arm"]
    assert result.values["uu_at_matched_coverage"] == statistics.Estimate(0.0, 0.0, 0.0, (0.0,))
    assert result.values["uu_at_tau"].mean == 3


def test_two_rows_are_enough_for_a_figure() -> None:
    result = compared({"baseline": [hand([0.9, 0.8], [1, 0])], "arm": [hand([0.9, 0.8], [0, 0])]})["arm"]
    change = result.difference["uu_at_matched_coverage"]
    assert (change.mean, change.low, change.high) == (-1.0, -2.0, 0.0)
