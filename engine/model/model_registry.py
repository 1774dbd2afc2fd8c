"""Models, predictions and embeddings by content hash; reading what is cached needs no torch.

A key is made of hashes of weights, rows and settings, never of the machine. So the baseline that discovery trains is
the very model that a proof with the same seed uses.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from typing_extensions import Unpack

from engine.errors import ModelError
from engine.files import checked, content_key, read_record
from engine.model.array_cache import Array, Making, cached_arrays
from engine.model.bf16_rescoring import UncertainRows
from engine.model.given_predictions import FOLDER, given_predictions, refuse_without_classifier
from engine.model.known_predictions import KnownPredictions
from engine.model.training_plan import DistillationTarget, PlanChanges, TrainingPlan
from engine.model.truncation import Reading
from engine.model.weights import Weights, find_weights, is_classifier, weights_use
from engine.progress import Monitor
from engine.project import Project
from engine.schema import Example, Record
from engine.trust import require

if TYPE_CHECKING:
    from engine.model.classifier import Classifier
    from engine.model.device import Compute
    from engine.model.encoder import Encoder

# Raised whenever scoring or embedding computes something else from the same weights and rows.
SCORING = 2
EMBEDDING = 2

_JOINED_ROWS = 4096  # pairs whose embeddings are put together at once


@dataclass(frozen=True, slots=True)
class ModelRef:
    """A classifier that is there. ``key`` names its weights and how rows are turned into tokens."""

    name: str
    path: Path
    key: str


@dataclass(frozen=True, slots=True)
class _Promoted(Record):
    """What of a promotion (`engine.regression.promotion.Promotion`) names the model."""

    name: str
    path: str
    key: str


@dataclass(frozen=True, slots=True)
class _Trained(Record):
    """What of a training.json names the weights."""

    sha256: str


def starting_weights(project: Project, *, make: bool = True, monitor: Monitor) -> Weights:
    """Where training from scratch starts: the user's classifier (or checkpoint without a head), else the base.

    Without ``make`` nothing is fetched.

    Raises:
        ModelError: the weights cannot be found, or the project knows its classifier by predictions alone.
    """
    refuse_without_classifier(project, "training")
    name = project.settings.model.classifier or project.settings.model.base
    return named_weights(project, name, monitor, fetch=make)


def encoder_weights(project: Project, *, monitor: Monitor) -> Weights:
    """The sentence encoder that `embeddings` uses.

    Raises:
        ModelError: it cannot be found.
    """
    return named_weights(project, project.settings.model.encoder, monitor)


def current_model(project: Project, *, seed: int | None = None, make: bool = True, monitor: Monitor) -> ModelRef:
    """The model of the round: the promoted one, else the user's classifier, else the baseline, trained if need be.

    Where the user has given predictions in place of a classifier, it is these.

    Args:
        project: whose round.
        seed: of the baseline; default: the first of the settings, whose model is the one that is discovered with.
        make: False: nothing is trained and nothing fetched.
        monitor: told of steps, and asked whether to go on.

    Raises:
        ModelError: weights cannot be found or used, the promoted model is gone, or nothing may be made.
        Cancelled: from the monitor, while training.
    """
    promoted = project.round_dir(project.round) / "model.json"
    if promoted.is_file():
        reference = read_record(promoted, _Promoted.from_json, hint="restore the file, or promote again")
        path = project.root / reference.path
        if not path.resolve().is_relative_to(project.root.resolve()):
            raise ModelError(
                "the promoted model lies outside the project",
                where=str(promoted),
                hint="promote again; a promoted model lies in the folder models",
            )
        if not (path / "config.json").is_file():
            raise ModelError(
                "the promoted model is gone",
                where=str(path),
                hint=f"put the folder back, or delete {promoted.relative_to(project.root)}",
            )
        return ModelRef(reference.name, checked(path), reference.key)
    if given := given_predictions(project):
        return ModelRef(given.name, project.root / FOLDER, given.key)
    weights = starting_weights(project, make=make, monitor=monitor)
    if project.settings.model.classifier and is_classifier(weights.path):
        monitor.note(f"classifier: {weights}")
        return ModelRef(weights.name, weights.path, weights.key)
    seed = project.settings.proof.seeds[0] if seed is None else seed
    return trained(project, project.examples("train"), seed=seed, start=weights, make=make, monitor=monitor)


def trained(
    project: Project,
    examples: Sequence[Example],
    *,
    seed: int,
    start: Weights | ModelRef | None = None,
    kept: Sequence[DistillationTarget] = (),
    make: bool = True,
    monitor: Monitor,
    **changes: Unpack[PlanChanges],
) -> ModelRef:
    """A classifier fine-tuned on rows: found in `models/` or trained now; an interrupted training goes on.

    Args:
        project: its settings name the rest of the recipe.
        examples: training rows; their order counts.
        seed: of the run.
        start: default: `starting_weights`.
        kept: rows that are to stay as a model says of them.
        make: False: only if it is there.
        monitor: told of steps, and asked whether to go on.
        changes: what differs from the settings.

    Raises:
        ModelError: the weights cannot be used, training diverged, or it may not be trained and is not there.
        Cancelled: from the monitor; the next call goes on from there.
    """
    start = start or starting_weights(project, monitor=monitor)
    plan = plan_of(project, start, seed=seed, **changes)
    key = plan.key(examples, kept)
    out = project.models_dir / key
    if not (out / "training.json").is_file():
        if not make:
            raise ModelError(
                "the model has not been trained yet", where=str(project.root), hint="run `blindspot discover`"
            )
        from engine.model.device import choose_compute
        from engine.model.training import train

        monitor.note(f"start: {start}" if isinstance(start, Weights) else f"start: {start.name}")
        train(
            plan,
            examples,
            kept=kept,
            out=out,
            compute=choose_compute(project.settings.compute),
            monitor=monitor,
        )
    made = read_record(out / "training.json", _Trained.from_json, hint="delete the folder, and it is trained again")
    return ModelRef(f"{start.name} + {len(examples)} rows (seed {seed})", checked(out), content_key(key, made.sha256))


def plan_of(project: Project, start: Weights | ModelRef, *, seed: int, **changes: Unpack[PlanChanges]) -> TrainingPlan:
    """What a training run with the project's settings, but for some changes, depends on beside its rows."""
    settings = project.settings
    plan = TrainingPlan(
        start=str(start.path),
        start_key=start.key,
        labels=project.labels,
        classifier_labels=settings.model.classifier_labels,
        seed=seed,
        epochs=settings.training.epochs,
        batch_size=settings.training.batch_size,
        learning_rate=settings.training.learning_rate,
        weight_decay=settings.training.weight_decay,
        max_length=settings.model.max_length,
        frozen_layers=settings.training.frozen_layers,
    )
    return replace(plan, **changes)


