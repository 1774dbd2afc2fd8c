"""A quick estimate: a few training steps on a blind spot's samples, then the model's predictions on its UUs.

Why steps and not neighbours or a new head: on 230 UUs of a public pool (SST-2 -> DynaSent, 1,151 LLM-written samples,
one seed; a retrain from scratch with all of them fixed 32) the estimated probability of the gold label told the fixed
UUs from the others with AUC .76, and 34 were estimated to flip, of which 81 % were judged as they came out. Nearest
samples gave .53, the confidence before .62, steps of all layers .70. A head refitted on frozen features quadruples UUs.
"""

from __future__ import annotations

import copy
import random
import time
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch.nn import functional

from engine.discovery.calibration import score
from engine.errors import ProjectError
from engine.jobs import active_job
from engine.model.classifier import Classifier
from engine.model.device import usable_cores
from engine.model.layer_freezing import freeze, layers_of
from engine.preview.record import Preview, keep
from engine.progress import Silent
from engine.project import Project
from engine.schema import Example
from engine.teaching.records import Records

STEPS = 8
TRAINED_LAYERS = 2  # the highest; all six take 1.7 times as long
NEW_ROWS, REPLAYED_ROWS = 4, 12  # a step; fewer old ones, and everything flips
MOST_THREADS = 4  # with a job beside it one: two processes of two threads are slower than of one each
RATE = 2.0  # times the project's learning rate, as there are few steps


def estimate(
    project: Project, classifier: Classifier, model_key: str, blind_spot: str, author: str
) -> Iterator[Preview | None]:
    """Estimate which UUs of a blind spot would flip with a person's samples, and keep the estimate.

    Yields None after each step, so that something else can be done between them, and the estimate at last.

    Args:
        project: gives samples, train rows and learning rate.
        classifier: the round's model; stays as it is.
        model_key: names it.
        blind_spot: id.
        author: whose samples; those of others count nothing.

    Raises:
        ProjectError: there is no such blind spot, or no sample of theirs for it.
    """
    found, labels = project.discovered(), project.labels
    spot = found.spot(blind_spot)
    samples = [
        Example.of(one)
        for one in Records(project.teaching_dir).samples()
        if (one.blind_spot, one.teacher.name, one.teacher.kind) == (blind_spot, author, "human")
    ]
    if spot is None or not samples:
        raise ProjectError(f"{author} has no samples for {blind_spot}", where=str(project.root), hint="write one first")
    threads = 1 if active_job(project.root) else min(MOST_THREADS, int(usable_cores()))
    trained = _copy(classifier)
    rate = RATE * project.settings.training.learning_rate
    for _ in _steps(trained, samples, project.examples("train"), labels, rate=rate, seed=blind_spot, threads=threads):
        yield None
    uus = [Example.of(found.predictions[row]) for row in spot.rows]
    chances = score(trained.logits(uus, monitor=Silent()), np.zeros(len(uus), dtype=np.intp)).probabilities
    right = chances[:, labels.index(spot.gold)]
    preview = Preview(
        time=round(time.time(), 3),
        author=author,
        blind_spot=blind_spot,
        model_key=model_key,
        samples=len(samples),
        rows=len(uus),
        flips=int((chances.argmax(axis=1) == labels.index(spot.gold)).sum()),
        right={row.id: round(float(value), 6) for row, value in zip(uus, right, strict=True)},
    )
    keep(project, preview)
    yield preview


def _copy(classifier: Classifier) -> Classifier:
    """The same classifier with weights of its own, of which the highest layers can be trained."""
    made = classifier.with_weights(copy.deepcopy(classifier.model))
    freeze(made.model, max(0, layers_of(made.model) - TRAINED_LAYERS))
    return made


def _steps(
    trained: Classifier,
    samples: Sequence[Example],
    train: Sequence[Example],
    labels: Sequence[str],
    *,
    rate: float,
    seed: str,
    threads: int,
) -> Iterator[None]:
    """Train, without dropout, on few samples and many train rows a step; equal input gives equal steps."""
    weights = [parameter for parameter in trained.model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=rate, fused=True)
    dice = random.Random(seed)
    for _ in range(STEPS):
        rows = dice.sample(samples, min(len(samples), NEW_ROWS)) + dice.sample(train, min(len(train), REPLAYED_ROWS))
        torch.set_num_threads(threads)
        gold = torch.tensor([labels.index(row.label) for row in rows], device=trained.compute.device)
        functional.cross_entropy(trained.forward(trained.tokens(rows)), gold).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        optimizer.zero_grad()
        torch.set_num_threads(1)
        yield
