"""One training as a record: whoever has it can train it, in this process or another, and gets the same model."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.model.model_registry import ModelRef, plan_of, trained
from engine.model.text_classifier import TRAINING, Plan
from engine.model.training_plan import DistillationTarget
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
class TrainingTask(Record):
    """What `engine.model.model_registry.trained` is asked for.

    Attributes:
        rows: to train with, in their order. seed: of the run.
        start: where it starts. kept: rows that are to stay as a model says of them.
        changes: `engine.model.training_plan.PlanChanges`.
        out: where the model is to lie in the project; empty: in `models/`, named by its content key.
    """

    rows: tuple[Example, ...]
    seed: int
    start: StartOfTraining
    kept: tuple[DistillationTarget, ...] = ()
    changes: dict[str, Any] = field(default_factory=dict)
    out: str = ""

    def plan(self, project: Project) -> Plan:
        """What the training depends on beside its rows."""
        return plan_of(project, self._start, seed=self.seed, **self.changes)

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
        given: dict[str, Any] = self.changes
        return trained(
            project,
            self.rows,
            seed=self.seed,
            start=self._start,
            kept=self.kept,
            out=self.folder(project),
            monitor=monitor,
            **given,
        )

    @property
    def _start(self) -> ModelRef:
        start = self.start
        return ModelRef(start.name, None if start.path is None else Path(start.path), start.key)


def is_trained(folder: Path) -> bool:
    """Whether a training into this folder has ended."""
    return (folder / TRAINING).is_file()
