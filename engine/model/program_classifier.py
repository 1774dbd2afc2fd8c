"""A program of the user's as a classifier (`engine.model.text_classifier`). Light: what needs numpy is loaded late.

Its probabilities become logits by their logarithm, whose softmax they are. In `models/` it has a folder for each
training as weights have: `training.json`, and beside it the folder `model`, which is the program's own.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from typing_extensions import Unpack

import engine
from engine.errors import ModelError
from engine.files import checked, content_key, make_folder, publish, write_json
from engine.model.text_classifier import TRAINING, ModelRef, Plan, Purpose, Scorer, model_key
from engine.model.training_plan import DistillationTarget, PlanChanges
from engine.model.weights import folder_hashes, weights_digest
from engine.programs.commands import (
    Part,
    contents,
    existing,
    hashes,
    model_path,
    model_use,
    program_uses,
    read_command,
)
from engine.programs.scoring import ScoringProgram
from engine.programs.training import run_training
from engine.progress import Monitor
from engine.project import Project
from engine.schema import Example, Record
from engine.trust import OutsideUse, require

if TYPE_CHECKING:
    from engine.arrays import Floats
    from engine.model.array_cache import Array
    from engine.model.bf16_rescoring import UncertainRows

_LEAST = 1e-7  # of a probability: its logarithm is finite, and float32 tells 1 - 1e-7 from 1
_MODEL = "model"  # the program's own folder in that of a training


@dataclass(frozen=True, slots=True)
class ProgramPlan(Record):
    """A training run of a program.

    Attributes:
        program: content key of the command that trains.
        start: model that it goes on from, with ``start_key`` naming its content; empty: none.
        labels: the project's. pair: rows are pairs. seed: of the run.
    """

    program: str
    start: str
    start_key: str
    labels: tuple[str, ...]
    pair: bool
    seed: int

    def key(self, examples: Sequence[Example], kept: Sequence[DistillationTarget] = ()) -> str:
        """Content key of the result; no row is held to what a model said of it."""
        parts = self.as_json()
        del parts["start"]
        return content_key("program training", parts, [[row.text, row.text_pair, row.label] for row in examples])

    @property
    def all_the_way(self) -> ProgramPlan:
        """Itself: a program has no weights to go back in."""
        return self


class ProgramClassifier:
    """The program of the settings `[classifier]`; see `engine.model.text_classifier.TextClassifier`."""

    has_weights = approximates = False

    def __init__(self, project: Project) -> None:
        self._project = project
        self._settings = project.settings.classifier

    @property
    def trains(self) -> bool:
        """Whether there is a command for it."""
        return bool(self._settings.train)

    @property
    def continues(self) -> bool:
        """Whether that can start from a model, as the settings say."""
        return self.trains and self._settings.continues

    @cached_property
    def scored_by(self) -> str:
        """Content key of the command that scores."""
        return self._key("score")

    def uses(self, model: str | None = None) -> list[OutsideUse | None]:
        """The programs, and the model that the settings name."""
        root = self._project.root
        path = existing(root, model, "--model") if model else model_path(root, self._settings)
        return [*program_uses(root, self._settings), None if path is None else model_use(root, path)]

    def own(self, *, make: bool, monitor: Monitor) -> ModelRef | None:
        """The model that the settings name; without one and without training, the program as it is."""
        path = model_path(self._project.root, self._settings)
        if path is None and self.trains:
            return None
        return self._ref(self._settings.model or self._settings.score, path)

    def named(self, name: str, *, monitor: Monitor) -> ModelRef:
        """A file or folder for the program to load, or a folder of `models/`."""
        return self._ref(name, existing(self._project.root, name, "--model"))

    def refuse_named(self, name: str) -> None:
        """It must be there."""
        existing(self._project.root, name, "--model")

    def refuse_training(self) -> None:
        """There must be a command for it."""
        if not self.trains:
            raise ModelError(
                "this classifier cannot be retrained: no program trains it",
                where=str(self._project.root),
                hint="name one as `train` in [classifier] of blindspot.toml",
            )

    def is_model(self, folder: Path) -> bool:
        """Whether a training has ended there."""
        return (folder / TRAINING).is_file()

    def scratch(self, *, make: bool, monitor: Monitor) -> ModelRef:
        """Nothing, or what the program begins with."""
        return ModelRef(self._settings.train, None, "")

    def plan(self, start: ModelRef, *, seed: int, **changes: Unpack[PlanChanges]) -> ProgramPlan:
        """What a training depends on; passes, steps and rates are the program's own business."""
        path = "" if start.path is None else str(_given(start.path))
        project = self._project
        return ProgramPlan(self._key("train"), path, start.key, project.labels, project.settings.task.pair, seed)

    def train(
        self,
        plan: Plan,
        examples: Sequence[Example],
        *,
        kept: Sequence[DistillationTarget] = (),
        out: Path,
        monitor: Monitor,
        after_pass: Callable[[Scorer], None] | None = None,
    ) -> None:
        """Let the program train; one that was interrupted begins anew."""
        mine, root = cast("ProgramPlan", plan), self._project.root
        require(root, self.uses())
        working = out.with_name(out.name + ".partial")
        shutil.rmtree(working, ignore_errors=True)
        command = read_command(root, self._settings, "train")
        monitor.note(f"training with `{command.text}`")
        began = time.monotonic()
        try:
            made = run_training(
                command,
                self._settings,
                examples,
                root=root,
                labels=mine.labels,
                pair=mine.pair,
                seed=mine.seed,
                start=Path(mine.start) if mine.start else None,
                folder=make_folder(working),
                monitor=monitor,
            )
            finished = make_folder(working / "finished")
            checked(made).rename(finished / _MODEL)
            seconds = time.monotonic() - began
            found = folder_hashes(finished)
            record = {
                "key": mine.key(examples, kept),
                "plan": mine.as_json(),
                "rows": len(examples),
                "seconds": round(seconds, 1),
                "rows_per_second": round(len(examples) / max(seconds, 1e-3), 1),
                "sha256": weights_digest(found),
                "files": found,
                "versions": {"blindspot": engine.__version__},
            }
            write_json(finished / TRAINING, record)
            publish(finished, out)
        finally:
            shutil.rmtree(working, ignore_errors=True)

    def reading(self, model: ModelRef) -> None:
        """Only the program knows."""

    def load(self, path: Path | None, purpose: Purpose = "exact") -> ProgramScorer:
        """Start the program with a model, once it is agreed to."""
        root, settings = self._project.root, self._settings
        own = model_path(root, settings)
        require(root, self.uses(None if path is None or path == own or self._is_ours(path) else str(path)))
        program = ScoringProgram(
            read_command(root, settings, "score"),
            settings,
            root=root,
            labels=self._project.labels,
            pair=self._project.settings.task.pair,
            model=None if path is None else checked(_given(path)),
        )
        return ProgramScorer(program, settings.rows)

    def load_result(self, plan: Plan, folder: Path) -> ProgramScorer:
        """What was trained, as it is."""
        return self.load(folder)

    def _is_ours(self, path: Path) -> bool:
        """Whether it is the folder of a training in the project, which agreement to the programs covers."""
        return self.is_model(path) and path.parent in (self._project.models_dir, self._project.cache_dir)

    def _key(self, part: Part) -> str:
        found = contents(self._project.root, self._settings, part)
        return content_key("program", part, getattr(self._settings, part), found)

    def _ref(self, name: str, path: Path | None) -> ModelRef:
        content = {} if path is None else hashes(_given(path), _MODEL)
        return ModelRef(name, path, model_key(content_key("program model", content), self.scored_by))


