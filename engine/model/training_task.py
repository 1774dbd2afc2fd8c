"""One training as a record: whoever has it can train it, in this process or another, and gets the same model."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from engine.model.model_registry import ModelRef, plan_of, trained
from engine.model.text_classifier import TRAINING, Plan
from engine.model.training_plan import AFTER_TRAINING, DistillationTarget
from engine.progress import Monitor
from engine.project import Project
from engine.schema import Example, Record


@dataclass(frozen=True, slots=True)
class StartOfTraining(Record):
    """The model that a training starts from (`engine.model.text_classifier.ModelRef`)."""

    name: str
    path: str | None
    key: str


@dataclass(frozen=True, slots=True)
class TrainingApart(Record):
    """Another training from the same start, whose way is merged (`engine.model.training_plan.TrainingPlan`).

    Attributes:
        rows: to train with, in their order. steps: in all.
    """

    rows: tuple[Example, ...]
    steps: int


@dataclass(frozen=True, slots=True)
class TrainingTask(Record):
    """What `engine.model.model_registry.trained` is asked for.

    Attributes:
        rows: to train with, in their order. seed: of the run.
        start: where it starts. kept: rows that are to stay as a model says of them.
        changes: `engine.model.training_plan.PlanChanges`.
        out: where the model is to lie in the project; empty: in `models/`, named by its content key.
        apart: the training whose way is merged, if one is: it comes first, and its model is removed afterwards.
    """

    rows: tuple[Example, ...]
    seed: int
    start: StartOfTraining
    kept: tuple[DistillationTarget, ...] = ()
    changes: dict[str, Any] = field(default_factory=dict)
    out: str = ""
    apart: TrainingApart | None = None

    def plan(self, project: Project, apart: Path | None = None) -> Plan:
        """What the training depends on beside its rows; ``apart``: where the model of that training lies."""
        return plan_of(project, self._start, seed=self.seed, **self._changes(project, apart))

    def folder(self, project: Project) -> Path:
        """Where the model will lie."""
        return (
            project.root / self.out if self.out else project.models_dir / self.plan(project).key(self.rows, self.kept)
        )

    def run(self, project: Project, monitor: Monitor) -> ModelRef:
        """Find the model or train it now; an interrupted training goes on.

        Raises:
            ModelError, Stopped: as `engine.model.model_registry.trained`.
        """
        out, first = self.folder(project), self.first
        apart = project.cache_dir / f"apart-{self.plan(project).key(self.rows, self.kept)}"
        if first and not is_trained(out):
            replace(first, out=str(apart.relative_to(project.root))).run(project, _Before(monitor))
        made = trained(
            project,
            self.rows,
            seed=self.seed,
            start=self._start,
            kept=self.kept,
            out=out,
            monitor=monitor,
            **self._changes(project, apart),
        )
        if first:
            shutil.rmtree(apart, ignore_errors=True)  # it is gone where the model was found
        return made

    def all_the_way(self, project: Project) -> TrainingTask:
        """The training without what is done to the weights in the end, into a folder of the cache named by content."""
        key = self.plan(project).all_the_way.key(self.rows, self.kept)
        out = (project.cache_dir / f"held-out-{key}").relative_to(project.root)
        changes = {name: value for name, value in self.changes.items() if name not in AFTER_TRAINING}
        return replace(self, changes=changes, out=str(out), apart=None)

    @property
    def first(self) -> TrainingTask | None:
        """The training apart."""
        if not self.apart:
            return None
        return TrainingTask(self.apart.rows, self.seed, self.start, changes={"steps": self.apart.steps})

    def _changes(self, project: Project, apart: Path | None) -> dict[str, Any]:
        if not (first := self.first):
            return self.changes
        return {**self.changes, "merged": str(apart or ""), "merged_key": first.plan(project).key(first.rows)}

    @property
    def _start(self) -> ModelRef:
        start = self.start
        return ModelRef(start.name, None if start.path is None else Path(start.path), start.key)


class _Before:
    """A monitor of a training that comes before another: what is told to be done is that of the other, so nothing."""

    def __init__(self, inner: Monitor) -> None:
        self._inner = inner

    def step(self, stage: str, done: int, total: int, **facts: float | int | str) -> None:
        """Ask whether to go on."""
        self._inner.step(stage, 0, total, **facts)

    def note(self, message: str) -> None:
        """Pass it on."""
        self._inner.note(message)


def is_trained(folder: Path) -> bool:
    """Whether a training into this folder has ended."""
    return (folder / TRAINING).is_file()
