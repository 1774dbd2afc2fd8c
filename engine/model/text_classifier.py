"""What Blindspot asks of a classifier, whatever it is: Hugging Face weights, a program, or predictions alone. Light.

`engine.model.model_registry` turns this into models and predictions by content hash; nothing else tells one sort of
classifier from another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from typing_extensions import Unpack

from engine.errors import ModelError, SettingsError
from engine.files import content_key
from engine.model.predictions_record import given_predictions
from engine.model.training_plan import DistillationTarget, PlanChanges
from engine.paths import SETTINGS_FILE
from engine.progress import Monitor
from engine.schema import Example, Record
from engine.trust import OutsideUse

if TYPE_CHECKING:
    from engine.arrays import Floats
    from engine.model.array_cache import Array
    from engine.model.bf16_rescoring import UncertainRows
    from engine.model.truncation import Reading
    from engine.project import Project

TRAINING = "training.json"
"""In the folder of a trained model, of any sort: what it was made of."""


@dataclass(frozen=True, slots=True)
class ModelRef:
    """A classifier that is there, or what training starts from.

    Attributes:
        name: for people.
        path: its folder, or file; None: a program that keeps its model itself, or that starts from nothing.
        key: names its weights and how rows are read: equal keys, equal answers.
    """

    name: str
    path: Path | None
    key: str

    @property
    def folder(self) -> Path:
        """Where it lies.

        Raises:
            ModelError: only a program knows.
        """
        if self.path is None:
            raise ModelError(f"{self.name} has no folder", hint="train a model first")
        return self.path


@dataclass(frozen=True, slots=True)
class TrainedModel(Record):
    """What of a training.json names the weights; ``files``: hash of each file, None in an older one."""

    key: str
    sha256: str
    files: dict[str, str] | None = None

    def content_key(self, scored_by: str) -> str:
        """Names the model in discoveries and proofs; ``scored_by``: as in `TextClassifier`."""
        return model_key(content_key(self.key, self.sha256), scored_by)


def model_key(weights: str, scored_by: str) -> str:
    """The key of a model: of its weights, and behind a dash of what scores beside them, if anything does."""
    return f"{weights}-{scored_by}" if scored_by else weights


def weights_key(key: str) -> str:
    """The part of a model's key that names its weights."""
    return key.partition("-")[0]


Purpose = Literal["exact", "scan", "live"]
"""How rows are scored: exactly; as a scan, which may be approximate where no label and no UU is in doubt; or live,
while somebody types."""


class Scorer(Protocol):
    """A classifier that is loaded.

    Attributes:
        runs_on: where it computes, for people.
        fitted_biases: what was added to its logits (labels,) as it fits dev best (`engine.model.output_bias`); None:
            nothing was.
    """

    fitted_biases: Floats | None

    @property
    def runs_on(self) -> str: ...  # noqa: D102 - above

    def logits(self, examples: Sequence[Example], *, monitor: Monitor, stage: str = "score") -> Array:
        """Score rows: float32, (rows, labels) in the order of rows and of the project's labels.

        Raises:
            ModelError: it gives no usable answer.
            Stopped: from the monitor.
        """

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
        """Write logits into the first of ``outs`` from row ``start`` on, and yield how many rows are finished.

        ``doubt``: what the scores are for; a classifier that can approximate may do so where no label and no UU is in
        doubt.

        Raises:
            ModelError, Stopped: as `logits`.
        """

    def close(self) -> bool:
        """Let go of whatever it holds, and say whether that went by itself."""


class Plan(Protocol):
    """All that a training run depends on beside its rows."""

    def key(self, examples: Sequence[Example], kept: Sequence[DistillationTarget] = ()) -> str:
        """Content key of the result: equal keys, equal models."""

    @property
    def all_the_way(self) -> Plan:
        """The same without a way back in weights afterwards (`TextClassifier.load_result` goes it)."""


