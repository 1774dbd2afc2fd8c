"""Models, predictions and embeddings by content hash; reading what is cached needs no torch.

A key is made of hashes of weights, rows and settings, never of the machine. So the baseline that discovery trains is
the very model that a proof with the same seed uses.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from typing_extensions import Unpack

from engine.arrays import Ints
from engine.errors import ModelError
from engine.files import checked, content_key, read_record
from engine.model.array_cache import MAPPED_BYTES, Array, Making, cached_arrays
from engine.model.bf16_rescoring import UncertainRows
from engine.model.different_texts import DifferentTexts
from engine.model.hugging_face import weights_of
from engine.model.text_classifier import (
    TRAINING,
    Plan,
    Purpose,
    Scorer,
    TextClassifier,
    TrainedModel,
    classifier_of,
    trainable,
)
from engine.model.text_classifier import ModelRef as ModelRef
from engine.model.training_plan import DistillationTarget, PlanChanges
from engine.model.truncation import Reading
from engine.model.weights import Weights
from engine.progress import Monitor
from engine.project import Project
from engine.schema import Example, Record

if TYPE_CHECKING:
    from engine.model.device import Compute
    from engine.model.encoder import Encoder

# Raised whenever scoring or embedding computes something else from the same weights and rows.
SCORING = 2
EMBEDDING = 2

_JOINED_ROWS = 4096  # rows whose embeddings are put together at once


@dataclass(frozen=True, slots=True)
class _Promoted(Record):
    """What of a promotion (`engine.regression.promotion.Promotion`) names the model."""

    name: str
    path: str
    key: str


def scratch(project: Project, *, make: bool = True, monitor: Monitor) -> ModelRef:
    """What training from scratch starts from; without ``make`` nothing is fetched.

    Raises:
        ModelError: it cannot be found, or the classifier cannot be trained.
    """
    return trainable(project).scratch(make=make, monitor=monitor)


def encoder_weights(project: Project, *, monitor: Monitor) -> Weights:
    """The sentence encoder that `embeddings` uses.

    Raises:
        ModelError: it cannot be found.
    """
    return weights_of(project, project.settings.model.encoder, monitor)


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
        Stopped: from the monitor, while training.
    """
    classifier = classifier_of(project)
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
        if not classifier.is_model(path):
            raise ModelError(
                "the promoted model is gone",
                where=str(path),
                hint=f"put the folder back, or delete {promoted.relative_to(project.root)}",
            )
        key = _trained_key(classifier, path) if classifier.scored_by else reference.key
        return ModelRef(reference.name, checked(path), key)
    if own := classifier.own(make=make, monitor=monitor):
        return own
    seed = project.settings.proof.seeds[0] if seed is None else seed
    start = classifier.scratch(make=make, monitor=monitor)
    return trained(project, project.examples("train"), seed=seed, start=start, make=make, monitor=monitor)


def trained(
    project: Project,
    examples: Sequence[Example],
    *,
    seed: int,
    start: ModelRef | None = None,
    kept: Sequence[DistillationTarget] = (),
    out: Path | None = None,
    make: bool = True,
    monitor: Monitor,
    **changes: Unpack[PlanChanges],
) -> ModelRef:
    """A classifier fine-tuned on rows: found in `models/` or trained now; an interrupted training goes on.

    Args:
        project: its settings name the rest of the recipe.
        examples: training rows; their order counts.
        seed: of the run.
        start: default: `scratch`.
        kept: rows that are to stay as a model says of them.
        out: where it lies; default: in `models/`, named by its content key.
        make: False: only if it is there.
        monitor: told of steps, and asked whether to go on.
        changes: what differs from the settings.

    Raises:
        ModelError: the weights cannot be used, training diverged, or it may not be trained and is not there.
        Stopped: from the monitor; the next call goes on from there.
    """
    classifier = trainable(project)
    start = start or classifier.scratch(make=make, monitor=monitor)
    plan = classifier.plan(start, seed=seed, **changes)
    out = out or project.models_dir / plan.key(examples, kept)
    if not (out / TRAINING).is_file():
        if not make:
            raise ModelError(
                "the model has not been trained yet", where=str(project.root), hint="run `blindspot discover`"
            )
        classifier.train(plan, examples, kept=kept, out=out, monitor=monitor)
    name = f"{start.name} + {len(examples)} rows (seed {seed})"
    return ModelRef(name, checked(out), _trained_key(classifier, out))


def _trained_key(classifier: TextClassifier, folder: Path) -> str:
    made = read_record(folder / TRAINING, TrainedModel.from_json, hint="delete the folder, and it is trained again")
    return made.content_key(classifier.scored_by)


