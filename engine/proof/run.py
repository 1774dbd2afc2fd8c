"""Trains the arms and the baseline with every seed, scores held-out rows, and stores what the report follows from.

Finished models and predictions are found again by their content, so an interrupted proof goes on where it was. The
report is written last: a proof folder with a report is whole.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import engine
from engine.data.leak_guard import LeakGuard
from engine.data.pool_rows import known_labels, labelled, pool_rows
from engine.data.proof_rows import judged_rows, read_proof
from engine.discovery.calibration import fit_temperature, gold_of
from engine.figure import Figure
from engine.files import content_key, replacing, sha256_file, write_json
from engine.model.model_registry import ModelRef, current_model, predictions
from engine.model.text_classifier import classifier_of
from engine.model.training_task import TrainingTask
from engine.progress import Monitor
from engine.project import Project
from engine.proof.aggregate_progress import AggregateProgress
from engine.proof.arms import Arm, Run
from engine.proof.controls import TEMPERATURE, is_control
from engine.proof.epoch_selection import choose_passes
from engine.proof.evaluate import (
    NEAREST,
    POOL,
    ROUND_MODEL,
    SAMPLES,
    evaluate,
    flipped_rows,
    gold_file,
    logits_file,
    right_samples,
)
from engine.proof.proof_looks import ask_for_labels, take_looks
from engine.proof.proof_spec import SPEC, EpochChoice, SpecRun, SpecSpot
from engine.proof.quick_look import quick
from engine.proof.recipe_selection import recipes_to_use, runs_and_choices
from engine.proof.report import FLIPS, LEARNED, content
from engine.proof.report_types import JUDGED, JudgedModel
from engine.proof.request import FEWEST_LABELLED, RetrainRequest, arms_asked
from engine.proof.spot_assignment import nearest_blind_spots
from engine.proof.train_ahead import train_ahead
from engine.proof.training_sets import kept_rows, training_task
from engine.review.outcome import reviewed_samples
from engine.schema import UNLABELLED, Discovery, Example, Sample, SplitName, TeacherKind
from engine.tau import refuse_new_tau, tau_of
from engine.teaching.labels import Labels
from engine.teaching.records import Records

# What scoring a row costs, in row-passes of training: a third, as there is no backward pass.
_SCORING = 1 / 3
_LIBRARIES = ("torch", "transformers", "numpy", "scikit-learn")

Logits = npt.NDArray[np.float32]


def retrain(
    project: Project,
    request: RetrainRequest,
    *,
    costs: Mapping[TeacherKind, Figure] | None = None,
    monitor: Monitor,
) -> Path:
    """Compare arms with the baseline on held-out rows; return the path of the finished report.

    Args:
        project: with at least one sample in its store.
        request: what to train.
        costs: what all samples of a kind of teacher cost, for equal cost (`engine.costs.cost_book.costs_of_kinds`).
        monitor: steps count over all runs.

    Raises:
        ProjectError: there is nothing to train with, no such arm, recipe or seed, or a cost is not known.
        SettingsError: tau differs from that of the first proof, or of the blind spots.
        Stopped: from the monitor.
    """
    began = time.monotonic()
    refuse_new_tau(project)
    records = Records(project.teaching_dir)
    samples = _without_leaks(project, records, monitor)
    if request.reviewed:
        samples = _as_reviewed(project, records, samples, monitor)
    discovery = project.discovery()
    tau_of(project, discovery)
    doubtful = records.doubtful_rows()
    given = Labels(records)
    labels = known_labels(discovery, given.settled())
    splits = _splits(project, discovery, samples)
    arms_to_train = arms_asked(project, samples, doubtful, request, given=given, labels=labels, costs=costs)
    recipes = recipes_to_use(project, request.recipes, arms_to_train)
    kept = kept_rows(project, discovery, recipes, doubtful, labels=labels, monitor=monitor)
    runs, choices = runs_and_choices(
        project,
        arms_to_train,
        seeds=request.seeds,
        recipes=request.recipes,
        kept=kept,
        samples=samples,
        discovery=discovery,
        monitor=monitor,
    )
    scoring = round(_SCORING * sum(map(len, splits.values())))
    overall = AggregateProgress(monitor, sum(run.work + scoring for run in runs))
    train = project.examples("train")
    passes = _passes(project, arms_to_train, runs, samples, discovery, monitor)

    def task(run: Run) -> TrainingTask:
        return training_task(project, run, train, kept, stop=passes.get(run.arm.name), monitor=overall)

    scored = _trained_and_scored(project, runs, task, splits, scoring, labels, overall)
    overall.begin("judge", 0)
    spots = _blind_spots(discovery, doubtful)
    round_model = current_model(project, monitor=overall) if discovery and spots else None
    limit = next((arm.limit for arm in arms_to_train), None)
    spec = _spec(project, request, splits, discovery, round_model) | {
        "equal": limit.as_json() if limit else None,
        "passes": {name: chosen.as_json() for name, chosen in passes.items()},
        "recipes": {name: chosen.as_json() for name, chosen in choices.items()},
        "label_sources": {run.arm.name: of.as_json() for run in runs if (of := run.arm.sources)},
        "seeds": list(dict.fromkeys(run.seed for run in runs)),
        "runs": [entry.as_json() for entry, _ in scored],
        "blind_spots": [spot.as_json() for spot in spots],
        "samples": [content(sample) for sample in samples],
        "marked": [place for place, row in enumerate(splits.get(POOL, ())) if row.id in doubtful],
    }
    folder = project.proofs_dir / content_key(spec)[:8]
    for split, rows in splits.items():
        _save(gold_file(folder, split), gold_of(rows, project.labels))
        for entry, logits in scored:
            _save(logits_file(folder, entry, split), logits[split])
    if discovery and round_model:
        _save_round(project, folder, discovery, round_model, [spot.id for spot in spots], splits["proof"], overall)
    return _judged(project, folder, spec, splits, seconds=round(time.monotonic() - began, 1), learned=bool(samples))


def _trained_and_scored(
    project: Project,
    runs: Sequence[Run],
    task: Callable[[Run], TrainingTask],
    splits: dict[str, list[Example]],
    scoring: int,
    labels: Mapping[str, str],
    overall: AggregateProgress,
) -> list[tuple[SpecRun, dict[str, Logits]]]:
    """Train the model of each run, side by side where there is room, and score all splits by it.

    Args:
        project: takes the models.
        runs: in their order.
        task: the training of a run.
        splits: rows by split.
        scoring: work of scoring them once, in row-passes.
        labels: of pool rows that have one, by id.
        overall: told of the work of all runs.

    Returns:
        For each run what the report says of it, and logits (rows, labels) by split.
    """
    ahead = train_ahead(project, runs, task, overall)
    scored = []
    for number, run in enumerate(runs, 1):
        name = f"{run.name} ({number} of {len(runs)})"
        overall.begin(f"train {name}", 0 if ahead else run.work)
        model = task(run).run(project, overall)
        overall.begin(f"score {name}", scoring)
        logits = _score(project, model, splits, overall)
        temperature = _temperature(project, run, model, labels, overall)
        scored.append((_entry(project, run, model, temperature), logits))
    return scored


def _save_round(
    project: Project,
    folder: Path,
    discovery: Discovery,
    model: ModelRef,
    spots: Collection[str],
    proof: list[Example],
    monitor: Monitor,
) -> None:
    """Keep what the round's model says of the proof rows, and which of the blind spots each is nearest to."""
    _save(folder / ROUND_MODEL, _score(project, model, {"proof": proof}, monitor)["proof"])
    listed = [spot for spot in discovery.blind_spots if spot.id in spots]
    near_to = [[discovery.predictions[row] for row in spot.rows] for spot in listed]
    _save(folder / NEAREST, nearest_blind_spots(project, near_to, proof, monitor=monitor))


