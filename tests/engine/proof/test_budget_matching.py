from __future__ import annotations

from collections import Counter

import pytest

from engine.errors import ProjectError
from engine.figure import Figure
from engine.proof.arms import Arm, choose_arms
from engine.proof.budget_matching import draw
from engine.schema import ROLES, Sample, Teacher, TeacherKind


def samples(kind: TeacherKind, count: int) -> list[Sample]:
    """Samples over two blind spots, three quarters of them in the first, with all roles in each."""
    return [
        Sample(
            f"S{n}@{kind}",
            "B2" if n % 4 == 3 else "B1",
            f"{kind} says number {n}",
            "pos",
            ROLES[n // 4 % 3],
            Teacher(kind, kind),
        )
        for n in range(count)
    ]


HUMAN, LLM, EXAMPLE = samples("human", 12), samples("llm", 48), samples("example", 24)


def by_kind(arm: Arm) -> Counter[str]:
    return Counter(row.text.split()[0] for row in arm.samples)


def test_at_equal_count_every_arm_has_as_many_as_the_smallest_and_both_half_of_each() -> None:
    arms = choose_arms(HUMAN + LLM, equal="count")
    assert {arm.name: by_kind(arm) for arm in arms} == {
        "human": {"human": 12},
        "llm": {"llm": 12},
        "both": {"human": 6, "llm": 6},
    }
    assert {arm.limit.sentence for arm in arms if arm.limit} == {
        "Equal count: every arm was cut down to 12 samples, by a draw."
    }


def test_an_odd_number_is_split_as_evenly_as_can_be() -> None:
    both = choose_arms(HUMAN[:5] + LLM, equal="count")[-1]
    assert by_kind(both) == {"human": 3, "llm": 2}


def test_all_takes_an_equal_part_of_every_kind() -> None:
    arms = {arm.name: by_kind(arm) for arm in choose_arms(HUMAN + LLM + EXAMPLE, equal="count")}
    assert arms["all"] == {"human": 4, "llm": 4, "example": 4}
    assert arms["example"] == {"example": 12}


def test_only_the_arms_that_are_compared_are_cut_to_each_other() -> None:
    arms = choose_arms(HUMAN + LLM + EXAMPLE, ["llm", "example"], equal="count")
    assert [len(arm.samples) for arm in arms] == [24, 24]


def test_a_draw_keeps_the_share_of_each_blind_spot_and_role_and_contains_the_smaller_ones() -> None:
    def shares(drawn: list[Sample]) -> Counter[tuple[str, str]]:
        return Counter((sample.blind_spot, sample.role) for sample in drawn)

    whole = shares(LLM)
    assert shares(draw(LLM, 24)) == {stratum: count // 2 for stratum, count in whole.items()}
    assert {one.id for one in draw(LLM, 10)} < {one.id for one in draw(LLM, 24)}
    assert draw(LLM[::-1], 10) == draw(LLM, 10)


def test_at_equal_cost_an_arm_keeps_what_the_cheapest_one_paid_for() -> None:
    costs: dict[TeacherKind, Figure] = {"human": Figure(24.0), "llm": Figure(8.0)}
    arms = choose_arms(HUMAN + LLM, equal="cost", costs=costs, currency="EUR")
    # a sample by a person costs 2, one by the llm 1/6; the cheapest arm cost 8; both: 4 for each
    assert {arm.name: by_kind(arm) for arm in arms} == {
        "human": {"human": 4},
        "llm": {"llm": 48},
        "both": {"human": 2, "llm": 24},
    }
    limit = arms[0].limit
    assert limit is not None
    assert (limit.by, limit.value) == ("cost", 8.0)
    assert limit.sentence == "Equal cost: every arm was cut down to what 8 EUR paid for, by a draw."


@pytest.mark.parametrize(
    ("llm", "sentence"),
    [
        (Figure(None, "no price"), r"what arm `llm` cost is unknown \(no price\); leave that arm out"),
        (Figure(0.0), "arm `llm` cost nothing, so no other"),
        (Figure(0.5), r"`human` would have no sample by human: the cheapest arm cost 0.5 EUR, and one of those 2;"),
    ],
)
def test_a_cost_that_nothing_can_be_cut_to_is_refused_with_the_reason(llm: Figure, sentence: str) -> None:
    with pytest.raises(ProjectError, match=sentence):
        choose_arms(HUMAN + LLM, equal="cost", costs={"human": Figure(24.0), "llm": llm}, currency="EUR")


def test_a_kind_without_a_cost_is_refused_only_where_it_is_compared() -> None:
    costs: dict[TeacherKind, Figure] = {"human": Figure(24.0), "llm": Figure(8.0)}
    with pytest.raises(ProjectError, match="arm `example` cost is unknown"):
        choose_arms(HUMAN + LLM + EXAMPLE, equal="cost", costs=costs)
    assert len(choose_arms(HUMAN + LLM + EXAMPLE, ["human", "llm", "both"], equal="cost", costs=costs)) == 3
