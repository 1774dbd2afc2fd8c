"""The round's model in memory, and what it says of a text: what discovery would say of the same text."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from engine.discovery.confidence import score
from engine.model.classifier import Classifier
from engine.model.compute import choose_compute
from engine.model.library import ModelRef, load_classifier
from engine.progress import Silent
from engine.project import Project
from engine.schema import Example


class Resident:
    """A loaded classifier of a project."""

    def __init__(self, project: Project, classifier: Classifier, *, temperature: float) -> None:
        self.project = project
        self.classifier = classifier
        self._temperature = temperature

    @classmethod
    def load(cls, project: Project, model: ModelRef) -> Resident:
        """Load a model in fp32 and for one thread, as a text is one batch.

        Raises:
            ModelError: it cannot be loaded.
        """
        compute = choose_compute(replace(project.settings.compute, threads=1))
        found = project.discovery()
        applied = found.temperature if found and found.temperature_applied and found.temperature else 1.0
        return cls(project, load_classifier(project, model, replace(compute, precision="fp32")), temperature=applied)

    def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        """The answer to a question of a known kind, as JSON values."""
        return self.verdict(question["text"], question.get("text_pair"))

    def verdict(self, text: str, text_pair: str | None = None) -> dict[str, Any]:
        """Label, confidence (0..1) and all probabilities, in the order of the project's labels."""
        row = Example("draft", text, self.project.labels[0], text_pair)
        found = score(self.classifier.logits([row], monitor=Silent()), np.zeros(1, dtype=np.intp),
                      temperature=self._temperature)  # fmt: skip
        return {
            "label": self.project.labels[int(found.predicted[0])],
            "confidence": round(float(found.confidence[0]), 6),
            "probabilities": [round(float(value), 6) for value in found.probabilities[0]],
        }