class ProgramScorer:
    """A program that has loaded its model; see `engine.model.text_classifier.Scorer`.

    Args:
        program: that answers.
        at_once: rows in one request.
    """

    fitted_biases: Floats | None = None

    def __init__(self, program: ScoringProgram, at_once: int) -> None:
        self.program, self._at_once = program, at_once

    def logits(self, examples: Sequence[Example], *, monitor: Monitor, stage: str = "score") -> Array:
        """See `Scorer`."""
        import numpy as np

        result = np.empty((len(examples), len(self.program.hello.order)), dtype=np.float32)
        for _ in self.score(examples, [result], monitor=monitor, stage=stage):
            pass
        return result

    def score(
        self,
        examples: Sequence[Example],
        outs: Sequence[Array],
        *,
        doubt: UncertainRows | None = None,
        monitor: Monitor,
        stage: str = "score",
        start: int = 0,
    ) -> Iterator[int]:
        """See `Scorer`; every score is exact."""
        import numpy as np

        total = len(examples)
        for first in range(start, total, self._at_once):
            rows = examples[first : first + self._at_once]
            found = self.program.probabilities(rows, partial(monitor.step, stage, first, total))
            outs[0][first : first + len(rows)] = np.log(np.clip(found, _LEAST, 1.0))
            monitor.step(stage, first + len(rows), total)
            yield first + len(rows)

    @property
    def runs_on(self) -> str:
        """The program, as it names itself."""
        return self.program.name

    def close(self) -> bool:
        """Let the program end."""
        return self.program.close()


def _given(path: Path) -> Path:
    """What the program is told of a model: its own folder in that of a training."""
    return path / _MODEL if (path / TRAINING).is_file() else path