def _judged(
    project: Project,
    folder: Path,
    spec: Mapping[str, Any],
    splits: Mapping[str, Sequence[Example]],
    *,
    seconds: float,
    learned: bool,
) -> Path:
    """Write the spec beside the arrays, and all that follows from both; the path of the report.

    ``learned``: whether there are samples that models may have learned.
    """
    made = {"id": folder.name, "created": datetime.now(timezone.utc).isoformat(), "seconds": seconds}
    hashes = {path.name: sha256_file(path) for path in sorted(folder.glob("*.npy"))}
    write_json(folder / SPEC, {**made, **spec, "files": hashes})
    ids = {split: [row.id for row in rows] for split, rows in splits.items()}
    asks = "label_budget" in spec
    if asks:
        ask_for_labels(project, folder, ids["proof"])
    write_json(folder / FLIPS, [flip.as_json() for flip in flipped_rows(folder, ids)])
    if learned:
        write_json(folder / LEARNED, right_samples(folder))
    write_json(folder / "report.json", evaluate(folder))
    if asks:
        take_looks(project, folder.name)
    return folder / "report.json"


def look_quickly(project: Project, *, arms: Sequence[str] | None = None, monitor: Monitor) -> Path:
    """What `engine.proof.quick_look.quick` says of the samples that equal no proof row; return the path of its result.

    Raises:
        ProjectError, Stopped: as there.
    """
    return quick(project, _without_leaks(project, Records(project.teaching_dir), monitor), arms=arms, monitor=monitor)


