"""The round's current model, kept loaded, and exchanged when another one takes its place.

Nothing is trained or fetched for it. A verdict equals what a discovery says of the same text: fp32, the same cut, the
same temperature. It takes one thread: MiniLM answers 33 words in 29 ms, and with two threads on two cores that others
use in 67 (p95 43 and 377).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from engine.errors import BlindspotError, ModelError, ProjectError
from engine.files import identity
from engine.model.model_registry import ModelRef, current_model, load_classifier
from engine.model.text_classifier import classifier_of
from engine.preview.record import Preview
from engine.progress import Silent
from engine.project import SETTINGS_FILE, Project
from engine.schema import Discovery, Example
from engine.scorer.protocol import ModelAnswer, ScorerState, refuse_if_off
from engine.tau import tau_of
from engine.trust import state_file

if TYPE_CHECKING:
    from engine.model.classifier import Classifier
    from engine.model.text_classifier import Scorer

_DIGITS = 6  # of probabilities, as in a discovery


@dataclass(frozen=True)
class _Loaded:
    """A model that is ready, and all that its answers depend on."""

    depends_on: tuple[Any, ...]
    model: ModelRef
    scorer: Scorer
    project: Project


class Resident:
    """The model of a project's round.

    Args:
        root: the project folder.
        tell: told when loading begins, and how it ends.
    """

    def __init__(self, root: Path, tell: Callable[[ScorerState], None] = lambda state: None) -> None:
        self._root = root
        self._tell = tell
        self._project: Project | None = None
        self._stamp: tuple[Any, ...] = ()
        self._error: BlindspotError | None = None
        self._loaded: _Loaded | None = None
        self._temperature = 1.0

    def verdict(self, text: str, text_pair: str | None = None) -> ModelAnswer:
        """What the model says of a text, or of a pair.

        Raises:
            BlindspotError: there is no model, it cannot be used, or its rows are pairs and this is none.
        """
        loaded = self.follow()
        project = loaded.project
        pair = project.settings.task.pair
        if pair != (text_pair is not None):
            what, hint = ("pairs", "give a second text") if pair else ("single texts", "leave the second text out")
            raise ProjectError(f"rows of this project are {what}", where=str(project.root), hint=hint)
        (logits,) = loaded.scorer.logits([Example("text", text, "", text_pair)], monitor=Silent())
        scaled = logits.astype(np.float64) / self._temperature
        odds = np.exp(scaled - scaled.max())
        probabilities = tuple(round(float(value), _DIGITS) for value in odds / odds.sum())
        best = int(logits.argmax())
        return ModelAnswer(
            project.labels[best], probabilities[best], probabilities, loaded.model.name, loaded.model.key
        )

    def preview(self, blind_spot: str, author: str) -> Iterator[Preview | None]:
        """Estimate which UUs of a blind spot would flip with an author's samples; see `engine.preview.estimate`.

        Raises:
            BlindspotError: there is no model, no such blind spot, or no sample of theirs.
        """
        loaded = self.follow()
        if not classifier_of(loaded.project).has_weights:
            raise ModelError(
                "estimates while one writes take training steps of the weights, and this classifier is a program",
                where=str(loaded.project.root),
                hint="`blindspot retrain --quick` trains it",
            )
        from engine.preview.estimate import estimate

        return estimate(loaded.project, cast("Classifier", loaded.scorer), loaded.model.key, blind_spot, author)

    def follow(self) -> _Loaded:
        """Load the current model, unless it is loaded; quick if nothing has happened since the last time.

        Raises:
            BlindspotError: there is none, or it cannot be used.
        """
        try:
            if self._project is None or self._look(self._project) != self._stamp:
                self._take_up()
        except BlindspotError as error:
            self._error = error
            self.close()
            self._tell(ScorerState("failed", str(error)))
        if self._loaded is None:
            assert self._error is not None
            raise self._error
        return self._loaded

    def close(self) -> None:
        """Let go of the model."""
        loaded, self._loaded = self._loaded, None
        if loaded is not None:
            loaded.scorer.close()

    def _look(self, project: Project) -> tuple[Any, ...]:
        """Changes with what decides which model is the current one, and what was agreed to: settings, round, models."""
        folder = project.round_dir(project.round)
        of_round = (folder / "model.json", folder / "discovery.json")
        files = (project.root / SETTINGS_FILE, *of_round, project.models_dir, state_file())
        return (folder, *map(identity, files), classifier_of(project).scored_by)

    def _take_up(self) -> None:
        self._project = None
        project = Project.open(self._root, verify=False)
        self._stamp, self._project = self._look(project), project
        refuse_if_off(project)
        found = project.discovery()
        tau_of(project, found)
        model = current_model(project, make=False, monitor=Silent())
        settings = project.settings
        self._temperature = _temperature(project, model, found)
        depends_on = (model, settings.task, settings.model, settings.classifier, settings.compute)
        if self._loaded is not None and self._loaded.depends_on == depends_on:
            return
        self._tell(ScorerState("loading"))
        self.close()  # two models at a time need not fit into memory
        scorer = load_classifier(project, model, "live")
        self._loaded = _Loaded(depends_on, model, scorer, project)
        self._tell(ScorerState("ready", key=model.key))


def _temperature(project: Project, model: ModelRef, found: Discovery | None) -> float:
    """What a discovery divides the model's logits by."""
    if not project.settings.discovery.apply_temperature:
        return 1.0
    if found is None or found.model_key != model.key:
        raise ModelError(
            "no temperature has been fitted to the current model yet",
            where=str(project.root),
            hint="run `blindspot discover`",
        )
    return found.applied_temperature
