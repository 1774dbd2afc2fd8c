"""The live verdict: from a key on the pty to the verdict on the new text on the screen, with the real MiniLM."""

from __future__ import annotations

import os
import random
import sys
import tempfile
from pathlib import Path

import sample_data
from engine.discovery.pipeline import discover
from engine.operations.create_project import create_project
from engine.progress import Silent
from tests.bench.measure import figure
from tests.terminals import Terminal

KEYS = 60
WORDS = 30


def main() -> None:
    """Print median and 95th percentile."""
    data = sample_data.FOLDER / "data"
    files = {name: data / f"{name}.jsonl" for name in ("train", "pool", "proof", "test")}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "work"
        project = create_project(root, **files, text="text", label="label")  # type: ignore[arg-type]
        discover(project, monitor=Silent())
        text = " ".join(project.examples("train")[number].text.split()[0] for number in range(WORDS))
        with Terminal(root, env={"PYTHONPATH": os.pathsep.join(sys.path), "HF_HUB_OFFLINE": "1"}) as screen:
            screen.sees("UUs")
            screen.settle(1.0)
            screen.send(b"d")
            screen.sees("New pattern")
            screen.send(b"\x14")  # ctrl+t: a sample
            screen.sees("shows here")
            screen.send(text.encode())
            screen.settle(2.0)
            dice, spent = random.Random(13), []
            for _ in range(KEYS):
                # the answer has ended when nothing came for so long: longer than typing rests before it asks
                seconds, _ = screen.answer(dice.choice("abcdefghijklmnopqrstuvwxyz").encode(), settled=0.3)
                spent.append(seconds * 1000)
        figure(f"live verdict, {WORDS} words, key to screen", spent, goal="p95 <= 120 ms")


if __name__ == "__main__":
    main()
