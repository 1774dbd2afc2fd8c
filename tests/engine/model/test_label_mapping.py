from __future__ import annotations

import pytest

from engine.errors import ModelError
from engine.model.label_mapping import match_outputs, output_order


@pytest.mark.parametrize(
    ("outputs", "labels", "named", "order"),
    [
        (["neg", "pos"], ["neg", "pos"], (), [0, 1]),
        (["pos", "neg"], ["neg", "pos"], (), [1, 0]),
        (["POSITIVE", " Negative"], ["negative", "positive"], (), [1, 0]),
        (["LABEL_0", "LABEL_1"], ["neg", "pos"], ("pos", "neg"), [1, 0]),
        (["LABEL_0", "LABEL_1"], ["LABEL_1", "LABEL_0"], (), [1, 0]),
        (["pos", "neg"], ["neg", "pos"], ("neg", "pos"), [1, 0]),  # the checkpoint's own names win
        (["a", "A"], ["A", "a"], (), [1, 0]),
        (["neg", "neutral", "pos"], ["neg", "pos"], (), None),
        (["neg", "pos"], ["neg", "neutral", "pos"], (), None),
        (["LABEL_0", "LABEL_1"], ["neg", "pos"], (), None),
        (["LABEL_0", "LABEL_1"], ["neg", "pos"], ("pos", "pos"), None),
        (["LABEL_0"], ["neg", "pos"], ("neg", "pos"), None),
    ],
)
def test_outputs_are_matched_to_labels(
    outputs: list[str], labels: list[str], named: tuple[str, ...], order: list[int] | None
) -> None:
    assert match_outputs(dict(enumerate(outputs)), labels, named) == order


def test_generic_names_are_refused_with_the_setting_to_write() -> None:
    with pytest.raises(ModelError, match=r'set model\.classifier_labels .* \["neg", "pos"\]'):
        output_order({0: "LABEL_0", 1: "LABEL_1"}, ["neg", "pos"], where="folder")


def test_other_labels_are_refused_naming_both_sets() -> None:
    with pytest.raises(ModelError, match="answers up, down, the project's labels are neg, pos"):
        output_order({0: "up", 1: "down"}, ["neg", "pos"], where="folder")


def test_wrong_names_in_the_settings_are_refused() -> None:
    with pytest.raises(ModelError, match=r"classifier_labels names neg, nag for 2 outputs"):
        output_order({0: "LABEL_0", 1: "LABEL_1"}, ["neg", "pos"], ["neg", "nag"], where="folder")