def predictions(
    project: Project,
    model: ModelRef,
    examples: Sequence[Example],
    *,
    split_key: str,
    doubt: UncertainRows | None = None,
    monitor: Monitor,
) -> Array:
    """Logits (rows, labels), float32, in the order of rows and of the project's labels; read from the disk in place.

    Args:
        project: names labels, token limit and precision.
        model: from `current_model` or `trained`.
        examples: rows to score.
        split_key: what the rows are, for the name of the cache file.
        doubt: what the scores are for. With it, and where bf16 pays, only rows on which something hangs are scored in
            fp32, so that labels, UUs and the confidence of UUs are those of fp32; None: every score is fp32's.
        monitor: told of rows scored.

    Raises:
        ModelError: the model cannot be used for this task, or gives values that are not finite.
        Cancelled: from the monitor; what is scored by then is kept, and the next call goes on from there.
    """
    if not examples:
        return np.empty((0, len(project.labels)), dtype=np.float32)

    def begin() -> Making:
        given = given_predictions(project)
        if given and given.key == model.key:
            return _found(KnownPredictions(project, given).logits(examples))
        compute = scoring_compute(project, scan=doubt is not None)
        monitor.note(f"scoring {len(examples)} rows on {compute}")
        classifier = load_classifier(project, model, compute)

        def fill(arrays: Sequence[Array], done: int) -> Iterator[int]:
            return classifier.score(examples, arrays, doubt=doubt, monitor=monitor, start=done)

        return Making([len(project.labels)], fill)

    path = logits_path(project, model, examples, split_key, doubt)
    return cached_arrays([path], len(examples), begin, width=len(project.labels), monitor=monitor)[0]


def _found(logits: Array) -> Making:
    """Logits that need not be computed, as what makes them."""

    def fill(arrays: Sequence[Array], done: int) -> Iterator[int]:
        arrays[0][:] = logits
        yield len(logits)

    return Making([logits.shape[1]], fill)


