"""Hugging Face weights as a classifier (`engine.model.text_classifier`). Light: what needs torch is loaded late."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from typing_extensions import Unpack

from engine.errors import ModelError
from engine.model.text_classifier import ModelRef, Plan, Purpose, Scorer
from engine.model.training_plan import DistillationTarget, PlanChanges, TrainingPlan
from engine.model.truncation import Reading
from engine.model.weights import Weights, find_weights, is_classifier, weights_use
from engine.progress import Monitor
from engine.project import Project
from engine.schema import Example
from engine.trust import OutsideUse, require

if TYPE_CHECKING:
    from engine.model.classifier import Classifier
    from engine.model.device import Compute


class HuggingFace:
    """Weights of the settings `[model]`; see `engine.model.text_classifier.TextClassifier`."""

    trains = continues = has_weights = approximates = True
    scored_by = ""

    def __init__(self, project: Project) -> None:
        self._project = project

    def uses(self, model: str | None = None) -> list[OutsideUse | None]:
        """The weights of the classifier, or where its training starts."""
        settings = self._project.settings.model
        return [weights_use(self._project.root, model or settings.classifier or settings.base)]

    def own(self, *, make: bool, monitor: Monitor) -> ModelRef | None:
        """The classifier of the settings, if it has a classification head."""
        if not self._project.settings.model.classifier:
            return None
        weights = self._weights(make, monitor)
        if not is_classifier(weights.path):
            return None
        monitor.note(f"classifier: {weights}")
        return _ref(weights)

    def named(self, name: str, *, monitor: Monitor) -> ModelRef:
        """A folder or a name on the hub, of a fine-tuned classifier."""
        return _ref(_with_head(name, root=self._project.root, monitor=monitor))

    def refuse_named(self, name: str) -> None:
        """What only the hub knows is left to the job."""
        path = Path(name).expanduser()
        is_path = path.exists() or path.is_absolute() or name.startswith((".", "~")) or name.count("/") > 1
        if is_path or not name.strip():
            _with_head(name, fetch=False)

    def refuse_training(self) -> None:
        """Weights can be trained."""

    def is_model(self, folder: Path) -> bool:
        """Whether there is a configuration."""
        return (folder / "config.json").is_file()

    def scratch(self, *, make: bool, monitor: Monitor) -> ModelRef:
        """The user's classifier (or checkpoint without a head), else the base."""
        return _ref(self._weights(make, monitor))

    def plan(self, start: ModelRef, *, seed: int, **changes: Unpack[PlanChanges]) -> TrainingPlan:
        """What a training run depends on beside its rows."""
        settings = self._project.settings
        plan = TrainingPlan(
            start=str(start.path),
            start_key=start.key,
            labels=self._project.labels,
            classifier_labels=settings.model.classifier_labels,
            seed=seed,
            epochs=settings.training.epochs,
            batch_size=settings.training.batch_size,
            learning_rate=settings.training.learning_rate,
            weight_decay=settings.training.weight_decay,
            max_length=settings.model.max_length,
            frozen_layers=settings.training.frozen_layers,
        )
        return replace(plan, **changes)

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
        """Fine-tune; an interrupted training goes on."""
        from engine.model.device import choose_compute
        from engine.model.training import train

        compute = choose_compute(self._project.settings.compute)
        mine = cast("TrainingPlan", plan)
        monitor.note(f"start: {find_weights(mine.start, fetch=False)}")
        train(
            mine,
            examples,
            kept=kept,
            dev=self._dev(mine),
            out=out,
            compute=compute,
            monitor=monitor,
            after_pass=after_pass,
        )

    def reading(self, model: ModelRef) -> Reading:
        """As many tokens as the settings and the weights allow."""
        return Reading(model.folder, self._project.settings.model.max_length)

    def load(self, path: Path | None, purpose: Purpose = "exact") -> Classifier:
        """Load weights as the settings say."""
        return self.load_on(self._compute(purpose), cast("Path", path))

    def load_on(self, compute: Compute, path: Path) -> Classifier:
        """Load weights, to be computed in one way."""
        from engine.model.classifier import Classifier

        settings = self._project.settings.model
        return Classifier.load(
            path,
            labels=self._project.labels,
            max_length=settings.max_length,
            compute=compute,
            classifier_labels=settings.classifier_labels,
        )

    def load_result(self, plan: Plan, folder: Path) -> Classifier:
        """Load the weights, go back as far as the plan says, merge others and fit biases where it says so."""
        from engine.model.classifier import Classifier
        from engine.model.training import finish, merged_weights, start_of

        mine = cast("TrainingPlan", plan)
        # By torch: OpenVINO would keep the weights as they are before the way back.
        compute = replace(self._compute("exact"), backend="torch")
        trained = Classifier.load(folder, labels=mine.labels, max_length=mine.max_length, compute=compute)
        start = start_of(mine, compute).model.state_dict() if mine.average < 1 else None
        finish(trained, mine, start, merged_weights(mine, compute), self._dev(mine))
        return trained

    def _dev(self, plan: TrainingPlan) -> list[Example]:
        """The rows that a plan fits biases to."""
        return self._project.examples("dev") if plan.output_bias else []

    def _compute(self, purpose: Purpose) -> Compute:
        from engine.model.device import scoring_compute

        return scoring_compute(self._project.settings.compute, purpose, settles=True)

    def _weights(self, make: bool, monitor: Monitor) -> Weights:
        settings = self._project.settings.model
        return weights_of(self._project, settings.classifier or settings.base, monitor, fetch=make)


def _ref(weights: Weights) -> ModelRef:
    return ModelRef(weights.name, weights.path, weights.key)


def weights_of(project: Project, name: str, monitor: Monitor, *, fetch: bool = True) -> Weights:
    """Weights that a project names.

    Args:
        project: where a relative name of a folder begins.
        name: folder, or name on the hub.
        monitor: told how far a download is.
        fetch: False: only what is on this machine.

    Raises:
        ModelError: they cannot be found.
        NotTrusted: they lie outside the project, and nobody at this machine has agreed to that.
    """
    require(project.root, [weights_use(project.root, name)])
    return find_weights(name, fetch=fetch, root=project.root, monitor=monitor)


def _with_head(name: str, *, fetch: bool = True, root: Path | None = None, monitor: Monitor | None = None) -> Weights:
    """Weights with a classification head.

    Args:
        name: folder, or name on the hub.
        fetch: False: only what is on this machine.
        root: where a relative name of a folder begins; None: the current folder.
        monitor: told how far a download is.

    Raises:
        ModelError: nothing of that name is to be had, or it is no classifier.
    """
    weights = find_weights(name, fetch=fetch, root=root, monitor=monitor)
    if not is_classifier(weights.path):
        raise ModelError(
            "this is no classifier: it has no classification head",
            where=str(weights.path),
            hint="name a fine-tuned classifier",
        )
    return weights
