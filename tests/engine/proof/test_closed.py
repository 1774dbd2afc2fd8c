"""When a blind spot is closed: the rule by its words, and the counts that it is asked about."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.files import read_json, write_json
from engine.project import Project
from engine.proof.closed import MEANINGS, WORDS, SeedCounts, SpotCounts
from engine.proof.evaluate import NEAREST, ROUND_MODEL, evaluate
from engine.proof.report_checks import checked_report
from engine.proof.report_closed import closed_sentence, closed_spots, worse_sentences
from engine.proof.report_types import Report
from tests.builders.proof import Gold, Logits, save
from tests.engine.proof.synthetic import gold_labels, write_proof

GOLD = gold_labels()
CLOSED = SpotCounts(
    pool=SeedCounts(10, (8, 8)),
    wrong_before=SeedCounts(5, (4, 4)),
    right_before=SeedCounts(10, (8, 8)),
    near=SeedCounts(20, (12, 12)),
    before=12,
)


def test_every_word_has_a_meaning() -> None:
    assert set(MEANINGS) == set(WORDS)


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({}, "closed"),
        ({"pool": SeedCounts(10, (8, 7))}, "smaller"),  # means over seeds: 7.5 of 10
        ({"pool": SeedCounts(10, (9, 7))}, "closed"),
        ({"pool": SeedCounts(10, (5, 4))}, "open"),
        ({"pool": SeedCounts(10, (3, 3)), "wrong_before": SeedCounts(0, (0, 0))}, "open"),  # the pool alone says so
        ({"wrong_before": SeedCounts(4, (4, 4))}, "too few proof rows"),
        ({"wrong_before": SeedCounts(0, (0, 0))}, "too few proof rows"),
        ({"wrong_before": SeedCounts(5, (3, 4))}, "smaller"),
        # Learned by heart: the pool is right, what is like it is not.
        ({"wrong_before": SeedCounts(8, (1, 1))}, "open"),
        ({"right_before": SeedCounts(10, (7, 7))}, "smaller"),
        ({"near": SeedCounts(20, (11, 12))}, "smaller"),  # fewer of all near rows are right than before
        ({"near": SeedCounts(20, (9, 9)), "surely_worse": True}, "worse"),
        ({"pool": SeedCounts(35, (28, 28))}, "closed"),  # 0.8 * 35 is more than 28 in floats
    ],
)
def test_the_word_follows_from_rows_on_pool_and_proof(changed: dict[str, SeedCounts], word: str) -> None:
    assert replace(CLOSED, **changed).word == word  # type: ignore[arg-type]


def test_one_seed_may_close_what_another_does_not() -> None:
    mixed = replace(CLOSED, pool=SeedCounts(10, (9, 7)))
    assert [mixed.of_seed(place).closed for place in (0, 1)] == [True, False]


def said(gold: Gold, right: int) -> Logits:
    """Confident logits that are right on the first so many rows and wrong on all others."""
    logits = np.zeros((len(gold), 2), dtype=np.float32)
    answers = np.where(np.arange(len(gold)) < right, gold, 1 - gold)
    logits[np.arange(len(gold)), answers] = 9.0
    return logits


def read(report: dict[str, Any]) -> Report:
    return checked_report(report, report["id"])


def spot_of(folder: Path) -> dict[str, object]:
    (spot,) = evaluate(folder)["blind_spots"]
    (entry,) = spot["arms"]
    return dict(entry)


@pytest.fixture
def learned(project: Project) -> Path:
    """A baseline that gets only the last 60 rows right; an arm that gets all 4 pool rows and 30 of 100 near ones."""
    wrong = said(GOLD, 0)
    wrong[-60:] *= -1
    after = said(GOLD, 30)
    after[-60:] = wrong[-60:]
    return write_proof(project, baseline=[wrong, wrong], arms={("human", "scratch"): [after, after]}, gold=GOLD)


def test_counts_are_those_of_the_stored_predictions(learned: Path) -> None:
    found = spot_of(learned)
    assert found["word"] == "open"
    assert found["pool"] | {"low": 0, "high": 0} == {"of": 4, "right": 4.0, "low": 0, "high": 0, "per_seed": [4, 4]}  # type: ignore[operator]
    for part in ("wrong_before", "near"):
        assert (found[part]["of"], found[part]["right"]) == (100, 30.0)  # type: ignore[index]
        assert 0.2 < found[part]["low"] < 0.3 < found[part]["high"] < 0.4  # type: ignore[index]
    assert found["right_before"] == {"of": 0, "right": 0.0, "low": None, "high": None, "per_seed": [0, 0]}


def test_which_rows_are_near_is_read_from_beside_the_predictions(learned: Path) -> None:
    save(learned / NEAREST, np.where(np.arange(len(GOLD)) < 30, 0, -1))
    assert spot_of(learned)["word"] == "closed"
    assert evaluate(learned)["arms"][0]["closed"]["closed"] == 1
    save(learned / NEAREST, np.where(np.arange(len(GOLD)) < 4, 0, -1))
    assert spot_of(learned)["word"] == "too few proof rows"


def test_before_is_the_model_in_which_the_blind_spot_was_found(learned: Path) -> None:
    before = said(GOLD, 100)
    save(learned / ROUND_MODEL, before)
    found = spot_of(learned)
    assert (found["wrong_before"]["of"], found["right_before"]["of"]) == (0, 100)  # type: ignore[index]
    assert found["word"] == "worse"
    worse = read(evaluate(learned)).arms[0].worse
    assert worse is not None
    assert [(one.what, one.name, one.word) for one in worse] == [("blind spot", "B1", "fell")]
    assert worse_sentences(worse)[0].startswith("right proof rows near B1: fell 100 -> 30 of 100 (-70, ")


def test_rows_that_were_wrong_without_confidence_are_near_but_no_uus(learned: Path) -> None:
    save(learned / ROUND_MODEL, np.load(learned / ROUND_MODEL) / 9)  # at most .73 sure
    found = spot_of(learned)
    assert (found["wrong_before"]["of"], found["near"]["of"], found["near"]["before"]) == (0, 100, 0)  # type: ignore[index]


def test_only_a_seed_whose_own_model_closes_it_may_say_so(project: Project) -> None:
    wrong = said(GOLD, 0)
    arm = [said(GOLD, 100), said(GOLD, 70)]
    report = evaluate(write_proof(project, baseline=[wrong, wrong], arms={("llm", "keep"): arm}, gold=GOLD))
    assert report["blind_spots"][0]["arms"][0]["word"] == "closed"  # 85 of 100 on the mean
    assert closed_spots(read(report), "llm", "keep", 13) == ("B1",)
    assert closed_spots(read(report), "llm", "keep", 14) == ()


def test_a_proven_arm_may_close_nothing_and_says_so(project: Project) -> None:
    wrong = said(GOLD, 0)
    right = said(GOLD, 600)
    right[:4] = wrong[:4]  # the rows of the blind spot stay wrong, all others are mended
    report = evaluate(write_proof(project, baseline=[wrong, wrong], arms={("llm", "keep"): [right, right]}, gold=GOLD))
    (arm,) = report["arms"]
    assert arm["verdict"] == "proven"
    assert closed_sentence(read(report).arms[0]) == "0 of 1 blind spot closed (1 open)"


def test_a_label_that_got_worse_is_told_with_its_interval(project: Project) -> None:
    before = said(GOLD, 600)
    after = before.copy()
    lost = np.flatnonzero(GOLD == 1)[:40]
    after[lost] *= -1
    few = before.copy()
    few[np.flatnonzero(GOLD == 0)[:1]] *= -1
    arms = {("llm", "keep"): [after, after], ("human", "keep"): [few, few]}
    report = evaluate(write_proof(project, baseline=[before, before], arms=arms, gold=GOLD, near=0))
    worse = report["arms"][0]["worse"]
    assert [(one["what"], one["name"], one["split"], one["word"]) for one in worse] == [
        ("label", "pos", "proof", "fell"),
        ("label", "pos", "test", "fell"),
    ]
    change = worse[0]["change"]
    assert change["low"] <= change["mean"] == pytest.approx(-40 / 300, abs=1e-6)
    assert change["mean"] <= change["high"] < 0
    assert [one["word"] for one in report["arms"][1]["worse"]] == ["may have fallen", "may have fallen"]


def test_a_label_of_few_rows_is_never_shown_to_have_fallen(project: Project) -> None:
    gold = np.where(np.arange(600) < 6, 0, 1)
    before = said(gold, 600)
    after = before.copy()
    after[:6] *= -1
    folder = write_proof(project, baseline=[before], arms={("llm", "keep"): [after]}, gold=gold, near=0)
    assert [one["word"] for one in evaluate(folder)["arms"][0]["worse"]] == ["may have fallen", "may have fallen"]


def test_a_proof_of_before_is_computed_as_it_was_and_closes_nothing(learned: Path) -> None:
    spec = read_json(learned / "spec.json")
    del spec["round_model"]
    write_json(learned / "spec.json", spec)
    report = evaluate(learned)
    assert "blind_spots" not in report
    assert closed_spots(read(report), "human", "scratch", 13) == ()
    assert "made before evidence was kept" in closed_sentence(read(report).arms[0])
