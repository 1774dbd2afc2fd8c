"""Fine-tuning MiniLM against `transformers.Trainer` at its defaults: same rows, same passes, accuracy on held-out rows.

Each finished run is appended to the results file, and a rerun goes on with those that are missing.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
import orjson
import torch

import sample_data
from engine.model.classifier import Classifier
from engine.model.device import choose_compute
from engine.model.training import train
from engine.model.training_plan import TrainingPlan
from engine.model.weights import find_weights
from engine.progress import Silent
from engine.schema import Example
from engine.settings import ComputeSettings, TrainingSettings
from tests.bench.measure import compare, keep, kept, machine, options

SEEDS = (13, 14, 15)
EPOCHS = 2
MAX_LENGTH = 128


def main() -> None:
    """Print seconds, ratio and accuracies."""
    rows, test = _rows()
    labels = tuple(sorted({row.label for row in rows}))
    name = f"retrain {len(rows)} rows, {EPOCHS} epochs"
    finished = _finished(name)
    figures: dict[str, list[tuple[float, float]]] = {"ours": [], "Trainer": []}
    for seed in SEEDS:
        for who, run in (("ours", _ours), ("Trainer", _trainer)):
            if (who, seed) not in finished:
                seconds, accuracy = run(rows, test, labels, seed)
                keep({"name": f"{name}, one run", "who": who, "seed": seed, "seconds": seconds, "accuracy": accuracy})
                print(f"{name}: {who}, seed {seed}: {seconds:.0f} s, accuracy {accuracy:.4f}", flush=True)
                finished[who, seed] = seconds, accuracy
            figures[who].append(finished[who, seed])
    accuracies = {who: round(mean(accuracy for _, accuracy in runs), 4) for who, runs in figures.items()}
    compare(
        name,
        [seconds for seconds, _ in figures["ours"]],
        "transformers.Trainer at defaults",
        [seconds for seconds, _ in figures["Trainer"]],
        goal=">= 4.5",
        accuracy=accuracies,
        compute=str(choose_compute(ComputeSettings())),
    )


def _rows() -> tuple[list[Example], list[Example]]:
    def read(path: Path) -> list[Example]:
        return [Example(str(n), row["text"], row["label"]) for n, row in enumerate(map(orjson.loads, path.open("rb")))]

    folder = options.data / "sentiment" if options.data else sample_data.FOLDER / "data"
    return [*read(folder / "train.jsonl"), *read(folder / "pool.jsonl")][: options.rows], read(folder / "test.jsonl")


def _finished(name: str) -> dict[tuple[str, int], tuple[float, float]]:
    """Runs of this benchmark on this machine that are in the results file."""
    return {
        (one["who"], one["seed"]): (one["seconds"], one["accuracy"])
        for one in kept()
        if one["name"] == f"{name}, one run" and one["machine"] == machine()
    }


def _accuracy(predicted: Any, test: Sequence[Example], labels: Sequence[str]) -> float:
    return float(np.mean(predicted == np.array([labels.index(row.label) for row in test])))


def _ours(rows: Sequence[Example], test: Sequence[Example], labels: tuple[str, ...], seed: int) -> tuple[float, float]:
    weights, usual, compute = find_weights("all-MiniLM-L6-v2"), TrainingSettings(), choose_compute(ComputeSettings())
    plan = TrainingPlan(
        start=str(weights.path),
        start_key=weights.key,
        labels=labels,
        classifier_labels=(),
        seed=seed,
        epochs=EPOCHS,
        batch_size=usual.batch_size,
        learning_rate=usual.learning_rate,
        weight_decay=usual.weight_decay,
        max_length=MAX_LENGTH,
    )
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        out = train(plan, rows, out=Path(folder) / "model", compute=compute, monitor=Silent())
        seconds = time.perf_counter() - began
        model = Classifier.load(out, labels=labels, max_length=MAX_LENGTH, compute=compute)
        return seconds, _accuracy(model.logits(test, monitor=Silent()).argmax(axis=1), test, labels)


def _trainer(
    rows: Sequence[Example], test: Sequence[Example], labels: tuple[str, ...], seed: int
) -> tuple[float, float]:
    from transformers import (
        AutoModelForSequenceClassification,
        AutoTokenizer,
        DataCollatorWithPadding,
        Trainer,
        TrainingArguments,
    )

    os.environ["WANDB_DISABLED"] = "true"
    torch.set_num_threads(choose_compute(ComputeSettings()).threads)
    base = find_weights("all-MiniLM-L6-v2").path
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        tokenizer = AutoTokenizer.from_pretrained(base)
        torch.manual_seed(seed)
        model = AutoModelForSequenceClassification.from_pretrained(base, num_labels=len(labels))

        def tokens(examples: Sequence[Example]) -> list[dict[str, Any]]:
            made = tokenizer([row.text for row in examples], truncation=True, max_length=MAX_LENGTH)
            return [
                {name: values[n] for name, values in made.items()} | {"label": labels.index(row.label)}
                for n, row in enumerate(examples)
            ]

        arguments = TrainingArguments(
            folder,
            num_train_epochs=EPOCHS,
            seed=seed,
            report_to=[],
            save_strategy="no",
            use_cpu=not torch.cuda.is_available(),
            disable_tqdm=True,
        )
        trainer = Trainer(
            model=model,
            args=arguments,
            train_dataset=tokens(rows),
            processing_class=tokenizer,
            data_collator=DataCollatorWithPadding(tokenizer),
        )
        trainer.train()
        seconds = time.perf_counter() - began
        predicted = trainer.predict(tokens(test)).predictions.argmax(axis=1)  # type: ignore[union-attr]
        return seconds, _accuracy(predicted, test, labels)


if __name__ == "__main__":
    main()
