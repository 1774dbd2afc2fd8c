"""Sentence embeddings of rows: unit vectors, so that a dot product is a cosine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import ModelError
from engine.model.compute import Compute
from engine.progress import Monitor
from engine.schema import Example

CHUNK_ROWS = 256


class Encoder:
    """A sentence-transformers model."""

    def __init__(self, model: Any) -> None:
        self.model = model

    @classmethod
    def load(cls, path: Path, *, compute: Compute) -> Encoder:
        """Load a sentence encoder (a plain transformers encoder gets mean pooling).

        Raises:
            ModelError: the folder cannot be loaded, or needs code of its own.
        """
        from sentence_transformers import SentenceTransformer

        compute.prepare()
        try:
            model = SentenceTransformer(str(path), device=compute.device, local_files_only=True, trust_remote_code=False,
                                        model_kwargs={"use_safetensors": True, "dtype": "float32"})  # fmt: skip
        except (OSError, ValueError, KeyError, RuntimeError, ImportError) as error:
            raise ModelError(f"the encoder cannot be loaded ({error})", where=str(path),
                             mend="name a sentence-transformers model in model.encoder") from error  # fmt: skip
        return cls(model)
