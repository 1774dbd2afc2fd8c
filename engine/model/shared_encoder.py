"""Scores and embeddings in one pass, where classifier and sentence encoder share their body.

So it is when only a head was trained on the encoder (`training.frozen_layers = -1`), or when the encoder named in the
settings is the classifier itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors import SafetensorError, safe_open

from engine.errors import FileError
from engine.files import read_json
from engine.model.array_cache import Array, Making, cached_arrays
from engine.model.bf16_rescoring import UncertainRows
from engine.model.different_texts import DifferentTexts
from engine.model.hugging_face import HuggingFace
from engine.model.model_registry import (
    ModelRef,
    compute_of,
    embeddings_path,
    encoder_weights,
    load_encoder,
    logits_path,
)
from engine.model.text_classifier import classifier_of
from engine.progress import Monitor
from engine.project import Project
from engine.schema import Example

if TYPE_CHECKING:
    from engine.model.classifier import Classifier
    from engine.model.encoder import Encoder


def score_and_embed(
    project: Project,
    model: ModelRef,
    examples: Sequence[Example],
    *,
    split_key: str,
    doubt: UncertainRows,
    monitor: Monitor,
) -> bool:
    """Let `predictions` and `embeddings` (with ``scan``) find their arrays, made in one pass.

    Returns:
        Whether that was possible: the body is shared, rows are different single texts.

    Raises:
        ModelError, Stopped: as `predictions` and `embeddings`.
    """
    found = load_shared(project, model, examples, monitor=monitor)
    if found is None:
        return False
    classifier, encoder = found

    def begin() -> Making:
        monitor.note(f"scoring and embedding {len(examples)} rows in one pass on {encoder.compute}")

        def fill(arrays: Sequence[Array], done: int) -> Iterator[int]:
            return classifier.score(examples, arrays, doubt=doubt, pooled=encoder.pooled, monitor=monitor, start=done)

        return Making([len(project.labels), encoder.width], fill)

    weights = encoder_weights(project, monitor=monitor)
    texts = (row.text for row in examples)
    paths = [
        logits_path(project, model, examples, split_key, doubt),
        embeddings_path(project, weights, texts, scan=True),
    ]
    cached_arrays(paths, len(examples), begin, width=len(project.labels), monitor=monitor)
    return True


def load_shared(
    project: Project, model: ModelRef, examples: Sequence[Example], *, monitor: Monitor
) -> tuple[Classifier, Encoder] | None:
    """Classifier and encoder, loaded, where one pass over the rows serves both; None: they need two.

    Raises:
        ModelError: as `predictions` and `embeddings`.
    """
    kind = classifier_of(project)
    if not isinstance(kind, HuggingFace):
        return None
    weights = encoder_weights(project, monitor=monitor)
    if not examples or examples[0].text_pair is not None or not share_body(model.folder, weights.path):
        return None
    if len(DifferentTexts(examples)) < len(examples):
        return None
    # One pass of torch is as fast as two of OpenVINO where that is twice as fast, and faster elsewhere.
    compute = replace(compute_of(project, scan=True), backend="torch")
    encoder = load_encoder(project, weights, compute)
    classifier = kind.load_on(compute, model.folder)
    if encoder.model.max_seq_length != classifier.max_length or encoder.prompt:
        return None  # they would read different tokens
    return classifier, encoder


def share_body(classifier: Path, encoder: Path) -> bool:
    """Whether two folders hold the same tokenizer and, but for heads, the same weights."""
    try:
        if _vocabulary(classifier) != _vocabulary(encoder):
            return False
        with (
            safe_open(classifier / "model.safetensors", framework="np") as mine,
            safe_open(encoder / "model.safetensors", framework="np") as theirs,
        ):
            mine_of = {_inner(name): name for name in mine.keys()}  # noqa: SIM118 (no mapping)
            body = [name for name in theirs.keys() if _is_body(name)]  # noqa: SIM118
            return bool(body) and all(
                np.array_equal(mine.get_tensor(mine_of[_inner(name)]), theirs.get_tensor(name)) for name in body
            )
    except (OSError, FileError, KeyError, TypeError, SafetensorError):  # of another make: not the same
        return False


def _inner(name: str) -> str:
    """A weight's name within the body: classifiers put the body's name in front (``bert.encoder.layer.0...``)."""
    head, _, rest = name.partition(".")
    return name if head in ("embeddings", "encoder") else rest


def _is_body(name: str) -> bool:
    """No head, and none of the constants that some versions of the library save."""
    return _inner(name).startswith(("embeddings.", "encoder.")) and not name.endswith("position_ids")


def _vocabulary(folder: Path) -> list[Any]:
    tokenizer = read_json(folder / "tokenizer.json")
    return [tokenizer["model"], tokenizer.get("normalizer"), tokenizer.get("pre_tokenizer")]