def _without_leaks(project: Project, records: Records, monitor: Monitor) -> list[Sample]:
    """The samples that equal no proof row; they are refused when written, but a file may come from elsewhere."""
    guard = LeakGuard(project)
    samples = records.samples()
    kept = [sample for sample in samples if not guard.is_leak(sample.text, sample.text_pair)]
    if len(kept) < len(samples):
        monitor.note(f"{len(samples) - len(kept)} samples equal a proof row or nearly so, and are left out")
    return kept


def _as_reviewed(project: Project, records: Records, samples: list[Sample], monitor: Monitor) -> list[Sample]:
    kept = reviewed_samples(project, records, samples)
    if len(kept) < len(samples):
        monitor.note(f"{len(samples) - len(kept)} samples are left out because reviewers reject them")
    return kept


def _splits(project: Project, discovery: Discovery | None, samples: Sequence[Sample]) -> dict[str, list[Example]]:
    """What every model is asked: proof rows, test if there is one, pool rows in blind spots, and samples.

    Of proof rows those that have a label; all of them where these are too few to judge by.
    """
    judged = judged_rows(project)
    splits = {"proof": judged if len(judged) >= FEWEST_LABELLED else read_proof(project)}
    if project.has_split("test"):
        splits["test"] = project.examples("test")
    if discovery and discovery.blind_spots:
        found = [discovery.predictions[row] for spot in discovery.blind_spots for row in spot.rows]
        splits[POOL] = [Example.of(row) for row in found]
    if samples:
        splits[SAMPLES] = [Example.of(one) for one in samples]
    return splits


def _blind_spots(discovery: Discovery | None, doubtful: Collection[str]) -> list[SpecSpot]:
    """Blind spots with the places and ids of their rows among the pool rows asked; doubtful rows are left out."""
    spots, first = [], 0
    for spot in discovery.blind_spots if discovery else ():
        kept = [(first + place, row) for place, row in enumerate(spot.rows) if row not in doubtful]
        spots.append(
            SpecSpot(
                id=spot.id,
                gold=spot.gold,
                predicted=spot.predicted,
                rows=tuple(place for place, _ in kept),
                ids=tuple(row for _, row in kept),
            )
        )
        first += len(spot.rows)
    return [spot for spot in spots if spot.rows]


def _passes(
    project: Project,
    arms: Sequence[Arm],
    runs: Sequence[Run],
    samples: Sequence[Sample],
    discovery: Discovery | None,
    monitor: Monitor,
) -> dict[str, EpochChoice]:
    """By arm, how many passes of training from scratch its folds ask for; empty where the settings ask for none.

    The baseline keeps its passes: the UUs of the folds are its own errors, and would choose against it.
    """
    if not project.settings.training.early_stop or discovery is None or len(discovery.blind_spots) < 2:
        return {}
    if not classifier_of(project).has_weights:
        monitor.note("training.early_stop is ignored: a program decides by itself how many passes it takes")
        return {}
    spot_of = {sample.id: sample.blind_spot for sample in samples}
    seed = runs[0].seed
    scratch = {
        run.arm.name for run in runs if run.recipe == "scratch" and not (is_control(run.arm.name) or run.arm.labels)
    }
    return {
        arm.name: choose_passes(
            project, discovery, arm.samples, spot_of, steps=runs[0].steps, seed=seed, monitor=monitor
        )
        for arm in arms
        if arm.name in scratch
    }


