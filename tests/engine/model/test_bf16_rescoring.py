from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.discovery.calibration import score
from engine.model import batched_inference, classifier
from engine.model.bf16_rescoring import LEAST_MARGIN, UncertainRows, log_odds, margin_of
from engine.model.classifier import Classifier
from engine.model.device import Compute
from engine.progress import Silent
from tests.builders.rows import LABELS, rows

TAU = 0.9


def test_log_odds_are_those_of_the_confidence() -> None:
    logits = np.array([[2.0, 0.0], [0.0, 1.0], [3.0, 3.0]])
    confidence = score(logits, np.zeros(3, dtype=np.intp)).confidence
    np.testing.assert_allclose(log_odds(logits), np.log(confidence / (1 - confidence)))


@pytest.mark.parametrize(
    ("logits", "gold", "doubtful"),
    [
        ([0.0, 0.1], 1, True),  # the label might flip
        ([0.0, 1.5], 1, False),
        ([0.0, 1.5], 0, False),  # wrong, but far below tau
        ([0.0, 2.3], 1, True),  # right, near tau: coverage hangs on it
        ([0.0, 5.0], 1, False),
        ([0.0, 5.0], 0, True),  # a UU: its confidence is shown
        ([0.0, 5.0], -1, False),  # no label: no UU
        ([0.0, 2.3], -1, True),  # but it counts for coverage
        ([0.0, float("nan")], 1, True),
    ],
)
def test_rows_on_which_something_hangs_are_in_doubt(logits: list[float], gold: int, doubtful: bool) -> None:
    doubt = UncertainRows(np.array([9, gold]), TAU)
    assert doubt.rows(np.array([logits]), first=1, margin=LEAST_MARGIN).tolist() == [doubtful]


def test_a_temperature_moves_tau() -> None:
    logits = np.array([[0.0, 4.5]])
    assert not UncertainRows(np.array([1]), TAU).rows(logits, first=0, margin=LEAST_MARGIN)[0]
    assert UncertainRows(np.array([1]), TAU, temperature=2.0).rows(logits, first=0, margin=LEAST_MARGIN)[0]


def test_the_margin_follows_the_errors_and_not_a_common_shift() -> None:
    exact = np.array([[0.0, 2.0], [1.0, 0.0]])
    assert margin_of(exact + 5.0, exact) == LEAST_MARGIN
    assert margin_of(np.add(exact, [[0.0, 0.0], [0.5, 0.0]]), exact) == pytest.approx(1.0)
    assert margin_of(exact[:0], exact[:0]) == LEAST_MARGIN


@pytest.mark.parametrize("noise", [0.02, 0.4])
def test_labels_and_uus_of_a_noisy_scan_are_settled(
    noise: float, good_bad: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A scan far worse than bf16 takes part: what is counted is still that of fp32, and not all is scored twice."""
    examples = rows(400)
    model = Classifier.load(good_bad, labels=LABELS, max_length=32, compute=Compute("cpu", "bf16", 1))
    numbers = np.random.default_rng(0)
    truth = numbers.normal(scale=3.0, size=(400, 2)).astype(np.float32)
    place = {row.id: number for number, row in enumerate(examples)}
    asked: list[int] = []

    def sweep(some, outs, *, tokens, forward, **_):  # type: ignore[no-untyped-def]
        found, one = [place[row.id] for row in some], tokens(some[:1])
        exact = forward(one.batch(torch.tensor([0]), one.lengths))[0].dtype == torch.float32
        asked.append(len(found) if exact else 0)
        outs[0][:] = truth[found] + (0 if exact else numbers.uniform(-noise, noise, size=(len(found), 2)))
        yield len(found)

    monkeypatch.setattr(classifier, "run_in_batches", sweep)
    gold = np.array([LABELS.index(row.label) for row in examples])
    out = np.empty((400, 2), dtype=np.float32)
    list(model.score(examples, [out], doubt=UncertainRows(gold, TAU), monitor=Silent()))
    mine, exact = score(out, gold), score(truth, gold)
    assert (mine.predicted == exact.predicted).all()
    assert (mine.uus(TAU) == exact.uus(TAU)).all()
    assert mine.coverage(TAU) == exact.coverage(TAU)
    np.testing.assert_array_equal(mine.confidence[mine.uus(TAU)], exact.confidence[exact.uus(TAU)])
    assert 0 < sum(asked) < 400
    assert not (out == truth).all()


def test_a_scan_in_bf16_counts_as_fp32_does(good_bad: Path) -> None:
    """The tiny model, its head made sure of itself; bf16 is computed in software where the CPU has none."""
    examples = rows(60)
    gold = np.array([LABELS.index(row.label) for row in examples])
    found = {}
    for precision in ("fp32", "bf16"):
        model = Classifier.load(good_bad, labels=LABELS, max_length=32, compute=Compute("cpu", precision, 2))  # type: ignore[arg-type]
        with torch.no_grad():
            model.model.classifier.weight *= 30
        out = np.empty((60, 2), dtype=np.float32)
        list(model.score(examples, [out], doubt=UncertainRows(gold, TAU), monitor=Silent()))
        found[precision] = out
    mine, exact = (score(found[name], gold) for name in ("bf16", "fp32"))
    assert exact.uus(TAU).any()
    assert (mine.predicted == exact.predicted).all()
    assert (mine.uus(TAU) == exact.uus(TAU)).all()
    np.testing.assert_allclose(mine.confidence[exact.uus(TAU)], exact.confidence[exact.uus(TAU)], atol=1e-6)
    assert np.abs(found["bf16"] - found["fp32"]).max() > 1e-4  # bf16 was really used


def test_what_is_said_of_a_row_does_not_hang_on_where_a_scan_begins(
    good_bad: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that was interrupted, and shards, begin in the middle; most rows of the first window are scored twice."""
    monkeypatch.setitem(batched_inference.WINDOW_ROWS, "cpu", 20)
    examples = rows(60)
    model = Classifier.load(good_bad, labels=LABELS, max_length=32, compute=Compute("cpu", "bf16", 1))
    whole, rest = np.empty((60, 2), dtype=np.float32), np.zeros((60, 2), dtype=np.float32)
    doubt = UncertainRows(np.array([0] * 20 + [-1] * 40), 0.5)
    assert list(model.score(examples, [whole], doubt=doubt, monitor=Silent())) == [20, 40, 60]
    assert list(model.score(examples, [rest], doubt=doubt, monitor=Silent(), start=20)) == [40, 60]
    np.testing.assert_array_equal(rest[20:], whole[20:])
