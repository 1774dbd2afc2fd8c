from __future__ import annotations

from engine.proof.flipped_rows import flips
from tests.engine.proof.synthetic import hand

BASELINE, ARM = ("baseline", "scratch"), ("llm", "continue")
IDS = ["a", "b", "c", "d"]


def test_a_row_is_flipped_where_more_than_half_of_the_seeds_agree() -> None:
    before = [hand([0.9, 0.8, 0.7, 0.6], [1, 1, 0, 0]), hand([0.9, 0.8, 0.7, 0.6], [1, 1, 0, 0])]
    after = [hand([0.6, 0.9, 0.95, 0.6], [0, 0, 1, 0]), hand([0.8, 0.9, 0.85, 0.6], [0, 1, 1, 0])]
    found = flips(IDS, {BASELINE: before, ARM: after}, BASELINE, ("good", "bad"), split="test")
    assert [(one.id, one.fixed, one.seeds) for one in found] == [("a", True, 2), ("c", False, 2)]
    first, second = found
    assert (first.before, first.after, first.gold) == ("bad", "good", "good")
    assert (first.before_confidence, first.after_confidence) == (0.9, 0.7)
    assert (second.before, second.after) == ("good", "bad")
    assert (second.arm, second.recipe, second.split) == ("llm", "continue", "test")


def test_the_most_confident_errors_come_first() -> None:
    before = [hand([0.6, 0.99, 0.7, 0.8], [1, 1, 0, 1])]
    after = [hand([0.9, 0.9, 0.9, 0.9], [0, 0, 1, 0])]
    found = flips(IDS, {BASELINE: before, ARM: after}, BASELINE, ("good", "bad"), split="pool")
    assert [one.id for one in found] == ["b", "c", "d", "a"]


def test_nothing_is_flipped_by_the_same_predictions() -> None:
    before = [hand([0.6, 0.99, 0.7, 0.8], [1, 1, 0, 1])]
    assert flips(IDS, {BASELINE: before, ARM: before}, BASELINE, ("good", "bad"), split="pool") == []
