"""Cutting the pool into shards: which arrays a discovery needs of it, and the plan by which they are computed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.data.split_rows import SplitRows
from engine.errors import SettingsError
from engine.files import content_key, write_json
from engine.model.bf16_rescoring import UncertainRows
from engine.model.different_texts import DifferentTexts
from engine.model.model_registry import ModelRef, compute_of, embeddings_path, encoder_weights, logits_path
from engine.model.shared_encoder import load_shared
from engine.progress import Monitor
from engine.project import Project
from engine.schema import Example
from engine.shards import SHARD_ROWS, SHARDS
from engine.shards.shard_plan import MANIFEST, PLAN, Manifest, Shard, ShardPlan, Sweep


class ShardedWork:
    """The arrays that a discovery needs of the pool: logits of its rows, embeddings of its different texts.

    Args:
        project: names models and settings.
        model: that scores.
        rows: of the pool, in the order of texts.
        doubt: what the scores are for.
        monitor: told of weights that are fetched.
    """

    def __init__(
        self, project: Project, model: ModelRef, rows: SplitRows, doubt: UncertainRows, monitor: Monitor
    ) -> None:
        self._project, self._model, self._rows, self._doubt = project, model, rows, doubt
        self._encoder = encoder_weights(project, monitor=monitor)
        self._texts = DifferentTexts(rows)
        self._precision = compute_of(project, scan=True).precision
        self.paths = (
            logits_path(project, model, rows, "pool", doubt),
            embeddings_path(project, self._encoder, self._texts, scan=True),
        )

    @property
    def folder(self) -> Path:
        """Where the plan for them lies, if there is one."""
        key = content_key("shards", PLAN, [path.name for path in self.paths], self._precision)
        return self._project.cache_dir / SHARDS / key

    def plan(self, shard_rows: int = SHARD_ROWS, *, monitor: Monitor) -> ShardPlan:
        """The plan that is there, else a new one, whose rows are written.

        Args:
            shard_rows: rows of each shard but the last; a multiple of the window of a CPU.
            monitor: told of shards written.

        Raises:
            SettingsError: the number of rows is none.
            FileError: the rows cannot be written.
            Stopped: from the monitor.
        """
        if (self.folder / MANIFEST).is_file():
            return ShardPlan.read(self.folder)
        from engine.model import batched_inference  # loads torch, which an audit of given predictions can do without

        window = batched_inference.WINDOW_ROWS["cpu"]
        if shard_rows < window or shard_rows % window:
            raise SettingsError(
                f"a shard of {shard_rows:,} rows would part a window of {window:,}",
                hint=f"use a multiple of {window:,}, such as {SHARD_ROWS:,}",
            )
        sweeps = self._sweeps(monitor)
        plan = ShardPlan(self.folder, self._manifest(sweeps, []))
        shards: list[Shard] = []
        total = sum(sweep.rows for sweep in sweeps)
        for place, sweep in enumerate(sweeps):
            of_text = self._first_rows() if sweep.what == "embeddings" else None
            for first in range(0, sweep.rows, shard_rows):
                some = slice(first, min(first + shard_rows, sweep.rows))
                if of_text is None:
                    rows, gold = list(self._rows[some]), self._doubt.gold[some]
                else:
                    ids = [self._rows.ids[row] for row in of_text[some]]
                    rows = [Example(name, text, "") for name, text in zip(ids, self._texts[some], strict=True)]
                    gold = np.full(len(rows), -1)
                sha256 = plan.write_rows(len(shards), rows, gold)
                shards.append(Shard(place, first, len(rows), sha256, rows[0].id, rows[-1].id))
                monitor.step("plan", sum(shard.rows for shard in shards), total)
        plan.manifest = self._manifest(sweeps, shards)
        write_json(self.folder / MANIFEST, plan.manifest.as_json())
        return plan

    def _sweeps(self, monitor: Monitor) -> list[Sweep]:
        logits, embeddings = (path.name for path in self.paths)
        if load_shared(self._project, self._model, self._rows, monitor=monitor):
            return [Sweep("both", (logits, embeddings), len(self._rows))]
        return [
            Sweep("logits", (logits,), len(self._rows)),
            Sweep("embeddings", (embeddings,), len(self._texts)),
        ]

    def _first_rows(self) -> NDArray[np.intp]:
        """(texts,) the first row that has each different text."""
        numbers = self._texts.numbers
        _, first = np.unique(numbers.ravel(), return_index=True)
        return np.asarray(first // numbers.shape[1], np.intp)

    def _manifest(self, sweeps: Sequence[Sweep], shards: Sequence[Shard]) -> Manifest:
        return Manifest(
            created=time.time(),
            model_key=self._model.key,
            encoder_key=self._encoder.key,
            precision=self._precision,
            tau=self._doubt.tau,
            temperature=self._doubt.temperature,
            sweeps=tuple(sweeps),
            shards=tuple(shards),
        )
