"""Predictions as a classifier (`engine.model.text_classifier`): known rows are scored, and that is all. Light."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from typing_extensions import Unpack

from engine.model.predictions_record import FOLDER, GivenPredictions, lacking
from engine.model.text_classifier import ModelRef, Plan, Purpose, Scorer
from engine.model.training_plan import DistillationTarget, PlanChanges
from engine.progress import Monitor
from engine.project import Project
from engine.schema import Example
from engine.trust import OutsideUse

if TYPE_CHECKING:
    from engine.arrays import Floats
    from engine.model.array_cache import Array
    from engine.model.bf16_rescoring import UncertainRows
    from engine.model.predictions_by_text import PredictionsByText


class PredictionsOnly:
    """What a project was given; see `engine.model.text_classifier.TextClassifier`."""

    trains = continues = has_weights = approximates = False
    scored_by = ""

    def __init__(self, project: Project, given: GivenPredictions) -> None:
        self._project, self._given = project, given

    def uses(self, model: str | None = None) -> list[OutsideUse | None]:
        """Nothing: it lies in the project."""
        return []

    def own(self, *, make: bool, monitor: Monitor) -> ModelRef:
        """The predictions."""
        return ModelRef(self._given.name, self._project.root / FOLDER, self._given.key)

    def named(self, name: str, *, monitor: Monitor) -> NoReturn:
        """There is no other one."""
        raise lacking(self._project, "`check`")

    def refuse_named(self, name: str) -> NoReturn:
        """As `named`."""
        raise lacking(self._project, "`check`")

    def refuse_training(self) -> NoReturn:
        """Predictions learn nothing."""
        raise lacking(self._project, "`retrain`")

    def is_model(self, folder: Path) -> bool:
        """No: nothing is trained."""
        return False

    def scratch(self, *, make: bool, monitor: Monitor) -> NoReturn:
        """As `refuse_training`."""
        self.refuse_training()

    def plan(self, start: ModelRef, *, seed: int, **changes: Unpack[PlanChanges]) -> NoReturn:
        """As `refuse_training`."""
        self.refuse_training()

    def train(
        self,
        plan: Plan,
        examples: Sequence[Example],
        *,
        kept: Sequence[DistillationTarget] = (),
        out: Path,
        monitor: Monitor,
        after_pass: Callable[[Scorer], None] | None = None,
    ) -> NoReturn:
        """As `refuse_training`."""
        self.refuse_training()

    def reading(self, model: ModelRef) -> None:
        """That is not known."""

    def load(self, path: Path | None, purpose: Purpose = "exact") -> KnownScorer:
        """The predictions; not for texts that somebody types."""
        from engine.model.predictions_by_text import PredictionsByText

        if purpose == "live":
            raise lacking(self._project, "verdicts on texts")
        return KnownScorer(PredictionsByText(self._project, self._given), self._given.name)

    def load_result(self, plan: Plan, folder: Path) -> NoReturn:
        """As `refuse_training`."""
        self.refuse_training()


class KnownScorer:
    """Scores that are found; see `engine.model.text_classifier.Scorer`. ``runs_on``: what they are."""

    fitted_biases: Floats | None = None

    def __init__(self, known: PredictionsByText, runs_on: str) -> None:
        self._known, self.runs_on = known, runs_on

    def logits(self, examples: Sequence[Example], *, monitor: Monitor, stage: str = "score") -> Array:
        """See `Scorer`."""
        return self._known.logits(examples)

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
        """See `Scorer`; all at once."""
        outs[0][start:] = self._known.logits(examples[start:])
        yield len(examples)

    def close(self) -> bool:
        """Nothing to let go of."""
        return True
