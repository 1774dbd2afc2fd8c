"""The app over 100,000 rows on a pty of 80x24: bytes and milliseconds of keys, idle traffic, memory."""

from __future__ import annotations

import tempfile
from pathlib import Path

from engine.project import Project
from engine.schema import BlindSpot, Prediction
from tests.bench.measure import figure, keep, options
from tests.bench.project import large_project
from tests.builders.discovery import discovery_of, save_discovery
from tests.terminals import Terminal

MOVES = 60
IDLE_SECONDS = 10.0


def main() -> None:
    """Print figures of a small and of the large project."""
    size = options.rows or 100_000
    with tempfile.TemporaryDirectory() as folder:
        for rows in (1_000, size):
            root = discovered(Path(folder) / f"project-{rows}", rows)
            with Terminal(root) as screen:
                screen.sees("UUs")
                screen.settle(1.0)
                _keys(screen, rows)
                _idle(screen, rows)
                keep({"name": "memory of the app", "rows": rows, "mb": screen.memory_mb})
                print(f"memory of the app, {rows} rows, after all this: {screen.memory_mb:.0f} MB", flush=True)


def discovered(root: Path, rows: int) -> Path:
    """A project whose one blind spot has all pool rows, as a discovery would write it."""
    project = Project.open(large_project(root, rows=rows))
    pool = project.examples("pool")
    labels = project.labels
    said = {row.id: next(label for label in labels if label != row.label) for row in pool}
    found = {row.id: Prediction(row.id, row.text, row.label, said[row.id], 0.95, (0.05, 0.95)) for row in pool}
    spot = BlindSpot("B1", labels[0], labels[1], tuple(found), 0.95, 0.4, ("much", "rows"))
    places = dict.fromkeys(found, (0.5, 0.5))
    save_discovery(project, discovery_of([spot], found, labels=labels, projection=places, next_id=2))
    return root


def _keys(screen: Terminal, rows: int) -> None:
    spent, _ = screen.answer(b"\r", settled=1.0)
    screen.sees("model says")
    figure(f"open the evidence, {rows} rows", [spent * 1000])
    screen.settle(2.0)
    moves = [screen.answer(b"j") for _ in range(MOVES)]
    figure(f"cursor move, {rows} rows", [spent * 1000 for spent, _ in moves], goal="p95 <= 30 ms")
    figure(f"cursor move, {rows} rows, bytes", [count for _, count in moves], unit="bytes", goal="p95 <= 600")
    for name, keys in (("mark a row", b"af"), ("undo", b"u"), ("last row and first row", b"Gg")):
        answers = [screen.answer(keys[turn % len(keys) :][:1]) for turn in range(10)]
        figure(f"{name}, {rows} rows", [spent * 1000 for spent, _ in answers])
        figure(f"{name}, {rows} rows, bytes", [count for _, count in answers], unit="bytes")


def _idle(screen: Terminal, rows: int) -> None:
    for name, keys in (
        ("evidence", b""),
        ("describe", b"d"),
        ("map", b"\x1b\x1b\x1bm"),
        ("proof", b"p"),
        ("retrain", b"r"),
    ):
        screen.send(keys)
        screen.settle(12.0 if name == "describe" else 2.0)  # the scorer says when it is ready
        figure(
            f"idle traffic in {IDLE_SECONDS:g} s, {name}, {rows} rows",
            [screen.quiet(IDLE_SECONDS)],
            unit="bytes",
            goal="0",
        )


if __name__ == "__main__":
    main()