def plan_of(project: Project, start: ModelRef, *, seed: int, **changes: Unpack[PlanChanges]) -> Plan:
    """What a training run with the project's settings, but for some changes, depends on beside its rows."""
    return classifier_of(project).plan(start, seed=seed, **changes)


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
        doubt: what the scores are for. Where bf16 pays, rows are then scanned in bf16 and scored in fp32 only if their
            label, or whether they are a UU, is in doubt: labels, UUs and the confidence of UUs are those of fp32.
            None: every score is fp32's.
        monitor: told of rows scored.

    Raises:
        ModelError: the model cannot be used for this task, or gives values that are not finite.
        Stopped: from the monitor; what is scored by then is kept, and the next call goes on from there.
    """
    if not examples:
        return np.empty((0, len(project.labels)), dtype=np.float32)

    def begin() -> Making:
        def fill(arrays: Sequence[Array], done: int) -> Iterator[int]:
            with closing(load_classifier(project, model, "exact" if doubt is None else "scan")) as scorer:
                monitor.note(f"scoring {len(examples)} rows on {scorer.runs_on}")
                yield from scorer.score(examples, arrays, doubt=doubt, monitor=monitor, start=done)

        return Making([len(project.labels)], fill)

    path = logits_path(project, model, examples, split_key, doubt)
    return cached_arrays([path], len(examples), begin, width=len(project.labels), monitor=monitor)[0]


def embeddings(project: Project, examples: Sequence[Example], *, scan: bool = False, monitor: Monitor) -> Array:
    """Sentence embeddings (rows, dimensions), float32, each of length 1, in the order of rows; read in place.

    Args:
        project: names the encoder and how many tokens of a text it reads.
        examples: rows to embed; a pair becomes `engine.model.encoder.joined`.
        scan: bf16 will do, where it pays: for neighbours among many rows, not for what is compared closely.
        monitor: told of texts embedded; each different text is embedded once.

    Raises:
        ModelError: the encoder cannot be found or loaded.
        Stopped: from the monitor; what is embedded by then is kept, and the next call goes on from there.
    """
    if not examples:
        return np.empty((0, 0), dtype=np.float32)
    weights = encoder_weights(project, monitor=monitor)
    texts = DifferentTexts(examples)
    path = embeddings_path(project, weights, texts, scan)

    def begin() -> Making:
        encoder = load_encoder(project, weights, compute_of(project, scan=scan))
        monitor.note(f"embedding {len(texts)} texts with {weights} on {encoder.compute}")

        def fill(arrays: Sequence[Array], done: int) -> Iterator[int]:
            return encoder.embed(texts, arrays[0], monitor=monitor, start=done)

        return Making([encoder.width], fill)

    vectors = cached_arrays([path], len(texts), begin, monitor=monitor)[0]
    numbers = texts.numbers
    if numbers.shape[1] == 1 and len(texts) == len(examples):
        return vectors
    width = vectors.shape[1] * (1 if numbers.shape[1] == 1 else 3)
    if numbers.shape[1] == 1 and len(numbers) * width * vectors.itemsize <= MAPPED_BYTES:
        return vectors[numbers[:, 0]]
    rows = path.with_name(f"{path.stem}-{content_key(*(map(int, column) for column in numbers.T))}.npy")
    making = Making([width], partial(_of_rows, vectors, numbers))
    return cached_arrays([rows], len(examples), lambda: making, width=width, monitor=monitor)[0]


def _of_rows(vectors: Array, numbers: Ints, arrays: Sequence[Array], done: int) -> Iterator[int]:
    """Write the embeddings of rows, given those of texts and the numbers of each row's: one, or of pairs two."""
    for start in range(done, len(numbers), _JOINED_ROWS):
        part = [vectors[column] for column in numbers[start : start + _JOINED_ROWS].T]
        if len(part) == 2:
            from engine.model.encoder import joined

            part = [joined(*part)]
        arrays[0][start : start + _JOINED_ROWS] = part[0]
        yield min(start + _JOINED_ROWS, len(numbers))


def scans(project: Project) -> bool:
    """Whether scores with a doubt, and embeddings that are to be a scan, are computed in bf16 here."""
    return compute_of(project, scan=True).precision == "bf16"


def compute_of(project: Project, *, scan: bool) -> Compute:
    """Where rows of a project are scored or embedded (`engine.model.device.scoring_compute`)."""
    from engine.model import device

    return device.scoring_compute(project.settings.compute, "scan" if scan else "exact")


def load_classifier(project: Project, model: ModelRef, purpose: Purpose = "exact") -> Scorer:
    """Load a classifier as the settings say; whoever does closes it.

    Raises:
        ModelError: it cannot be used for this task, or the project knows it by predictions alone.
    """
    return classifier_of(project).load(model.path, purpose)


def reading_of(project: Project, model: ModelRef) -> Reading | None:
    """How much of a row the classifier reads; None: that is not known."""
    return classifier_of(project).reading(model)


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
    doubt = doubt if classifier_of(project).approximates else None
    purpose = [doubt.tau, doubt.temperature, doubt.gold.tolist()] if doubt else None
    key = content_key(
        "logits",
        SCORING,
        model.key,
        project.labels,
        settings.classifier_labels,
        settings.max_length,
        purpose,
        ([row.text, row.text_pair] for row in examples),
    )
    return project.cache_dir / f"logits-{split_key}-{key}.npy"


def embeddings_path(project: Project, weights: Weights, texts: Iterable[str], scan: bool) -> Path:
    """Where `embeddings` keeps the array of different texts."""
    key = content_key("embeddings", EMBEDDING, weights.key, project.settings.model.max_length, scan, iter(texts))
    return project.cache_dir / f"embeddings-{key}.npy"
