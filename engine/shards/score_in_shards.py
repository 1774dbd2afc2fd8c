"""Scores and embeddings of the pool from shards: what is missing is computed, and all fill the arrays of the cache."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from engine.counted import counted
from engine.data.split_rows import SplitRows
from engine.errors import BlindspotError, ModelError
from engine.files import find_files, remove_folder
from engine.model.array_cache import Array, Making, cached_arrays
from engine.model.bf16_rescoring import UncertainRows
from engine.model.model_registry import ModelRef
from engine.progress import Monitor
from engine.project import Project
from engine.shards import SHARDS
from engine.shards.parts import do_parts
from engine.shards.shard_plan import MANIFEST, Finished, ShardPlan
from engine.shards.sharded_work import ShardedWork
from engine.shards.where import asked_where
from engine.shards.work_shard import ShardWorker

_TOLD = 3  # shards that failed and are named


def score_in_shards(
    project: Project, model: ModelRef, rows: SplitRows, *, doubt: UncertainRows, monitor: Monitor
) -> None:
    """Let `predictions` and `embeddings` find the pool's arrays, made from shards.

    So it is where that was asked for (`engine.shards.where`), and where shards were planned for these very arrays;
    else nothing is done. The folder of the shards is removed once the arrays are whole.

    Args:
        project: names models and settings.
        model: that scores.
        rows: of the pool, in the order of texts.
        doubt: what the scores are for.
        monitor: told of rows.

    Raises:
        ModelError: shards failed; the sentence says which rows they have. The others are whole, and stay.
        JobError: as `do_parts`.
        Stopped: from the monitor; shards that are whole stay.
    """
    where = asked_where()
    if not rows or (where.kind == "here" and not find_files(project.cache_dir / SHARDS, f"*/{MANIFEST}")):
        return
    wanted = ShardedWork(project, model, rows, doubt, monitor)
    planned = (wanted.folder / MANIFEST).is_file()
    if all(path.is_file() for path in wanted.paths) or (where.kind == "here" and not planned):
        return
    plan = wanted.plan(monitor=monitor)
    _do_missing(project, plan, monitor)
    _gather(project, plan, monitor)
    remove_folder(plan.folder, f".{plan.folder.name}")


def _do_missing(project: Project, plan: ShardPlan, monitor: Monitor) -> None:
    missing, where, shards = plan.missing(), asked_where(), plan.manifest.shards
    total = sum(shard.rows for shard in shards)
    done = total - sum(shards[number].rows for number in missing)
    monitor.note(f"{counted(len(plan), 'shard')}, of which {len(plan) - len(missing)} are whole")
    threads = project.settings.compute.threads
    watch = _Watch(monitor, total, done)
    load = partial(ShardWorker.load, project.root, plan.folder.name, plan.manifest.precision, threads)
    failed: list[ModelError] = []
    for number, result in do_parts(load, missing, where=where, threads=threads, monitor=watch):
        if isinstance(result, BlindspotError):
            failed.append(plan.failure(number, result))
            monitor.note(str(failed[-1]))
        else:
            watch.finished(result)
    if failed:
        more = f"; {len(failed) - _TOLD} more in the notes" if len(failed) > _TOLD else ""
        told = "; ".join(error.what for error in failed[:_TOLD])
        raise ModelError(f"{counted(len(failed), 'shard')} failed: {told}{more}", hint=failed[0].hint)


class _Watch:
    """Counts rows over all shards, of which a worker of this process tells those of the one it is at."""

    def __init__(self, monitor: Monitor, total: int, done: int) -> None:
        self._monitor, self._total, self._done = monitor, total, done
        self.note = monitor.note

    def step(self, stage: str, done: int, total: int, **facts: float | int | str) -> None:
        """Pass on how far all shards are; workers on Ray tell of parts, not of rows."""
        rows = 0 if stage == "workers" else done
        self._monitor.step("shards", min(self._done + rows, self._total), self._total, **facts)

    def finished(self, rows: int) -> None:
        """A shard is whole."""
        self._done += rows
        self._monitor.step("shards", self._done, self._total)


def _gather(project: Project, plan: ShardPlan, monitor: Monitor) -> None:
    made = [plan.finished(number) for number in range(len(plan))]
    whole = [one for one in made if one is not None]
    if len(whole) < len(plan):
        raise ModelError("a shard was changed after it was computed", where=str(plan.folder), hint="try again")
    if len(kinds := {one.made_by for one in whole}) > 1:
        on = "; ".join(sorted(kinds))
        monitor.note(f"machines of different kinds computed the shards ({on}): last digits may differ")
    for place, sweep in enumerate(plan.manifest.sweeps):
        numbers = [number for number, shard in enumerate(plan.manifest.shards) if shard.sweep == place]
        widths = whole[numbers[0]].widths
        begin = partial(Making, widths, partial(_fill, plan, numbers, whole))
        paths = [project.cache_dir / name for name in sweep.arrays]
        cached_arrays(paths, sweep.rows, begin, width=widths[0], monitor=monitor)


def _fill(
    plan: ShardPlan, numbers: Sequence[int], made: Sequence[Finished], arrays: Sequence[Array], done: int
) -> Iterator[int]:
    for number in numbers:
        shard = plan.manifest.shards[number]
        if shard.first + shard.rows <= done:
            continue
        for array, values in zip(arrays, plan.read_arrays(number, made[number].widths), strict=True):
            array[shard.first : shard.first + shard.rows] = values
        yield shard.first + shard.rows
