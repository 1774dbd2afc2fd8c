"""One builder for the folder of a trained model, for tests to which its weights do not matter."""

from __future__ import annotations

from pathlib import Path

from engine.files import write_json
from engine.project import Project


def lay_out_model(project: Project, name: str, *, size: int = 1_000_000, sha256: str = "w") -> Path:
    """Weights of so many bytes, and the training.json that names them."""
    folder = project.models_dir / name
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "model.safetensors").open("wb") as weights:
        weights.truncate(size)
    made = {
        "key": name,
        "sha256": sha256,
        "files": {"model.safetensors": sha256},
        "seconds": 41.2,
        "rows_per_second": 9,
    }
    write_json(folder / "training.json", made)
    return folder
