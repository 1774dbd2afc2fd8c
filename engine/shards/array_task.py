"""A task of an array job, as SLURM and others start many of: every M-th shard, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.errors import BlindspotError, ModelError, SettingsError
from engine.model.model_registry import current_model, encoder_weights
from engine.progress import Silent
from engine.project import Project
from engine.schema import Record
from engine.shards.shard_plan import ShardPlan, current_plan
from engine.shards.work_shard import ShardWorker


@dataclass(frozen=True, slots=True)
class ShardState(Record):
    """A shard as it stands.

    Attributes:
        number: of the shard, from 0. name: in words, with its rows. rows: how many.
        whole: it is computed. seconds: that this took; None: it is not whole. made_by: by what kind of machine.
    """

    number: int
    name: str
    rows: int
    whole: bool
    seconds: float | None = None
    made_by: str = ""


def planned(project: Project) -> ShardPlan:
    """The shards that array jobs are to compute.

    Raises:
        ProjectError, ModelError: there is no plan for the models that the settings name, or these cannot be found.
    """
    model = current_model(project, make=False, monitor=Silent())
    return current_plan(project, model, encoder_weights(project, monitor=Silent()).key)


def states(plan: ShardPlan) -> list[ShardState]:
    """All shards of a plan."""
    return [_state(plan, number) for number in range(len(plan))]


def do_task(root: Path, index: int, of: int | None) -> Iterator[ShardState]:
    """Compute shards ``index``, ``index + of`` and so on; without ``of`` that one alone. Yield each that is whole.

    Those that are whole before are not computed again. One that fails stops no other.

    Raises:
        SettingsError: there is no such task or shard.
        ProjectError, ModelError: as `planned`; or shards failed: the sentence says which rows they have.
    """
    worker = ShardWorker.of_current(root, 0, Silent())
    plan, failed = worker.plan, list[ModelError]()
    tasks = len(plan) if of is None else of
    if not 0 <= index < tasks:
        what = f"there is no {'shard' if of is None else 'task'} {index} of {tasks}"
        raise SettingsError(what, where="--index", hint="count from 0")
    try:
        for number in [index] if of is None else range(index, len(plan), of):
            try:
                if not plan.is_whole(number):
                    worker(number)
                yield _state(plan, number)
            except BlindspotError as error:
                failed.append(plan.failure(number, error))
    finally:
        worker.close()
    if failed:
        raise ModelError("; ".join(error.what for error in failed), where=failed[0].where, hint=failed[0].hint)


def _state(plan: ShardPlan, number: int) -> ShardState:
    rows, made = plan.manifest.shards[number].rows, plan.finished(number)
    if made is None:
        return ShardState(number, plan.name(number), rows, whole=False)
    return ShardState(number, plan.name(number), rows, whole=True, seconds=made.seconds, made_by=made.made_by)
