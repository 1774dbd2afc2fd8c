"""Models and their answers by content: nothing is computed twice, and what is cached needs no torch.

A key is made of hashes of weights, rows and settings, never of the machine. So the baseline that discovery trains is
the very model that a proof with the same seed uses.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.errors import ModelError
from engine.files import content_key, read_json, write_atomic
from engine.model.plan import TrainingPlan
from engine.model.weights import Weights, find_weights, is_classifier
from engine.progress import Monitor
from engine.project import Project
from engine.schema import Example

Array = NDArray[np.float32]

# Raised whenever scoring or embedding computes something else from the same weights and rows.
SCORING = 1
EMBEDDING = 1


@dataclass(frozen=True, slots=True)
class ModelRef:
    """A classifier that is there. ``key`` names its weights and how rows are turned into tokens."""

    name: str
    path: Path
    key: str


def starting_weights(project: Project, *, monitor: Monitor) -> Weights:
    """Where training from scratch starts: the user's classifier (or checkpoint without a head), else the base.

    Raises:
        ModelError: the weights cannot be found.
    """
    return _find(project, project.settings.model.classifier or project.settings.model.base, monitor)


def encoder_weights(project: Project, *, monitor: Monitor) -> Weights:
    """The sentence encoder that `embeddings` uses.

    Raises:
        ModelError: it cannot be found.
    """
    return _find(project, project.settings.model.encoder, monitor)


def current_model(project: Project, *, monitor: Monitor) -> ModelRef:
    """The model of the round: the promoted one, else the user's classifier, else the baseline, trained if need be.

    Raises:
        ModelError: weights cannot be found or used, or the promoted model is gone.
        Cancelled: from the monitor, while training.
    """
    promoted = project.round_dir(project.round) / "model.json"
    if promoted.is_file():
        reference = read_json(promoted)
        path = project.root / reference["path"]
        if not (path / "config.json").is_file():
            raise ModelError(
                "the promoted model is gone",
                where=str(path),
                mend=f"put the folder back, or delete {promoted.relative_to(project.root)}",
            )
        return ModelRef(reference["name"], path, reference["key"])
    weights = starting_weights(project, monitor=monitor)
    if project.settings.model.classifier and is_classifier(weights.path):
        monitor.note(f"classifier: {weights}")
        return ModelRef(weights.name, weights.path, weights.key)
    return trained(
        project, project.examples("train"), seed=project.settings.proof.seeds[0], start=weights, monitor=monitor
    )


def trained(
    project: Project,
    examples: Sequence[Example],
    *,
    seed: int,
    start: Weights | ModelRef | None = None,
    epochs: int | None = None,
    monitor: Monitor,
) -> ModelRef:
    """A classifier fine-tuned on rows: found in `models/` or trained now; an interrupted training goes on.

    Args:
        project: its settings name the rest of the recipe.
        examples: training rows; their order counts.
        seed: of the run.
        start: default: `starting_weights`.
        epochs: default: that of the settings.
        monitor: told of steps, and asked whether to go on.

    Raises:
        ModelError: the weights cannot be used, or training diverged.
        Cancelled: from the monitor; the next call goes on from there.
    """
    start = start or starting_weights(project, monitor=monitor)
    settings = project.settings
    plan = TrainingPlan(
        start=str(start.path),
        start_key=start.key,
        labels=project.labels,
        classifier_labels=settings.model.classifier_labels,
        seed=seed,
        epochs=epochs or settings.training.epochs,
        batch_size=settings.training.batch_size,
        learning_rate=settings.training.learning_rate,
        weight_decay=settings.training.weight_decay,
        max_length=settings.model.max_length,
    )
    key = plan.key(examples)
    out = project.models_dir / key
    if not (out / "training.json").is_file():
        from engine.model.compute import choose_compute
        from engine.model.training import train

        monitor.note(f"start: {start}" if isinstance(start, Weights) else f"start: {start.name}")
        train(plan, examples, out=out, compute=choose_compute(settings.compute), monitor=monitor)
    sha256 = read_json(out / "training.json")["sha256"]
    return ModelRef(f"{start.name} + {len(examples)} rows (seed {seed})", out, content_key(key, sha256))


def predictions(
    project: Project, model: ModelRef, examples: Sequence[Example], *, split_key: str, monitor: Monitor
) -> Array:
    """Logits (rows, labels), float32, in the order of rows and of the project's labels.

    Scores are computed in fp32 even where training uses bf16, unless the settings ask for bf16: in bf16 6 of 2,000
    labels flip and the UU list differs by 3 of 64, and a count should not depend on which machine counted.

    Args:
        project: names labels, token limit and precision.
        model: from `current_model` or `trained`.
        examples: rows to score.
        split_key: what the rows are, for the name of the cache file.
        monitor: told of rows scored.

    Raises:
        ModelError: the model cannot be used for this task, or gives values that are not finite.
        Cancelled: from the monitor.
    """
    settings = project.settings
    key = content_key(
        "logits",
        SCORING,
        model.key,
        project.labels,
        settings.model.classifier_labels,
        settings.model.max_length,
        settings.compute.precision == "bf16",
        _texts(examples),
    )

    def compute() -> Array:
        from engine.model.classifier import Classifier
        from engine.model.compute import choose_compute

        chosen = choose_compute(settings.compute)
        if settings.compute.precision != "bf16":
            chosen = replace(chosen, precision="fp32")
        monitor.note(f"scoring {len(examples)} rows on {chosen}")
        classifier = Classifier.load(
            model.path,
            labels=project.labels,
            max_length=settings.model.max_length,
            compute=chosen,
            classifier_labels=settings.model.classifier_labels,
        )
        return classifier.logits(examples, monitor=monitor)

    return _cached(project.cache_dir / f"logits-{split_key}-{key}.npy", len(examples), compute)


def embeddings(project: Project, examples: Sequence[Example], *, monitor: Monitor) -> Array:
    """Sentence embeddings (rows, dimensions), float32, each row of length 1, in the order of rows.

    Raises:
        ModelError: the encoder cannot be found or loaded.
        Cancelled: from the monitor.
    """
    weights = encoder_weights(project, monitor=monitor)
    key = content_key("embeddings", EMBEDDING, weights.key, _texts(examples))

    def compute() -> Array:
        from engine.model.compute import choose_compute
        from engine.model.encoder import Encoder

        chosen = choose_compute(project.settings.compute)
        monitor.note(f"embedding {len(examples)} rows with {weights}")
        return Encoder.load(weights.path, compute=chosen).embed(examples, monitor=monitor)

    return _cached(project.cache_dir / f"embeddings-{key}.npy", len(examples), compute)


def _find(project: Project, name: str, monitor: Monitor) -> Weights:
    """A name in blindspot.toml may be a folder relative to the project."""
    local = project.root / Path(name).expanduser()
    return find_weights(str(local) if local.is_dir() else name, monitor=monitor)


def _texts(examples: Sequence[Example]) -> list[list[str | None]]:
    return [[example.text, example.text_pair] for example in examples]


def _cached(path: Path, rows: int, compute: Callable[[], Array]) -> Array:
    """The array in the file; where there is none, or a damaged one, it is computed and written."""
    array = _read(path)
    if array is None or len(array) != rows:
        array = compute()
        buffer = io.BytesIO()
        np.save(buffer, array)
        write_atomic(path, buffer.getvalue())
    return array


def _read(path: Path) -> Array | None:
    try:
        array: Array = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return array
