"""Two seeds of MiniLM on the bundled rows: side by side with a thread each, against one after the other with two."""

from __future__ import annotations

import tempfile
import time
from functools import partial
from pathlib import Path

import sample_data
from engine.model.model_registry import scratch
from engine.model.side_by_side import QueuedTraining, Room, train_side_by_side
from engine.model.training_task import StartOfTraining, TrainingTask
from engine.operations.create_project import create_project
from engine.progress import Silent
from tests.bench.measure import compare, options

SEEDS = (13, 14)
EPOCHS = 2
RUNS = 3


def main() -> None:
    """Print seconds and the ratio; each has its processes start and import the model libraries anew."""
    spent: dict[int, list[float]] = {2: [], 1: []}
    for _ in range(RUNS):
        for processes in spent:
            with tempfile.TemporaryDirectory() as folder:
                spent[processes].append(_train(Path(folder) / "work", Room(processes, 2 // processes)))
    rows = options.rows or "the bundled"
    name = f"two seeds, {rows} rows, {EPOCHS} epochs, two processes of one thread"
    compare(name, spent[2], "one process of two threads", spent[1], goal=">= 1")


def _train(root: Path, room: Room) -> float:
    data = sample_data.FOLDER / "data"
    files = {name: data / f"{name}.jsonl" for name in ("train", "pool", "proof", "test")}
    project = create_project(root, **files, text="text", label="label")  # type: ignore[arg-type]
    start = scratch(project, monitor=Silent())
    rows = tuple(project.examples("train")[: options.rows])
    begin = StartOfTraining(start.name, str(start.folder), start.key)
    tasks = [TrainingTask(rows, seed, begin, changes={"epochs": EPOCHS}) for seed in SEEDS]
    wanted = [QueuedTraining(f"seed {task.seed}", 1, partial(_same, task)) for task in tasks]
    began = time.perf_counter()
    train_side_by_side(project, wanted, room, Silent())
    return time.perf_counter() - began


def _same(task: TrainingTask) -> TrainingTask:
    return task


if __name__ == "__main__":
    main()
