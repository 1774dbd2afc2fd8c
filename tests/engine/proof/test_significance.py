from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom, norm

from engine.files import read_json, write_json
from engine.operations.create_project import create_project
from engine.proof.evaluate import evaluate
from engine.proof.significance import corrected, mcnemar, resamples_for
from tests.engine.proof.synthetic import gold_labels, hand, model, write_proof


def right_and_wrong(*, fixed: int, broken: int, same: int = 50) -> tuple[list[int], list[int]]:
    """Wrong rows (1) of an arm and of its baseline."""
    return [0] * fixed + [1] * broken + [0] * same, [1] * fixed + [0] * broken + [0] * same


def p_value(*counts: tuple[int, int]) -> float:
    pairs = [right_and_wrong(fixed=fixed, broken=broken) for fixed, broken in counts]
    arm, baseline = ([hand([0.9] * len(wrong), wrong) for wrong in side] for side in zip(*pairs, strict=True))
    return mcnemar(arm, baseline)


def test_mcnemar_counts_only_rows_that_changed() -> None:
    assert p_value((9, 1)) == pytest.approx(2 * binom.cdf(1, 10, 0.5))
    assert p_value((1, 9)) == p_value((9, 1))
    assert p_value((5, 5)) == 1.0
    assert p_value((0, 0)) == 1.0


def test_seeds_are_no_rows_of_their_own() -> None:
    """Three equal seeds are not three times the evidence; one lucky seed is not enough."""
    assert p_value((9, 1), (9, 1), (9, 1)) == pytest.approx(2 * p_value((9, 1)))
    assert p_value((30, 0), (5, 5), (5, 5)) == 1.0


def test_intervals_grow_with_the_number_of_comparisons() -> None:
    assert corrected(0.95, 1) == 0.95
    assert corrected(0.95, 10) == pytest.approx(0.995)
    assert [resamples_for(0.95, 2000), resamples_for(0.995, 2000)] == [2000, 8000]


def test_together_they_keep_to_the_coverage() -> None:
    """Of 20 arms that are nothing but noise, one is outside a plain interval more often than not, corrected rarely."""
    draws = np.random.default_rng(5).normal(size=(4000, 20))
    outside = [float((np.abs(draws) > -norm.ppf((1 - corrected(0.95, n)) / 2)).any(axis=1).mean()) for n in (1, 20)]
    assert outside[0] > 0.5
    assert outside[1] == pytest.approx(0.05, abs=0.015)


def test_a_report_says_so_and_can_be_computed_again(tmp_path: Path, tiny_files: dict[str, Path]) -> None:
    project, gold = create_project(tmp_path / "work", **tiny_files, text="text", label="label"), gold_labels()  # type: ignore[arg-type]
    runs = {("human", "scratch"): [model(gold, seed=3, skill=1.3)], ("llm", "scratch"): [model(gold, seed=5)]}
    proof_folder = write_proof(project, baseline=[model(gold, seed=1)], arms=runs, gold=gold)
    spec = read_json(proof_folder / "spec.json")
    plain = evaluate(proof_folder)
    write_json(proof_folder / "spec.json", spec | {"corrected": True})
    report = evaluate(proof_folder)
    arms = len(report["arms"])
    assert arms > 1
    assert report["interval"] == pytest.approx(1 - (1 - spec["interval"]) / arms)
    assert any(f"all {arms} comparisons" in note for note in report["notes"])
    for before, after in zip(plain["arms"], report["arms"], strict=True):
        narrow, wide = (arm["proof"]["difference"]["uu_at_matched_coverage"] for arm in (before, after))
        assert narrow["mean"] == wide["mean"]
        assert wide["high"] - wide["low"] > narrow["high"] - narrow["low"]
    assert evaluate(proof_folder) == report
