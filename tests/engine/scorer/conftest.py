"""A project whose current model is a very small classifier, and the messages of a scorer process."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.project import Project
from engine.scorer.protocol import ModelAnswer, ScorerAnswer, ScorerState
from engine.scorer.scorer_client import Scorer
from tests.builders.tiny_bert import classifier, make_project


@pytest.fixture
def scored(tmp_path: Path) -> Project:
    """A project with a user's classifier."""
    weights = classifier(tmp_path / "weights")
    return make_project(tmp_path / "work", base=weights, classifier=str(weights), encoder=str(weights))


class Heard:
    """A scorer and what it tells."""

    def __init__(self, root: Path) -> None:
        self._told: queue.Queue[ScorerAnswer | ScorerState] = queue.Queue()
        self.scorer = Scorer(root, self._told.put)

    def state(self) -> ScorerState:
        """The next state; answers before it are passed over."""
        while not isinstance(found := self._told.get(timeout=120), ScorerState):
            pass
        return found

    def answer(self, number: int) -> ScorerAnswer:
        """The answer to that request; what comes before it is passed over."""
        while not isinstance(found := self._told.get(timeout=120), ScorerAnswer) or found.id != number:
            pass
        return found

    def verdict(self, text: str) -> ModelAnswer:
        """Ask, and wait for what the model says."""
        found = self.answer(self.scorer.ask(text)).verdict
        assert found is not None
        return found

    @property
    def is_silent(self) -> bool:
        """Whether nothing is left that was told."""
        return self._told.empty()


@pytest.fixture
def heard(scored: Project) -> Iterator[Heard]:
    made = Heard(scored.root)
    yield made
    made.scorer.close()
