"""A first result within a minute: one short training, evaluated on pool and test, never on proof.

Nothing is proven by it: one seed, few rows, and teachers saw the pool. So it gives no verdict, its models cannot be
promoted, and proof rows stay unseen however often it is asked. A retrain of the same samples proves or refutes it.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from engine.discovery.calibration import gold_of
from engine.files import content_key, write_json
from engine.model.model_registry import ModelRef, current_model, predictions, trained
from engine.model.text_classifier import trainable
from engine.progress import Monitor
from engine.project import Project
from engine.proof.aggregate_progress import AggregateProgress
from engine.proof.arms import Arm, choose_arms
from engine.proof.quick_report import QuickArm, QuickReport, QuickSpot
from engine.proof.request import discovered_spots
from engine.schema import Discovery, Example, Sample

# One pass over so many rows takes MiniLM 22 s on two cores without bf16, scoring 9 s, imports and loading 7 s.
ROWS, MOST_SAMPLES, MOST_TEST = 1500, 500, 1000
_REPLAY = 4  # train rows for each sample: there is one pass only, and few samples would else bend the model


def quick(project: Project, samples: Sequence[Sample], *, arms: Sequence[str] | None = None, monitor: Monitor) -> Path:
    """Continue from the current model with samples and replayed train rows, and see what became of the blind spots.

    A program that cannot continue is trained from scratch on all train rows and the samples.

    Args:
        project: with a discovery of the current model.
        samples: of all teachers, without leaks.
        arms: names of arms; default: the one with the most teaching.
        monitor: steps count over all arms.

    Returns:
        Path of the result, `quick/ID.json`: for each arm UUs that are right now, by blind spot; their neighbours, right
        before, that are wrong now; accuracy on test rows before and after; and all of it as one sentence.

    Raises:
        ProjectError: there are no samples, no such arm, or no blind spots.
        Stopped: from the monitor.
    """
    began = time.monotonic()
    discovery = discovered_spots(project)
    chosen = choose_arms(samples, arms) if arms else choose_arms(samples)[-1:]
    model, seed = current_model(project, monitor=monitor), project.settings.proof.seeds[0]
    scored_rows = _scored_rows(project, discovery, seed)
    goes_on = trainable(project).continues
    training = {arm.name: _training_rows(project, arm, seed, goes_on) for arm in chosen}
    overall = AggregateProgress(monitor, sum(map(len, training.values())) + (1 + len(chosen)) * len(scored_rows) // 3)
    overall.begin("score", len(scored_rows) // 3)
    before = _right(project, model, scored_rows, overall)
    entries = []
    for arm in chosen:
        rows = training[arm.name]
        overall.begin(f"train {arm.name}", len(rows))
        made = trained(project, rows, seed=seed, start=model if goes_on else None, epochs=1, monitor=overall)
        overall.begin(f"score {arm.name}", len(scored_rows) // 3)
        after = _right(project, made, scored_rows, overall)
        entries.append(_entry(arm, len(rows), discovery, scored_rows, before, after))
    found = QuickReport(
        id="",
        created=datetime.now(timezone.utc).isoformat(),
        seconds=round(time.monotonic() - began, 1),
        round=project.round,
        model=model.name,
        seed=seed,
        tau=discovery.tau,
        arms=tuple(entries),
        sentence=" ".join(map(_sentence, entries)),
    )
    told = {name: value for name, value in found.as_json().items() if name not in ("id", "created", "seconds")}
    path = project.quick_dir / f"{content_key(told)[:8]}.json"
    write_json(path, replace(found, id=path.stem).as_json())
    return path


def _training_rows(project: Project, arm: Arm, seed: int, goes_on: bool) -> list[Example]:
    """Samples, a draw of them where there are many, and train rows up to the bound; in a seeded order.

    A program that cannot go on from a model learns all there is, from scratch.
    """
    if not goes_on:
        return [*project.examples("train"), *arm.samples]
    dice = random.Random(f"quick/{seed}")
    samples = dice.sample(arm.samples, min(MOST_SAMPLES, len(arm.samples)))
    train = project.examples("train")
    replayed = min(len(train), ROWS - len(samples), _REPLAY * len(samples))
    return [*dice.sample(train, replayed), *samples]


def _scored_rows(project: Project, discovery: Discovery, seed: int) -> list[Example]:
    """UUs of the blind spots, their neighbours that the model gets right, and a draw of the test rows."""
    uus = [row for spot in discovery.blind_spots for row in spot.rows]
    found = [discovery.predictions[row] for row in (*uus, *discovery.beside(uus))]
    test = project.examples("test") if project.has_split("test") else []
    drawn = random.Random(f"quick test/{seed}").sample(test, min(MOST_TEST, len(test)))
    return [*(Example.of(row) for row in found), *drawn]


def _right(project: Project, model: ModelRef, rows: Sequence[Example], monitor: Monitor) -> Any:
    said = predictions(project, model, rows, split_key="quick", monitor=monitor).argmax(axis=1)
    return said == gold_of(rows, project.labels)


def _entry(
    arm: Arm, rows: int, discovery: Discovery, scored_rows: Sequence[Example], before: Any, after: Any
) -> QuickArm:
    spots, first = [], 0
    for spot in discovery.blind_spots:
        right = int(after[first : first + len(spot.rows)].sum())
        spots.append(QuickSpot(id=spot.id, gold=spot.gold, predicted=spot.predicted, rows=len(spot.rows), right=right))
        first += len(spot.rows)
    beside = len(discovery.beside(row for spot in discovery.blind_spots for row in spot.rows))
    test = first + beside
    broken = before[first:test] & ~after[first:test]
    was, now = (float(found[test:].mean()) if len(scored_rows) > test else None for found in (before, after))
    return QuickArm(
        arm=arm.name,
        samples=len(arm.samples),
        trained_rows=rows,
        uus=first,
        uus_right=int(after[:first].sum()),
        neighbours=beside,
        neighbours_broken=int(broken.sum()),
        test_rows=len(scored_rows) - test,
        test_accuracy=(was, now),
        blind_spots=tuple(spots),
    )


def _sentence(found: QuickArm) -> str:
    before, after = found.test_accuracy
    test = f"; test accuracy {before:.3f} -> {after:.3f}" if before is not None else ""
    return (
        f"Quick look, no proof: with {found.arm} {found.uus_right} of {found.uus} UUs of the pool are "
        f"right; of {found.neighbours} right rows beside them {found.neighbours_broken} are not any more"
        f"{test}."
    )