class TextClassifier(Protocol):
    """A project's classifier: what can be done with it.

    Attributes:
        trains: it can be retrained. continues: that can start from a model.
        has_weights: recipes that average, freeze or smooth, or hold a model to what it said, make sense for it.
        approximates: scores may be approximate where no label and no UU is in doubt (`Scorer.score`).
        scored_by: names what scores beside a model's own files; empty: nothing does.
    """

    @property
    def trains(self) -> bool: ...  # noqa: D102 - above
    @property
    def continues(self) -> bool: ...  # noqa: D102
    @property
    def has_weights(self) -> bool: ...  # noqa: D102
    @property
    def approximates(self) -> bool: ...  # noqa: D102
    @property
    def scored_by(self) -> str: ...  # noqa: D102

    def uses(self, model: str | None = None) -> list[OutsideUse | None]:
        """What of it lies outside the project, or runs; ``model``: with another one that was named.

        Raises:
            SettingsError, FileError: the settings name what is not there.
        """

    def own(self, *, make: bool, monitor: Monitor) -> ModelRef | None:
        """The model that the settings name, as it is; None: they name none, and the first one is trained.

        Without ``make`` nothing is fetched.

        Raises:
            ModelError: it cannot be found.
        """

    def named(self, name: str, *, monitor: Monitor) -> ModelRef:
        """A model that somebody has named: a folder, a file, or what else there is for such a classifier.

        Raises:
            ModelError: there is none of that name.
        """

    def refuse_named(self, name: str) -> None:
        """Refuse a name that can be none, before a job is made of it.

        Raises:
            ModelError, SettingsError: as `named`.
        """

    def refuse_training(self) -> None:
        """Return if it can be retrained.

        Raises:
            ModelError: it cannot.
        """

    def is_model(self, folder: Path) -> bool:
        """Whether a folder of `models/` holds one."""

    def scratch(self, *, make: bool, monitor: Monitor) -> ModelRef:
        """What training from scratch starts from.

        Raises:
            ModelError: it cannot be found.
        """

    def plan(self, start: ModelRef, *, seed: int, **changes: Unpack[PlanChanges]) -> Plan:
        """A training run with the project's settings, but for some changes."""

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
        """Train into a new folder, which appears in one piece and holds a `TRAINING` file.

        ``after_pass`` is shown the classifier after each pass over the rows, where there are passes.

        Raises:
            ModelError: it fails.
            Stopped: from the monitor.
        """

    def reading(self, model: ModelRef) -> Reading | None:
        """How much of a row a model reads; None: that is not known.

        Raises:
            ModelError: its configuration is damaged.
        """

    def load(self, path: Path | None, purpose: Purpose = "exact") -> Scorer:
        """Load a model; close it.

        Raises:
            ModelError: it cannot be used for this task.
        """

    def load_result(self, plan: Plan, folder: Path) -> Scorer:
        """What a plan ends with, from the folder of the same plan gone `Plan.all_the_way`; close it.

        Raises:
            ModelError: it cannot be used.
        """


def trainable(project: Project) -> TextClassifier:
    """The classifier of a project, for what retrains it.

    Raises:
        ModelError: nothing can.
        SettingsError: as `classifier_of`.
    """
    found = classifier_of(project)
    found.refuse_training()
    return found


def classifier_of(project: Project) -> TextClassifier:
    """The classifier of a project, as its settings say.

    Raises:
        SettingsError: they name none that can be used.
    """
    settings = project.settings
    if settings.classifier.score:
        if settings.model.classifier:
            raise SettingsError(
                "`model.classifier` and `classifier.score` each name a classifier",
                where=str(project.root / SETTINGS_FILE),
                hint="empty one of them",
            )
        from engine.model.program_classifier import ProgramClassifier

        return ProgramClassifier(project)
    if given := given_predictions(project):
        from engine.model.predictions_classifier import PredictionsOnly

        return PredictionsOnly(project, given)
    from engine.model.hugging_face import HuggingFace

    return HuggingFace(project)
