"""What a file holds is checked by type hints: strictly, and with the place that is wrong."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import is_dataclass
from importlib.util import find_spec
from typing import Any

import pytest

import engine
from engine.jobs.events import Event
from engine.schema import Discovery, Judgement, Prediction, Record, Sample, Teacher
from engine.shapes import WrongShape, fit

ROW: dict[str, Any] = {
    "id": "r1",
    "text": "t",
    "label": "a",
    "predicted": "b",
    "confidence": 1,
    "probabilities": [0, 1.0],
}
SAMPLE: dict[str, Any] = {
    "id": "S1",
    "blind_spot": "B1",
    "text": "t",
    "label": "a",
    "role": "target",
    "teacher": {"name": "ann", "kind": "human"},
}


def test_values_become_what_the_hints_say() -> None:
    row = Prediction.from_json({**ROW, "later": "unknown keys are ignored"})
    assert row == Prediction("r1", "t", "a", "b", 1.0, (0.0, 1.0))
    assert isinstance(row.confidence, float)
    assert Sample.from_json(SAMPLE).teacher == Teacher("ann", "human")
    assert fit({"a": [1, 2.5]}, dict[str, tuple[float, float]]) == {"a": (1.0, 2.5)}
    assert fit({"seq": 1, "time": 2, "type": "note"}, Event) == {"seq": 1, "time": 2.0, "type": "note"}


@pytest.mark.parametrize(
    ("kind", "value", "sentence"),
    [
        (Prediction, [], "it is not an object"),
        (Prediction, {}, "`confidence` is not there"),
        (Prediction, {**ROW, "confidence": "0.9"}, "`confidence` is not a number"),
        (Prediction, {**ROW, "confidence": True}, "`confidence` is not a number"),
        (Prediction, {**ROW, "probabilities": [0.5, None]}, "`probabilities.1` is not a number"),
        (Prediction, {**ROW, "probabilities": "ab"}, "`probabilities` is not a list"),
        (Prediction, {**ROW, "id": 3}, "`id` is not a text"),
        (Prediction, {**ROW, "text_pair": 3}, "`text_pair` is not a text"),
        (Sample, {**SAMPLE, "role": "boss"}, "`role` is not one of target, counter, anchor"),
        (Sample, {**SAMPLE, "teacher": {"name": "ann"}}, "`teacher.kind` is not there"),
        (Sample, {**SAMPLE, "teacher": "ann"}, "`teacher` is not an object"),
        (Judgement, {"item": "i", "preference": "tie", "left": 1, "right": 2}, "`left` is not an object"),
        (Event, {"seq": 1.5, "time": 2, "type": "note"}, "`seq` is not a whole number"),
        (Event, {"seq": 1, "time": 2, "type": "boom"}, "`type` is not one of started"),
        (dict[str, tuple[float, float]], {"a": [1]}, "`a` is not a list of 2"),
        (Discovery, {"predictions": []}, "`accuracy` is not there"),
    ],
)
def test_anything_else_is_refused_with_its_place(kind: Any, value: Any, sentence: str) -> None:
    with pytest.raises(WrongShape) as caught:
        fit(value, kind)
    assert str(caught.value).startswith(sentence)


def records(kind: type[Record] = Record) -> Iterator[type[Record]]:
    for found in kind.__subclasses__():
        yield found
        yield from records(found)


def test_every_record_of_the_engine_can_be_read() -> None:
    for module in pkgutil.walk_packages(engine.__path__, "engine."):
        if module.name != "engine.shards.on_ray" or find_spec("ray"):  # of an extra of its own, which has no record
            importlib.import_module(module.name)
    found = {kind for kind in records() if is_dataclass(kind)}  # not what only bears others
    assert len(found) > 50
    for kind in found:
        with pytest.raises(WrongShape):
            kind.from_json([])  # type: ignore[arg-type]
