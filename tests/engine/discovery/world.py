"""A project with planted themes: what the model says, and where texts lie, is set by hand for every text."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from engine.discovery import pipeline as run
from engine.discovery import pool_scoring as pool
from engine.discovery import spot_finding as find
from engine.model.bf16_rescoring import UncertainRows
from engine.model.model_registry import ModelRef
from engine.operations.create_project import create_project
from engine.progress import Monitor
from engine.project import Project
from engine.schema import Example

Row = dict[str, str]
LABELS = ("negative", "positive")
DIMENSIONS = 24


@dataclass
class World:
    """Pool rows, and for each text its logits and its embedding.

    Attributes:
        theme: planted theme of each row that the model gets confidently wrong, by row id.
        model_key: names the weights; set another for another model.
    """

    rows: list[Row] = field(default_factory=list)
    logits: dict[str, tuple[float, float]] = field(default_factory=dict)
    place: dict[str, npt.NDArray[np.float32]] = field(default_factory=dict)
    theme: dict[str, int] = field(default_factory=dict)
    model_key: str = "first"
    scored: int = 0

    def put(self, row: Row, logits: tuple[float, float], place: npt.NDArray[np.floating]) -> None:
        """Add a pool row."""
        self.rows.append(row)
        self.logits[row["text"]] = logits
        self.place[row["text"]] = (place / np.linalg.norm(place)).astype(np.float32)

    def uus(self) -> set[str]:
        """Ids of the rows that the model gets confidently wrong."""
        return set(self.theme)

    def predictions(
        self,
        project: Project,
        model: ModelRef,
        examples: Sequence[Example],
        *,
        split_key: str,
        doubt: UncertainRows | None = None,
        monitor: Monitor,
    ) -> npt.NDArray[np.float32]:
        """Stands in for `library.predictions`."""
        self.scored += 1
        monitor.step("score", len(examples), len(examples))
        return np.array([self.logits.get(row.text, (2.5, 0.0)) for row in examples], dtype=np.float32)

    def embeddings(
        self, project: Project, examples: Sequence[Example], *, scan: bool = False, monitor: Monitor
    ) -> npt.NDArray[np.float32]:
        """Stands in for `library.embeddings`; a word lies amid the texts that hold it."""
        monitor.step("embed", len(examples), len(examples))
        return np.array([self._place(row.text) for row in examples], dtype=np.float32)

    def _place(self, text: str) -> npt.NDArray[np.float32]:
        if text in self.place:
            return self.place[text]
        middle = np.mean([place for other, place in self.place.items() if text in other.split()], axis=0)
        return (middle / np.linalg.norm(middle)).astype(np.float32)

    def current_model(self, project: Project, *, monitor: Monitor) -> ModelRef:
        """Stands in for `library.current_model`."""
        return ModelRef("planted", project.root, self.model_key)

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Let discoveries ask this world instead of a model."""
        patch.setattr(find, "predictions", self.predictions)
        patch.setattr(find, "embeddings", self.embeddings)
        patch.setattr(pool, "predictions", self.predictions)
        patch.setattr(pool, "score_and_embed", lambda *_, **__: False)
        patch.setattr(run, "current_model", self.current_model)


def planted(*, themes: int = 6, size: int = 12, right: int = 40, spread: float = 0.1, seed: int = 0) -> World:
    """A world whose UUs fall into themes of ``size`` rows, alternately of the one and of the other direction."""
    numbers = np.random.default_rng(seed)
    text = texts(seed)
    centres = np.linalg.qr(numbers.normal(size=(DIMENSIONS, themes)))[0].T
    world = World()
    for theme, centre in enumerate(centres):
        gold = theme % 2
        for number in range(size):
            row = {"id": f"t{theme}-{number}", "text": f"theme{theme} {next(text)}", "label": LABELS[gold]}
            logit = 3.0 + numbers.random()
            world.put(row, (logit, 0.0) if gold else (0.0, logit), centre + spread * numbers.normal(size=DIMENSIONS))
            world.theme[row["id"]] = theme
    for number in range(right):
        gold = number % 2
        row = {"id": f"ok-{number}", "text": f"ordinary {next(text)}", "label": LABELS[gold]}
        logit = 1.0 + 3.0 * numbers.random()
        world.put(row, (0.0, logit) if gold else (logit, 0.0), numbers.normal(size=DIMENSIONS))
    return world


def texts(seed: int) -> Iterator[str]:
    """Endless different texts of made-up words, no two nearly alike."""
    dice = random.Random(seed)
    while True:
        yield " ".join("".join(dice.choices("abcdefghijklmnopqrstuvwxyz", k=6)) for _ in range(5))


def make_project(root: Path, rows: Sequence[Row], *, tau: float = 0.9, dev: Sequence[Row] = ()) -> Project:
    """A project with these pool rows; the other splits hold a few rows of their own."""
    from tests.conftest import write_rows

    text = texts(999)
    root.mkdir(parents=True, exist_ok=True)
    splits = {"train": 8, "proof": 8, "test": 8}
    files = {
        name: write_rows(root / f"{name}.jsonl", [{"text": next(text), "label": LABELS[n % 2]} for n in range(count)])
        for name, count in splits.items()
    }
    if dev:
        files["dev"] = write_rows(root / "dev.jsonl", list(dev))
    files["pool"] = write_rows(root / "pool.jsonl", list(rows))
    return create_project(root / "work", **files, text="text", label="label", tau=tau)  # type: ignore[arg-type]
