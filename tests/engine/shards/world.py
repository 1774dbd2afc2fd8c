"""A project whose pool is scored in shards of a few rows, and what scoring it gives."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.discovery.pool_scoring import plan_pool, score_pool
from engine.model.model_registry import current_model, embeddings
from engine.operations.outside_uses import outside_uses
from engine.progress import Monitor, Silent
from engine.project import Project
from engine.shards.shard_plan import ShardPlan
from engine.trust import agree
from tests.builders.project import lay_out
from tests.builders.rows import rows
from tests.builders.tiny_bert import body, untrained


def make_project(root: Path, *, shared: bool = False, pool: int = 40) -> Project:
    """A project with random weights; ``shared``: the classifier's body is the encoder. Some of its texts are equal."""
    settings = untrained(root.parent / "classifier")
    if not shared:
        encoder = str(body(root.parent / "encoder"))
        settings = replace(settings, model=replace(settings.model, encoder=encoder))
    made = rows(pool)
    if shared:
        made = list({row.text: row for row in made}.values())
    project = lay_out(root, {"train": [rows(1)[0].as_json()], "pool": [row.as_json() for row in made]}, settings)
    agree(root, outside_uses(project))
    return project


def plan(project: Project, shard_rows: int) -> ShardPlan:
    """Shards of so many rows."""
    return plan_pool(project, current_model(project, monitor=Silent()), shard_rows, monitor=Silent())


def scored(project: Project, monitor: Monitor) -> list[npt.NDArray[np.float32]]:
    """Logits and embeddings of the pool, as a discovery asks for them."""
    found = score_pool(project, current_model(project, monitor=monitor), monitor=monitor)
    return [np.array(found.logits), np.array(embeddings(project, found.rows, scan=True, monitor=monitor))]


def forget(project: Project) -> None:
    """Remove what is cached of the pool, but for shards."""
    for path in project.cache_dir.glob("*.npy*"):
        path.unlink()
