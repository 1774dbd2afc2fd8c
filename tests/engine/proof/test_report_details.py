from __future__ import annotations

import numpy as np
import pytest

from engine.discovery.nearest_spot import FAR
from engine.proof.metrics import Scored, expected_calibration_error
from engine.proof.report_details import by_blind_spot, by_label, churn, reliability, risk_coverage, seed_noise
from engine.proof.report_types import RowFates, SpotEntry, UnseenUUs
from tests.engine.proof.synthetic import gold_labels, hand, model, scored

BASELINE, ARM = ("baseline", "scratch"), ("llm", "scratch")


def test_accuracy_by_label_is_that_of_its_rows_and_means_over_seeds() -> None:
    gold = np.array([0, 0, 0, 0, 1, 1])
    runs = [Scored(gold, np.array(predicted), np.full(6, 0.8), 3) for predicted in ([0, 0, 0, 1, 1, 0], [0] * 6)]
    assert by_label(runs, ("a", "b", "c")) == {"a": 0.875, "b": 0.25, "c": None}


def test_the_curve_ends_in_the_error_rate_and_its_area_is_near_aurc() -> None:
    gold = gold_labels(400)
    one = scored(model(gold, seed=1), gold)
    curve = risk_coverage([one])
    assert curve[-1] == (1.0, pytest.approx(one.wrong.mean()))
    assert [at for at, _ in curve] == sorted({at for at, _ in curve})
    most_sure = np.argsort(-one.confidence, kind="stable")[: round(curve[4][0] * 400)]
    assert curve[4][1] == pytest.approx(one.wrong[most_sure].mean(), abs=1e-6)


def test_calibration_bins_give_ece() -> None:
    gold = gold_labels(400)
    one = scored(model(gold, seed=1), gold)
    bins = reliability([one])
    assert sum(found.share for found in bins) == pytest.approx(1, abs=1e-5)
    gaps = sum(found.share * abs(found.confidence - found.accuracy) for found in bins)
    assert gaps == pytest.approx(expected_calibration_error(one), abs=1e-5)


def test_churn_counts_changed_labels_and_noise_those_between_seeds() -> None:
    before = [hand([0.9] * 4, [0, 0, 1, 1]), hand([0.9] * 4, [0, 0, 1, 0])]
    after = [hand([0.9] * 4, [1, 0, 0, 1]), hand([0.9] * 4, [0, 0, 1, 0])]
    assert churn(after, before) == 0.25
    assert seed_noise(before) == 0.25
    assert seed_noise(before[:1]) is None


def test_rows_near_a_blind_spot_are_fixed_still_wrong_or_newly_broken() -> None:
    before = hand([0.95] * 6, [1, 1, 0, 0, 1, 1])
    after = hand([0.95] * 6, [0, 1, 1, 0, 0, 1])
    nearest = np.array([0, 0, 0, 1, FAR, FAR])
    spots = [SpotEntry(id=name, gold="a", predicted="b") for name in ("B1", "B2")]
    found = by_blind_spot({BASELINE: [before], ARM: [after]}, BASELINE, nearest, spots, tau=0.9)
    assert [(spot.id, spot.rows, spot.arms) for spot in found.blind_spots] == [
        ("B1", 3, (fates(1, 1, 1),)),
        ("B2", 1, (fates(0, 0, 0),)),
    ]
    assert found.unseen == UnseenUUs(uus=2, of=4, arms=(fates(1, 1, 0),))


def fates(fixed: float, still_wrong: float, newly_broken: float) -> RowFates:
    return RowFates(arm="llm", recipe="scratch", fixed=fixed, still_wrong=still_wrong, newly_broken=newly_broken)


def test_only_confident_errors_far_from_all_are_unseen() -> None:
    before = hand([0.95, 0.6, 0.95], [1, 1, 0])
    found = by_blind_spot({BASELINE: [before], ARM: [before]}, BASELINE, np.full(3, FAR), [], tau=0.9)
    assert (found.unseen.uus, found.unseen.of) == (1, 1)
    assert found.unseen.arms[0].still_wrong == 1
