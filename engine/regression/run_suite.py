"""Running the regression suite against a model: is what was closed still closed?

The rule is that of `engine.proof.closed`, asked of one model: of the blind spot's pool rows, and of the proof rows near
it that are stored beside its proof. Of proof rows only counts are kept, no text.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.discovery.calibration import gold_of, score
from engine.files import write_json
from engine.model.cleaned_models import refuse_cleaned
from engine.model.model_registry import ModelRef, current_model, predictions
from engine.model.text_classifier import classifier_of
from engine.progress import Monitor
from engine.project import Project
from engine.proof.closed import CLOSED, SeedCounts, SpotCounts
from engine.proof.nearby_rows import NearRows, near_rows
from engine.regression.check_outcome import CheckedRows, CheckOutcome, PartCheck, Wrong
from engine.regression.frozen_spots import ROWS_FLOOR, SAMPLES_FLOOR, CaseOrigin, FrozenCase, FrozenSpot, suite
from engine.regression.suite_checks import refuse_changed_suite
from engine.schema import Example
from engine.trust import require
from engine.verify.model_checks import refuse_changed

_PROOF: dict[str, CheckedRows] = {
    "wrong_before": "proof row, wrong before",
    "right_before": "proof row, right before",
    "near": "proof row near it",
}


def check(project: Project, model: str | None = None, *, monitor: Monitor) -> Path:
    """Ask a model for every case of the suite; return the path of the outcome, `checks/KEY.json`.

    Args:
        project: with at least one frozen blind spot.
        model: folder or hub name of a classifier; default: the current model.
        monitor: told of rows scored.

    Raises:
        ProjectError: a file of the suite is damaged or has changed since, or the proof of a blind spot is gone.
        ModelError: the model cannot be found, is no classifier, or answers in other labels.
        Stopped: from the monitor.
    """
    frozen = suite(project)
    refuse_changed_suite(project, frozen)
    near = {spot.id: near_rows(project, spot.proof, spot.id) for spot in frozen if spot.counted}
    tested = _model(project, model, monitor)
    cases = [case for spot in frozen for case in spot.cases]
    rows = [Example.of(case) for case in cases]
    held_out = [row for found in near.values() for row in found.rows]
    gold = gold_of([*rows, *held_out], project.labels)
    logits = predictions(project, tested, [*rows, *held_out], split_key="suite", monitor=monitor)
    scores = score(logits, gold)
    said = [
        (project.labels[place], float(sure)) for place, sure in zip(scores.predicted, scores.confidence, strict=True)
    ]
    right = scores.right
    checked: list[PartCheck] = []
    first, first_near = 0, len(rows)
    for spot in frozen:
        answers = list(zip(spot.cases, said[first : first + len(spot.cases)], strict=True))
        first += len(spot.cases)
        found = near.get(spot.id)
        if found is None:
            checked += _by_cases(spot, answers)
        else:
            checked += _by_rule(spot, answers, found, right[first_near : first_near + len(found.rows)])
            first_near += len(found.rows)
    path = project.root / "checks" / f"{tested.key[:12]}.json"
    holds = all(one.holds for one in checked)
    write_json(path, CheckOutcome(tested.name, "holds" if holds else "open again", holds, tuple(checked)).as_json())
    return path


def _by_rule(
    spot: FrozenSpot,
    answers: Sequence[tuple[FrozenCase, tuple[str, float]]],
    near: NearRows,
    right: npt.NDArray[np.bool_],
) -> list[PartCheck]:
    """The parts of the rule that closed the blind spot, then its samples."""
    rows = [one for one in answers if one[0].origin == "row"]
    parts = {name: SeedCounts(int(mask.sum()), (int((mask & right).sum()),)) for name, mask in near.masks.items()}
    pool = SeedCounts(len(rows), (sum(map(_is_right, rows)),))
    counts = SpotCounts(pool, parts["wrong_before"], parts["right_before"], parts["near"], near.before)
    floors = dict.fromkeys(parts, CLOSED[0] / CLOSED[1]) | {"near": near.before / max(1, len(near.rows))}
    holds = counts.conditions
    found: list[PartCheck] = []
    if rows:
        floor = CLOSED[0] / CLOSED[1]
        found.append(PartCheck(spot.id, "row", len(rows), pool.per_seed[0], floor, holds["pool"], _wrong(rows)))
    found += [
        PartCheck(spot.id, _PROOF[name], part.of, part.per_seed[0], round(floors[name], 4), holds[name])
        for name, part in parts.items()
        if part.of
    ]
    return found + _of_origin(spot, answers, "sample", SAMPLES_FLOOR)


def _by_cases(spot: FrozenSpot, answers: Sequence[tuple[FrozenCase, tuple[str, float]]]) -> list[PartCheck]:
    """What a file asks for that is older than the counting of rows near a blind spot."""
    return _of_origin(spot, answers, "row", ROWS_FLOOR) + _of_origin(spot, answers, "sample", SAMPLES_FLOOR)


def _of_origin(
    spot: FrozenSpot, answers: Sequence[tuple[FrozenCase, tuple[str, float]]], origin: CaseOrigin, floor: float
) -> list[PartCheck]:
    part = [one for one in answers if one[0].origin == origin]
    right = sum(_is_right(one) for one in part)
    return (
        [PartCheck(spot.id, origin, len(part), right, floor, right >= floor * len(part), _wrong(part))] if part else []
    )


def _is_right(answer: tuple[FrozenCase, tuple[str, float]]) -> bool:
    case, (label, _) = answer
    return case.label == label


def _wrong(answers: Sequence[tuple[FrozenCase, tuple[str, float]]]) -> tuple[Wrong, ...]:
    return tuple(
        Wrong(case.id, case.text, case.text_pair, case.label, label, round(sure, 4))
        for case, (label, sure) in answers
        if label != case.label
    )


def _model(project: Project, name: str | None, monitor: Monitor) -> ModelRef:
    if name is None:
        current = current_model(project, make=False, monitor=monitor)
        if current.path is not None:
            refuse_changed(project, current.path, current.key)
        return current
    refuse_cleaned(project, name)
    classifier = classifier_of(project)
    require(project.root, classifier.uses(name))
    return classifier.named(name, monitor=monitor)
