"""Which rows a hunt chooses: likely UUs of all kinds, some at random with a known chance, and no row twice."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from engine.hunt import selection
from tests.engine.hunt.world import World


def test_it_finds_more_than_rows_at_random_and_far_more_with_labels_of_an_llm() -> None:
    alone, helped = World(), World()
    helped.ask_llm(0.95)
    at_random = 100 * World().is_uu.mean()
    assert alone.hunt(100) > 1.25 * at_random
    assert helped.hunt(100) > 2 * at_random


@pytest.mark.parametrize("agreement", [0.0, 0.9], ids=["no LLM", "an LLM"])
def test_each_confusion_cell_gets_at_least_half_of_its_share(agreement: float) -> None:
    world = World(1200, wrong=(0.9, 0.3, 0.9, 0.2, 0.2, 0.2, 0.0, 0.0))
    if agreement:
        world.ask_llm(agreement)
    world.hunt(200)
    cells = 2 * world.candidates.predicted + world.gold
    shares, found = (
        Counter(cells[rows].tolist()) for rows in (world.is_uu, np.array(world.asked)[world.is_uu[world.asked]])
    )
    for cell, uus in shares.items():
        share = uus / shares.total()
        assert share < 0.1 or found[cell] / found.total() >= share / 2


def test_no_group_of_texts_gets_all() -> None:
    world = World(1200, wrong=(0.9, 0.9, 0.6, 0.6, 0.3, 0.3, 0.0, 0.0))
    world.ask_llm(0.9)
    world.hunt(150, at_random=0.0)
    found = [place for place in world.asked if world.is_uu[place]]
    assert set(world.candidates.groups[found]) >= {0, 1, 2, 3, 4, 5}


def test_the_first_rows_are_those_that_an_llm_is_sure_of() -> None:
    world = World()
    world.ask_llm(0.8)
    picks = world.choose(20, at_random=0.0)
    places = [pick.place for pick in picks]
    assert (world.known.flagged(world.candidates.predicted)[places] & (world.certainty[places] == 3)).all()


def test_without_an_llm_the_first_rows_are_of_all_groups() -> None:
    world = World()
    picks = world.choose(16, at_random=0.0)
    assert set(world.candidates.groups[[pick.place for pick in picks]]) == set(range(8))
    assert {pick.reason for pick in picks} >= {selection.UNSEEN}


def test_a_share_is_drawn_at_random_with_its_chance() -> None:
    world = World(400)
    picks = world.choose(10, at_random=0.2)
    drawn = [pick for pick in picks if pick.reason == selection.RANDOM]
    assert [pick.chance for pick in drawn] == [2 / 400] * 2
    assert {pick.chance for pick in picks if pick.reason != selection.RANDOM} == {None}
    times = Counter(pick.place for seed in range(400) for pick in world.choose(2, at_random=1.0, seed=seed))
    assert max(times.values()) < 12  # twice of each on average; 12 has a chance of 1 in 100,000 a row
    assert len(times) > 300


def test_over_a_hunt_the_share_at_random_is_as_the_settings_say() -> None:
    world = World()
    reasons = Counter[str]()
    while len(world.asked) < 105:
        picks = world.choose(7, at_random=0.25)
        reasons.update(pick.reason for pick in picks)
        world.asked += [pick.place for pick in picks]
        world.right[world.asked] = world.gold[world.asked]
    assert reasons[selection.RANDOM] == 26


def test_no_row_is_chosen_that_is_known_asked_for_or_closed() -> None:
    world = World(60)
    world.right[:20] = world.gold[:20]
    world.asked = [*range(20, 30)]
    picks = world.choose(100, closed=np.arange(30, 40))
    assert sorted(pick.place for pick in picks) == list(range(40, 60))


def test_where_all_rows_have_a_label_nothing_is_chosen() -> None:
    world = World(30)
    world.right = world.gold.copy()
    assert world.choose(10) == []


@pytest.mark.parametrize("share", [0.0, 1.0], ids=["all right", "all wrong"])
def test_labels_that_are_all_right_or_all_wrong_are_nothing_to_learn_from(share: float) -> None:
    world = World(120, wrong=(share,) * 8)
    assert world.hunt(60) == 60 * share


def test_one_predicted_label_is_enough() -> None:
    world = World(200, wrong=(0.8, 0.1) * 4)
    world.gold = world.is_uu.astype(np.intp)
    world.candidates.predicted[:] = 0
    world.ask_llm(0.9)
    assert world.hunt(60) > 1.6 * 60 * world.is_uu.mean()


def test_the_same_labels_lead_to_the_same_rows() -> None:
    first, second = World(), World()
    first.hunt(50)
    second.hunt(50)
    assert first.asked == second.asked


def test_several_labels() -> None:
    world = World(900, labels=3)
    world.ask_llm(0.9)
    assert world.hunt(150) > 1.6 * 150 * world.is_uu.mean()


def test_reasons_name_no_label() -> None:
    world = World()
    world.ask_llm(0.9)
    reasons = set()
    for _ in range(12):
        picks = world.choose(10)
        reasons |= {pick.reason for pick in picks}
        world.asked += [pick.place for pick in picks]
        world.right[world.asked] = world.gold[world.asked]
    assert len(reasons) >= 3
    assert not any(label in reason for reason in reasons for label in world.candidates.rows.labels)
