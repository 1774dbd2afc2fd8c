"""The model that the regression suite is asked of: the one that was named, if it is a classifier. Light."""

from __future__ import annotations

from pathlib import Path

from engine.errors import ModelError
from engine.model.weights import Weights, find_weights, is_classifier
from engine.progress import Monitor


def named_classifier(
    name: str, *, fetch: bool = True, root: Path | None = None, monitor: Monitor | None = None
) -> Weights:
    """Its weights.

    Args:
        name: folder, or name on the hub.
        fetch: False: only what is on this machine.
        root: where a relative name of a folder begins; None: the current folder.
        monitor: told how far a download is.

    Raises:
        ModelError: nothing of that name is to be had, or it is no classifier.
    """
    weights = find_weights(name, fetch=fetch, root=root, monitor=monitor)
    if not is_classifier(weights.path):
        raise ModelError(
            "this is no classifier: it has no classification head",
            where=str(weights.path),
            hint="name a fine-tuned classifier",
        )
    return weights


def refuse_at_once(name: str) -> None:
    """Refuse what cannot be a model before a job is made of it; what only the hub knows is left to the job.

    Raises:
        ModelError: as `named_classifier`.
    """
    path = Path(name).expanduser()
    if path.exists() or path.is_absolute() or name.startswith((".", "~")) or name.count("/") > 1 or not name.strip():
        named_classifier(name, fetch=False)
