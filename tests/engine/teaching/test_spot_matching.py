from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.schema import Discovery, Example
from engine.teaching.spot_matching import place
from engine.teaching.teaching_files import TeachingLine
from tests.engine.teaching.world import make_discovery

WORDS = ("manager", "booking", "parcel", "box", "portions", "stop")


def embed(examples: list[Example]) -> Any:
    """Unit vectors that count a few words: near means that they share one."""
    counts = np.array([[text.text.casefold().count(word) for word in WORDS] + [0.1] for text in examples], np.float32)
    return counts / np.linalg.norm(counts, axis=1, keepdims=True)


def fail(examples: list[Example]) -> Any:
    raise AssertionError("no model is needed here")


def line(text: str = "A text.", **values: Any) -> TeachingLine:
    empty = dict.fromkeys(("text_pair", "blind_spot", "gold", "predicted", "pattern", "pattern_kind", "group"))
    return TeachingLine(
        **{**empty, "where": f"f:{text}", "text": text, "label": "negative", "role": "target", **values}
    )


@pytest.fixture
def discovery() -> Discovery:
    return make_discovery()


def test_a_known_id_is_taken_as_it_is_if_its_direction_fits(discovery: Discovery) -> None:
    lines = [line("one", blind_spot="B2"), line("two", blind_spot="B3", gold="negative", predicted="positive")]
    assert place(lines, discovery, {}, fail) == ["B2", "B3"]
    foreign = line("three", blind_spot="B1", gold="positive", predicted="negative")
    assert place([foreign], discovery, {}, fail) == ["B2"]


def test_a_direction_with_one_blind_spot_needs_no_model(discovery: Discovery) -> None:
    assert place([line(blind_spot="7", gold="positive", predicted="negative")], discovery, {}, fail) == ["B2"]


def test_the_nearest_of_the_same_direction_takes_all_lines_of_a_pattern(discovery: Discovery) -> None:
    cell = {"blind_spot": "0", "gold": "negative", "predicted": "positive", "pattern": "p"}
    cell["pattern_kind"] = "abstraction"
    lines = [
        line("The parcel and the box.", group=("f", "a"), **cell),
        line("A manager.", group=("f", "a"), **cell),
        line("Another parcel.", group=("f", "a"), **cell),
        line("The manager and the booking.", group=("f", "b"), **cell),
        line("The portions, the portions.", group=("f", "c"), **cell),
    ]
    placed = place(lines, discovery, {}, embed)
    assert placed[:4] == ["B3", "B3", "B3", "B1"]
    assert placed[4] in ("B1", "B3"), "never the other direction"


def test_without_a_direction_the_labels_of_the_targets_tell_the_gold_label(discovery: Discovery) -> None:
    assert place([line("The portions!", label="positive")], discovery, {}, fail) == ["B2"]
    assert place([line("The parcel.")], discovery, {}, embed) == ["B3"]
    assert place([line("The portions.", role="anchor")], discovery, {}, embed) == ["B2"]


def test_anchors_follow_the_patterns_of_the_blind_spot_their_file_names(discovery: Discovery) -> None:
    cell = {"gold": "negative", "predicted": "positive"}
    pattern = {"pattern": "p", "pattern_kind": "abstraction"}
    lines = [
        line("All about portions and managers.", role="anchor", blind_spot="5", **cell),
        line("The parcel.", blind_spot="5", group=("f", "a"), **pattern, **cell),
        line("The box.", blind_spot="5", group=("f", "a"), **pattern, **cell),
        line("The manager.", blind_spot="5", group=("f", "b"), **pattern, **cell),
        line("A booking with the manager.", role="anchor", blind_spot="6", **cell),
    ]
    assert place(lines, discovery, {}, embed) == ["B3", "B3", "B3", "B1", "B1"]


def test_anchors_whose_file_names_no_blind_spot_go_to_the_nearest_each(discovery: Discovery) -> None:
    cell = {"gold": "negative", "predicted": "positive"}
    lines = [
        line("The manager.", group=("f", "a"), pattern="p", pattern_kind="abstraction", **cell),
        line("A booking.", role="anchor", **cell),
        line("A parcel.", role="anchor", **cell),
    ]
    assert place(lines, discovery, {}, embed) == ["B1", "B1", "B3"]


def test_a_pattern_that_is_known_stays_where_it_is(discovery: Discovery) -> None:
    again = line("The parcel.", pattern="p", pattern_kind="abstraction", group=("f", "a"))
    assert place([again], discovery, {"p": "B1"}, fail) == ["B1"]
    assert place([again], discovery, {"p": "B77"}, embed) == ["B3"]


def test_without_the_gold_label_any_blind_spot_will_do() -> None:
    discovery = make_discovery(without=["B2"])
    stranger = line("The parcel.", label="positive", gold="positive", predicted="negative")
    assert place([stranger], discovery, {}, embed) == ["B3"]


def test_lines_of_a_pattern_that_name_two_blind_spots_stay_together(discovery: Discovery) -> None:
    pattern = {"pattern": "p", "pattern_kind": "abstraction", "group": ("f", "a")}
    lines = [
        line("one", blind_spot="B2", **pattern),
        line("two", blind_spot="B99", **pattern),
        line("three", blind_spot="B99"),
    ]
    assert place(lines, discovery, {}, fail) == ["B2", "B2", "B2"]