def _score(project: Project, model: ModelRef, splits: dict[str, list[Example]], monitor: Monitor) -> dict[str, Logits]:
    """Logits by split; all rows are asked at once, as loading a model takes longer than a small split."""
    rows = [row for split in splits.values() for row in split]
    logits = predictions(project, model, rows, split_key="heldout", monitor=monitor)
    parts = np.split(logits, np.cumsum([len(split) for split in splits.values()])[:-1])
    return dict(zip(splits, parts, strict=True))


def _temperature(project: Project, run: Run, model: ModelRef, labels: Mapping[str, str], monitor: Monitor) -> float:
    """1, or fitted: on dev where the settings have confidence calibrated, on the pool for the arm that does only that.

    A pool whose rows all have a label is like proof, so this control is as strong as one number can make it.
    """
    if run.arm.name == TEMPERATURE:
        return _fitted(project, model, "pool", labelled(pool_rows(project, labels)), monitor)
    if not project.settings.discovery.apply_temperature or not project.has_split("dev"):
        return 1.0
    return _fitted(project, model, "dev", project.examples("dev"), monitor)


def _fitted(project: Project, model: ModelRef, split: SplitName, rows: Sequence[Example], monitor: Monitor) -> float:
    logits = predictions(project, model, rows, split_key=split, monitor=monitor)
    return fit_temperature(logits, gold_of(rows, project.labels))


def _entry(project: Project, run: Run, model: ModelRef, temperature: float) -> SpecRun:
    """What the report says of a run; its model's path is relative, so that the project can be moved."""
    path = model.folder.relative_to(project.root).as_posix()
    return SpecRun(
        arm=run.arm.name,
        recipe=run.recipe,
        seed=run.seed,
        n_added=len(run.arm.samples),
        n_rows=run.rows,
        steps=run.steps or None,
        model=JudgedModel(name=model.name, path=path, key=model.key),
        temperature=temperature,
    )


def _spec(
    project: Project,
    request: RetrainRequest,
    splits: Mapping[str, Sequence[Example]],
    discovery: Discovery | None,
    round_model: ModelRef | None,
) -> dict[str, Any]:
    """What the figures depend on beside the runs, and where they come from."""
    settings = project.settings
    rows: dict[str, int | None] = {split: len(splits[split]) if split in splits else None for split in JUDGED}
    if unlabelled := project.manifest.splits["proof"].rows - len(labelled(splits["proof"])):
        rows["unlabelled"] = unlabelled
    spec = {
        "round": project.round,
        "labels": list(project.labels),
        "tau": settings.discovery.tau,
        "apply_temperature": settings.discovery.apply_temperature,
        "margin": settings.proof.margin,
        "interval": settings.proof.interval,
        "corrected": True,
        "bootstrap": settings.proof.bootstrap,
        "rows": rows,
        "training": asdict(settings.training),
        "hashes": {name: split.sha256 for name, split in project.manifest.splits.items()},
        "versions": {"blindspot": engine.__version__, "python": platform.python_version()}
        | {name: version(name) for name in _LIBRARIES},
        "reviewed": request.reviewed,
        "asked": {
            "arms": list(request.arms or ()),
            "recipes": list(request.recipes or ()),
            "controls": request.controls,
        },
        "round_model": None,
    }
    if discovery and round_model:
        temperature = discovery.applied_temperature
        spec["round_model"] = {"name": round_model.name, "key": round_model.key, "temperature": temperature}
    if by_people := {row.id: row.label for row in splits.get(POOL, ()) if discovery and row.id in discovery.row_labels}:
        spec["row_labels"] = by_people
    if any(row.label == UNLABELLED for row in splits["proof"]):
        spec["label_budget"] = settings.proof.labels
    return spec


def _save(path: Path, array: npt.NDArray[Any]) -> None:
    with replacing(path) as out:
        np.save(out, array)
