"""A worker: classifier and encoder loaded once, and shards computed with them, from Parquet to Parquet."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.errors import ModelError, ProjectError
from engine.model.bf16_rescoring import UncertainRows
from engine.model.model_registry import (
    ModelRef,
    compute_of,
    current_model,
    encoder_weights,
    load_classifier,
    load_encoder,
)
from engine.model.shared_encoder import load_shared
from engine.model.text_classifier import Scorer
from engine.progress import Monitor
from engine.project import Project
from engine.schema import Example
from engine.settings import Precision
from engine.shards import SHARDS
from engine.shards.shard_plan import Array, ShardPlan, current_plan

if TYPE_CHECKING:
    from engine.model.classifier import Classifier
    from engine.model.encoder import Encoder


def project_of_worker(root: Path, threads: int, precision: Precision | None = None) -> Project:
    """The project as a worker sees it: computed as the plan says, on any machine.

    Its splits are not read here, so they are not verified: what a worker reads has hashes of its own.

    Args:
        root: its folder, on a disk that all machines share.
        threads: CPU threads; 0: as the settings say.
        precision: of the plan; None: as the settings say.

    Raises:
        ProjectError, SettingsError: as `Project.open`.
    """
    project = Project.open(root, verify=False)
    compute = project.settings.compute
    compute = replace(compute, threads=threads or compute.threads, precision=precision or compute.precision)
    project.settings = replace(project.settings, compute=compute)
    return project


class ShardWorker:
    """What computes shards of a plan; the models are loaded with the first one.

    Args:
        project: from `project_of_worker`.
        plan: whose shards are computed.
        model: that the plan is for.
        monitor: told of rows; asked whether to go on.
    """

    def __init__(self, project: Project, plan: ShardPlan, model: ModelRef, monitor: Monitor) -> None:
        self._project, self._plan, self._model, self._monitor = project, plan, model, monitor
        self._shared: tuple[Classifier, Encoder] | None = None

    @classmethod
    def load(cls, root: Path, folder: str, precision: Precision, threads: int, monitor: Monitor) -> ShardWorker:
        """The worker for a plan, wherever it is asked for.

        Args:
            root: of the project.
            folder: name of that of the plan in ``cache/shards``.
            precision: of the plan.
            threads: CPU threads; 0: as the settings say.
            monitor: told of rows.

        Raises:
            ProjectError: there is no such project or plan here, or it is for other weights than the settings name.
            ModelError: the weights cannot be found.
        """
        project = project_of_worker(root, threads, precision)
        try:
            plan = ShardPlan.read(project.cache_dir / SHARDS / folder)
        except FileNotFoundError as error:
            where = str(project.cache_dir / SHARDS / folder)
            raise ProjectError("there is no plan of shards", where=where, hint="plan again") from error
        model = current_model(project, make=False, monitor=monitor)
        keys = (model.key, encoder_weights(project, monitor=monitor).key)
        if keys != (plan.manifest.model_key, plan.manifest.encoder_key):
            raise ProjectError(
                "the shards were planned for other weights than the settings name here",
                where=str(plan.folder),
                hint="use the same weights on all machines, or plan again",
            )
        return cls(project, plan, model, monitor)

    @classmethod
    def of_current(cls, root: Path, threads: int, monitor: Monitor) -> ShardWorker:
        """The worker for the latest plan of the models that the settings name.

        Raises:
            ProjectError, ModelError: as `load`.
        """
        project = project_of_worker(root, threads)
        model = current_model(project, make=False, monitor=monitor)
        plan = current_plan(project, model, encoder_weights(project, monitor=monitor).key)
        return cls(project_of_worker(root, threads, plan.manifest.precision), plan, model, monitor)

    @property
    def plan(self) -> ShardPlan:
        """What is computed."""
        return self._plan

    def __call__(self, number: int) -> int:
        """Compute a shard and write it; the number of its rows.

        Raises:
            FileError: its rows are missing, or it cannot be written.
            ModelError: the model gives no usable answer.
            Stopped: from the monitor.
        """
        began = time.monotonic()
        rows, gold = self._plan.read_rows(number)
        what = self._plan.manifest.sweeps[self._plan.manifest.shards[number].sweep].what
        manifest = self._plan.manifest
        doubt = UncertainRows(gold, manifest.tau, manifest.temperature)
        if what == "both":
            arrays = self._both(rows, doubt)
        elif what == "logits":
            arrays = self._logits(rows, doubt)
        else:
            arrays = self._embeddings(rows)
        for values in arrays:
            if len(broken := np.flatnonzero(~np.isfinite(values).all(axis=1))):
                first = rows[broken[0]].id
                raise ModelError(
                    f"the model gives values that are not finite for {len(broken)} rows, the first is {first}",
                    hint="use other weights",
                )
        seconds = time.monotonic() - began
        self._plan.write_arrays(number, rows, arrays, made_by=self._made_by, seconds=seconds)
        return len(rows)

    def close(self) -> None:
        """Let go of the classifier."""
        if "_scorer" in vars(self):
            self._scorer.close()

    @cached_property
    def _scorer(self) -> Scorer:
        return load_classifier(self._project, self._model, "scan")

    @cached_property
    def _encoder(self) -> Encoder:
        weights = encoder_weights(self._project, monitor=self._monitor)
        return load_encoder(self._project, weights, compute_of(self._project, scan=True))

    def _logits(self, rows: Sequence[Example], doubt: UncertainRows) -> list[Array]:
        found = np.empty((len(rows), len(self._project.labels)), np.float32)
        _run_through(self._scorer.score(rows, [found], doubt=doubt, monitor=self._monitor))
        return [found]

    def _embeddings(self, rows: Sequence[Example]) -> list[Array]:
        found = np.empty((len(rows), self._encoder.width), np.float32)
        _run_through(self._encoder.embed([row.text for row in rows], found, monitor=self._monitor))
        return [found]

    def _both(self, rows: Sequence[Example], doubt: UncertainRows) -> list[Array]:
        if self._shared is None:
            self._shared = load_shared(self._project, self._model, rows, monitor=self._monitor)
        if self._shared is None:
            raise ModelError("classifier and encoder do not share their body here", hint="plan again")
        classifier, encoder = self._shared
        logits = np.empty((len(rows), len(self._project.labels)), np.float32)
        vectors = np.empty((len(rows), encoder.width), np.float32)
        outs = [logits, vectors]
        _run_through(classifier.score(rows, outs, doubt=doubt, pooled=encoder.pooled, monitor=self._monitor))
        return outs

    @cached_property
    def _made_by(self) -> str:
        """What the bits of a result depend on beside weights and rows."""
        compute = compute_of(self._project, scan=True)
        import torch  # here: an audit of given predictions imports this module and does without

        on = torch.cuda.get_device_name() if compute.device == "cuda" else torch.backends.cpu.get_cpu_capability()
        return f"{compute.device} {on}, {compute.precision}, {compute.backend}, torch {torch.__version__}"


def _run_through(steps: Iterator[int]) -> None:
    for _ in steps:
        pass
