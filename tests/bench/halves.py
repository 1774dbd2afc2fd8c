"""`python -m tests.bench.halves`: recipes compared inside the pool, where no proof row takes part.

On the projects of `make bench-proof`: the pool is parted in two. The current model of a seed learns the UUs of half A
with the teacher's samples; half B shows what that is worth, dev what it costs. Each run is looked at for several shares
of the way from the current weights to the trained ones, which takes no further training.

Options from the environment: ``TASKS``, ``SEEDS``, ``RECIPES`` (those that go on from the current model) and ``REPLAY``
(train rows per sample), with commas, and ``OUT`` (the folder of bench-proof).
"""

from __future__ import annotations

import os
import sys
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load_file, save_file

from engine.discovery.pool_scoring import score_pool
from engine.model.classifier import Classifier
from engine.model.device import choose_compute
from engine.model.hugging_face import HuggingFace
from engine.model.model_registry import current_model, plan_of
from engine.model.training import train
from engine.model.training_plan import DistillationTarget
from engine.progress import Silent
from engine.project import Project
from engine.proof.arms import Arm, Run, choose_arms, training_rows
from engine.proof.metrics import Scored, errors_among_most_confident
from engine.proof.recipes import RECIPES
from engine.schema import Example
from engine.teaching.records import Records

SHARES = (0.5, 0.7, 1.0)  # of the way to the trained weights
WEIGHTS = "model.safetensors"


class Halves:
    """A task's pool in two halves, as the current model of a seed sees them, and dev."""

    def __init__(self, project: Project, seed: int) -> None:
        self.project, self.seed = project, seed
        self.current = current_model(project, seed=seed, monitor=Silent())
        self.compute = choose_compute(project.settings.compute)
        pool = score_pool(project, self.current, monitor=Silent())
        rows, found = project.examples("pool"), {row: place for place, row in enumerate(pool.rows.ids)}
        order = [found[row.id] for row in rows]
        right = pool.scores.right[order]
        sure = pool.scores.confidence[order] >= project.settings.discovery.tau
        in_a = np.random.default_rng(0).random(len(rows)) < 0.5
        uus = [rows[place] for place in np.flatnonzero(in_a & sure & ~right)]
        self.kept = [
            DistillationTarget(rows[place], tuple(map(float, pool.scores.probabilities[order[place]])))
            for place in np.flatnonzero(in_a & sure & right)
        ]
        self.b, self.dev = [rows[place] for place in np.flatnonzero(~in_a)], project.examples("dev")
        self.covered = int(sure[~in_a].sum())
        taught = choose_arms(Records(project.teaching_dir).samples(), ["llm"])[0].samples
        self.arm = Arm("uus+llm", (*taught, *uus))
        before = HuggingFace(project).load(self.current.path)
        self._right_before = self._scored(before, self.dev).wrong == 0
        self.look("current model", before)

    def look(self, name: str, model: Classifier) -> None:
        """Print what a model makes of half B and of dev."""
        b, right = self._scored(model, self.b), self._scored(model, self.dev).wrong == 0
        uus = int((b.wrong & b.covered(self.project.settings.discovery.tau)).sum())
        fixed, broken = (right & ~self._right_before).sum(), (~right & self._right_before).sum()
        print(
            f"{self.project.root.name} seed {self.seed} {name}: half B ({len(self.b)} rows) accuracy "
            f"{1 - b.wrong.mean():.3f}, UUs {uus}, matched {errors_among_most_confident(b, self.covered):.0f}; "
            f"dev accuracy {right.mean():.4f}, fixed {fixed}, broken {broken}",
            flush=True,
        )

    def learn(self, name: str, replay: float) -> None:
        """Train a recipe, and look at several shares of the way."""
        recipe, settings = RECIPES[name], self.project.settings.training
        rows = len(self.arm.samples) + round(replay * len(self.arm.samples))
        kept = self.kept if recipe.keep else []
        steps = settings.continue_epochs * ceil((rows + len(kept)) / settings.batch_size)
        run = Run(self.arm, name, self.seed, rows, steps, steps * settings.batch_size)
        plan = plan_of(self.project, self.current, seed=self.seed, steps=steps)
        lesson = training_rows(run, self.project.examples("train"))
        with TemporaryDirectory() as folder:
            out = train(plan, lesson, kept=kept, out=Path(folder) / "out", compute=self.compute, monitor=Silent())
            start, end = load_file(self.current.path / WEIGHTS), load_file(out / WEIGHTS)
            for share in SHARES:
                mixed = {key: torch.lerp(start[key], value, share) for key, value in end.items()}
                save_file(mixed, out / WEIGHTS, metadata={"format": "pt"})
                model = Classifier.load(
                    out, labels=self.project.labels, max_length=plan.max_length, compute=self.compute
                )
                self.look(f"{name}, replay {replay:g}, {share:g} of the way", model)

    def _scored(self, model: Classifier, rows: list[Example]) -> Scored:
        gold: npt.NDArray[np.int64] = np.array([self.project.labels.index(row.label) for row in rows])
        return Scored.from_logits(model.logits(rows, monitor=Silent()), gold)


def main() -> int:
    """Every task, seed, recipe and replay that is asked for."""
    given = os.environ.get
    out = Path(given("OUT") or "bench-results/proof")
    for task in (given("TASKS") or "sentiment,nli,paraphrase").split(","):
        for seed in (given("SEEDS") or "13").split(","):
            halves = Halves(Project.open(out / task), int(seed))
            for recipe in (given("RECIPES") or "keep,average").split(","):
                for replay in (given("REPLAY") or "1,2").split(","):
                    halves.learn(recipe, float(replay))
    return 0


if __name__ == "__main__":
    sys.exit(main())