def embeddings(project: Project, examples: Sequence[Example], *, scan: bool = False, monitor: Monitor) -> Array:
    """Sentence embeddings (rows, dimensions), float32, each of length 1, in the order of rows; read in place.

    Args:
        project: names the encoder and how many tokens of a text it reads.
        examples: rows to embed; a pair becomes `engine.model.encoder.joined`.
        scan: bf16 will do, where it pays: for neighbours among many rows, not for what is compared closely.
        monitor: told of texts embedded; each different text is embedded once.

    Raises:
        ModelError: the encoder cannot be found or loaded.
        Cancelled: from the monitor; what is embedded by then is kept, and the next call goes on from there.
    """
    if not examples:
        return np.empty((0, 0), dtype=np.float32)
    weights = encoder_weights(project, monitor=monitor)
    texts = list(dict.fromkeys(text for row in examples for text in (row.text, row.text_pair) if text is not None))
    path = embeddings_path(project, weights, texts, scan)

    def begin() -> Making:
        compute = scoring_compute(project, scan=scan)
        monitor.note(f"embedding {len(texts)} texts with {weights} on {compute}")
        encoder = load_encoder(project, weights, compute)

        def fill(arrays: Sequence[Array], done: int) -> Iterator[int]:
            return encoder.embed(texts, arrays[0], monitor=monitor, start=done)

        return Making([encoder.width], fill)

    vectors = cached_arrays([path], len(texts), begin, monitor=monitor)[0]
    if len(texts) == len(examples) and examples[0].text_pair is None:
        return vectors
    place = {text: number for number, text in enumerate(texts)}
    first = [place[row.text] for row in examples]
    if examples[0].text_pair is None:
        return vectors[first]
    second = [place[row.text_pair or ""] for row in examples]
    rows = path.with_name(f"{path.stem}-{content_key(first, second)}.npy")
    width = 3 * vectors.shape[1]
    making = Making([width], partial(_join, vectors, first, second))
    return cached_arrays([rows], len(examples), lambda: making, width=width, monitor=monitor)[0]


def _join(
    vectors: Array, first: Sequence[int], second: Sequence[int], arrays: Sequence[Array], done: int
) -> Iterator[int]:
    from engine.model.encoder import joined

    for start in range(done, len(first), _JOINED_ROWS):
        rows = slice(start, start + _JOINED_ROWS)
        arrays[0][rows] = joined(vectors[first[rows]], vectors[second[rows]])
        yield min(rows.stop, len(first))


def scans(project: Project) -> bool:
    """Whether scores with a doubt, and embeddings that are to be a scan, are computed in bf16 here."""
    return scoring_compute(project, scan=True).precision == "bf16"


def scoring_compute(project: Project, *, scan: bool) -> Compute:
    """Where to score or embed: in bf16 only what may be scanned."""
    from engine.model.device import choose_compute

    chosen = choose_compute(project.settings.compute)
    return chosen if scan else replace(chosen, precision="fp32")


def load_classifier(project: Project, model: ModelRef, compute: Compute) -> Classifier:
    """Load a classifier as the settings say.

    Raises:
        ModelError: it cannot be used for this task, or the project knows it by predictions alone.
    """
    refuse_without_classifier(project, "verdicts on texts")
    from engine.model.classifier import Classifier

    settings = project.settings.model
    return Classifier.load(
        model.path,
        labels=project.labels,
        max_length=settings.max_length,
        compute=compute,
        classifier_labels=settings.classifier_labels,
    )


def reading_of(project: Project, model: ModelRef) -> Reading:
    """How much of a row the classifier reads."""
    return Reading(model.path, project.settings.model.max_length)


def load_encoder(project: Project, weights: Weights, compute: Compute) -> Encoder:
    """Load the encoder as the settings say.

    Raises:
        ModelError: it cannot be loaded.
    """
    from engine.model.encoder import Encoder

    return Encoder.load(weights.path, max_length=project.settings.model.max_length, compute=compute)


def logits_path(
    project: Project, model: ModelRef, examples: Sequence[Example], split_key: str, doubt: UncertainRows | None
) -> Path:
    """Where `predictions` keeps its array."""
    settings = project.settings.model
    purpose = [doubt.tau, doubt.temperature, doubt.gold.tolist()] if doubt else None
    key = content_key(
        "logits",
        SCORING,
        model.key,
        project.labels,
        settings.classifier_labels,
        settings.max_length,
        purpose,
        [[row.text, row.text_pair] for row in examples],
    )
    return project.cache_dir / f"logits-{split_key}-{key}.npy"


def embeddings_path(project: Project, weights: Weights, texts: Sequence[str], scan: bool) -> Path:
    """Where `embeddings` keeps the array of different texts."""
    key = content_key("embeddings", EMBEDDING, weights.key, project.settings.model.max_length, scan, list(texts))
    return project.cache_dir / f"embeddings-{key}.npy"


def named_weights(project: Project, name: str, monitor: Monitor, *, fetch: bool = True) -> Weights:
    """Weights that a project names, or a job of it.

    Args:
        project: where a relative name of a folder begins.
        name: folder, or name on the hub.
        monitor: told how far a download is.
        fetch: False: only what is on this machine.

    Raises:
        ModelError: they cannot be found.
        NotTrusted: they lie outside the project, and nobody at this machine has agreed to that.
    """
    require(project.root, [weights_use(project.root, name)])
    return find_weights(name, fetch=fetch, root=project.root, monitor=monitor)
