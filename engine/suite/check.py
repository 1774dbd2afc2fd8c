"""Running the regression suite against a model: has it reopened what was closed?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.discovery.confidence import score
from engine.errors import ModelError
from engine.files import write_json
from engine.model.library import ModelRef, current_model, predictions
from engine.model.weights import find_weights, is_classifier
from engine.progress import Monitor
from engine.project import Project
from engine.schema import Example, Record
from engine.suite.frozen import FLOORS, ORIGINS, Origin, suite


@dataclass(frozen=True, slots=True)
class Wrong(Record):
    """A case that the model gets wrong, with what it says and how sure it is (0..1)."""

    id: str
    text: str
    text_pair: str | None
    label: str
    predicted: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Checked(Record):
    """What became of the rows, or of the samples, of one blind spot; ``floor``: share that must be right."""

    blind_spot: str
    origin: Origin
    cases: int
    right: int
    floor: float
    wrong: tuple[Wrong, ...]

    @property
    def holds(self) -> bool:
        """Whether it is still closed."""
        return self.right >= self.floor * self.cases


def check(project: Project, model: str | None = None, *, monitor: Monitor) -> Path:
    """Ask a model for every case of the suite; return the path of the outcome, `checks/KEY.json`.

    Args:
        project: with at least one frozen blind spot.
        model: folder or hub name of a classifier; default: the current model.
        monitor: told of rows scored.

    Raises:
        ProjectError: nothing is frozen.
        ModelError: the model cannot be found, is no classifier, or answers in other labels.
        Cancelled: from the monitor.
    """
    frozen = suite(project)
    asked = _model(project, model, monitor)
    cases = [case for spot in frozen for case in spot.cases]
    rows = [Example(case.id, case.text, case.label, case.text_pair) for case in cases]
    gold = np.array([project.labels.index(row.label) for row in rows], dtype=np.int64)
    scores = score(predictions(project, asked, rows, split_key="suite", monitor=monitor), gold)
    said = [(project.labels[place], float(sure))
            for place, sure in zip(scores.predicted, scores.confidence, strict=True)]  # fmt: skip
    found, first = [], 0
    for spot in frozen:
        here = list(zip(spot.cases, said[first : first + len(spot.cases)], strict=True))
        first += len(spot.cases)
        for origin in ORIGINS:
            part = [(case, *answer) for case, answer in here if case.origin == origin]
            if part:
                found.append(_checked(spot.id, origin, part))
    path = project.root / "checks" / f"{asked.key[:12]}.json"
    holds = all(one.holds for one in found)
    write_json(path, {"model": asked.name, "holds": holds,
                      "checked": [one.as_json() | {"holds": one.holds} for one in found]})  # fmt: skip
    return path


def _checked(spot: str, origin: Origin, part: Sequence[Any]) -> Checked:
    wrong = [Wrong(case.id, case.text, case.text_pair, case.label, label, round(confidence, 4))
             for case, label, confidence in part if label != case.label]  # fmt: skip
    return Checked(spot, origin, len(part), len(part) - len(wrong), FLOORS[origin], tuple(wrong))


def _model(project: Project, name: str | None, monitor: Monitor) -> ModelRef:
    if name is None:
        return current_model(project, make=False, monitor=monitor)
    weights = find_weights(name, monitor=monitor)
    if not is_classifier(weights.path):
        raise ModelError("this is no classifier: it has no classification head", where=str(weights.path),
                         mend="name a fine-tuned classifier")  # fmt: skip
    return ModelRef(weights.name, weights.path, weights.key)
