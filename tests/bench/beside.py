"""Keys of the app over 20,000 rows on a pty of 80x24, before, while and after a retrain trains: key to paint."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from engine import jobs
from engine.operations.job_records import RetrainOptions
from engine.project import SETTINGS_FILE, Project
from engine.schema import Sample, Teacher
from engine.settings import write_settings
from engine.teaching.records import Teaching
from tests.bench.keys import discovered
from tests.bench.measure import figure, options
from tests.terminals import Terminal

MOVES = 100
_LONG = 1000  # passes: the training outlasts the keys
_WAIT = 600.0  # seconds for the first step; the model libraries are imported first


def main() -> None:
    """Print figures without a job, with a retrain of two seeds that has two threads, and after it was stopped."""
    rows = options.rows or 20_000
    with tempfile.TemporaryDirectory() as folder:
        root = discovered(Path(folder) / "work", rows)
        _make_ready(Project.open(root))
        with Terminal(root) as screen:
            screen.sees("UUs")
            screen.answer(b"\r", settled=1.0)
            screen.sees("model says")
            screen.settle(2.0)
            _measure(screen, f"cursor move, {rows:,} rows, no job")
            with _training(root) as trains:
                _measure(screen, f"cursor move, {rows:,} rows, while a retrain trains", job=trains)
            _measure(screen, f"cursor move, {rows:,} rows, after it")


def _make_ready(project: Project) -> None:
    """One sample to train with, two seeds and two threads."""
    settings = project.settings
    training = replace(settings.training, epochs=_LONG)
    write_settings(
        project.root / SETTINGS_FILE,
        replace(settings, training=training, compute=replace(settings.compute, threads=2)),
    )
    with Teaching(project.teaching_dir, "ben").store.edit("write") as edit:
        text = "Thank you so much for the third delay in one week."
        sample = Sample("S1@ben", "B1", text, project.labels[0], "target", Teacher("ben", "human"))
        edit.put("sample", sample.id, sample)


@contextmanager
def _training(root: Path) -> Iterator[str]:
    """A retrain of two seeds whose trainings have begun; gives what it trains, and stops it in the end."""
    job = jobs.start(root, RetrainOptions(arms=("human",), recipes=("scratch",), seeds=(13, 14)))
    end = time.monotonic() + _WAIT
    while not (found := jobs.find_job(root, job)).facts.get("rows_per_second"):
        if found.state != "running" or time.monotonic() > end:
            raise RuntimeError(f"the job does not train: {found.state} {found.message}")
        time.sleep(0.5)
    try:
        yield found.stage
    finally:
        jobs.stop(root, job)
        while jobs.find_job(root, job).state == "running":
            time.sleep(0.5)


def _measure(screen: Terminal, name: str, **facts: str) -> None:
    times = [screen.answer(b"j")[0] * 1000 for _ in range(MOVES)]
    figure(name, times, goal="p95 <= 40 ms", **facts)


if __name__ == "__main__":
    main()
