"""One builder for a discovery that nobody has made: what a test does not care for has a value all the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.files import write_json
from engine.project import Project
from engine.schema import BlindSpot, Discovery, Prediction


def discovery_of(
    spots: Sequence[BlindSpot] = (),
    predictions: Mapping[str, Prediction] | None = None,
    *,
    labels: Sequence[str] = ("negative", "positive"),
    **more: Any,
) -> Discovery:
    """A discovery of these blind spots, over a pool of the rows in ``predictions``; ``more`` are any other fields."""
    given: dict[str, Any] = {
        "key": "k",
        "round": 1,
        "model": "m",
        "model_key": "k",
        "tau": 0.9,
        "n_pool": len(predictions or {}),
        "accuracy": 0.5,
        "coverage": 0.9,
        "temperature": None,
        "temperature_applied": False,
        "uus_at_temperature": None,
        "scattered": (),
        "neighbours": {},
        "projection": {},
    }
    found = {"blind_spots": tuple(spots), "predictions": dict(predictions or {}), "labels": tuple(labels)}
    return Discovery(**given | found | more)


def save_discovery(project: Project | Path, discovery: Discovery) -> None:
    """Make it the one of its round, as the job does when it is done."""
    root = project if isinstance(project, Path) else project.root
    write_json(root / "rounds" / f"{discovery.round:03d}" / "discovery.json", discovery.for_file())
