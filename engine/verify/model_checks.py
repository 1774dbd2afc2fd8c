"""Trained models by the hashes of their folders, and predictions that were given in place of one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engine.counted import counted
from engine.errors import BlindspotError, ModelError
from engine.files import find_files, read_record
from engine.model.cleaned_models import CLEANED, cleaned_models
from engine.model.predictions_record import FOLDER, RESTORE, given_predictions
from engine.model.text_classifier import TRAINING, TrainedModel, classifier_of
from engine.model.weights import folder_hashes, weights_digest
from engine.project import Project
from engine.verify.finding import Finding, looked_at

_TRAIN = "delete the folder: what needs it trains it again"


def check_models(project: Project) -> Iterator[Finding]:
    """Each trained model of the project."""
    for path in find_files(project.models_dir, "[!.]*"):
        if path.is_dir() and path.suffix != ".partial":
            file = f"models/{path.name}"
            yield from looked_at(f"model {path.name}", file, _TRAIN, _model, path, file)
    if gone := cleaned_models(project):
        what = f"{counted(len(gone), 'model')} removed by `blindspot clean`; what needs one says how to train it again"
        yield Finding("cleaned models", "ok", what, f"models/{CLEANED}")


def check_predictions(project: Project) -> Iterator[Finding]:
    """What a project was given in place of a classifier."""
    if (project.root / FOLDER).is_dir():
        yield from looked_at("predictions", FOLDER, RESTORE, _predictions, project)


def _predictions(project: Project) -> Iterator[Finding]:
    from engine.model.predictions_by_text import PredictionsByText

    given = given_predictions(project)
    if given is None:
        yield Finding("predictions", "ok", "they are not used: the project runs a classifier", FOLDER)
        return
    PredictionsByText(project, given).logits([])
    rows = sum(part.rows for part in given.parts)
    yield Finding(
        "predictions", "ok", f"{counted(rows, 'text')} of {counted(len(given.parts), 'batch')}, as they came", FOLDER
    )


def _model(path: Path, file: str) -> Iterator[Finding]:
    part = f"model {path.name}"
    if not (path / TRAINING).is_file():
        yield Finding(part, "missing", f"its {TRAINING} is not there", file, _TRAIN)
        return
    made = read_record(path / TRAINING, TrainedModel.from_json)
    if problem := differs(path, made):
        yield Finding(part, "changed", problem, file, _TRAIN)
    elif made.files is None:
        what = "its weights are unchanged; configuration and tokenizer were not on record when it was trained"
        yield Finding(part, "not checkable", what, file)
    else:
        yield Finding(part, "ok", f"{len(made.files)} files as they were written", file)


def differs(path: Path, made: TrainedModel) -> str:
    """In which way a trained model's folder is not as its training.json says; empty if it is."""
    found = folder_hashes(path)
    if made.key != path.name:
        return f"its {TRAINING} is that of the model {made.key}"
    if weights_digest(found) != made.sha256:
        return "its weights are not those that were trained"
    if made.files is None:
        return ""
    recorded = made.files
    for name in sorted(recorded.keys() | found.keys()):
        if recorded.get(name) != found.get(name):
            state = "is not there" if name not in found else "was added" if name not in recorded else "was changed"
            return f"{name} {state}"
    return ""


def refuse_changed(project: Project, path: Path, key: str) -> None:
    """Return if a trained model is the one that a proof or promotion names; others have no record to be held to.

    With a program, it is another one if what scores has changed since.

    Raises:
        ModelError: a file of it has changed, or it is another model.
    """
    if not (path / TRAINING).is_file():
        return
    try:
        made = read_record(path / TRAINING, TrainedModel.from_json)
        problem = differs(path, made)
        if not problem and made.content_key(classifier_of(project).scored_by) != key:
            problem = "it is another model than the one that was proven"
    except (BlindspotError, ValueError, LookupError, TypeError, OSError) as error:
        problem = f"its {TRAINING} is damaged ({error})"
    if problem:
        raise ModelError(problem, where=str(path), hint="`blindspot verify` says more; train it again")
