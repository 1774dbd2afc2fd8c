"""The live verdict: from a key on the pty to the verdict on the new text on the screen, with the real MiniLM."""

from __future__ import annotations

import random
import tempfile
import time
from pathlib import Path

import sample_data
from engine.data.create import create_project
from engine.discovery.run import discover
from engine.progress import Silent
from tests.bench.measure import figure
from tests.bench.terminal import Screen

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
        with Screen(root) as screen:
            screen.until("UUs")
            screen.settle()
            screen.send("d")
            screen.until("pattern")
            screen.send("\x14")  # ctrl+t: a sample
            screen.until("shows here", seconds=120)
            screen.send(text)
            screen.settle(seconds=2.0)
            dice, spent = random.Random(13), []
            for _ in range(KEYS):
                began = time.perf_counter()
                screen.send(dice.choice("abcdefghijklmnopqrstuvwxyz"))
                taken = screen.answer("")[0]
                assert taken < 1.0
                spent.append((time.perf_counter() - began - 0.08) * 1000)
                screen.settle(seconds=dice.uniform(0.05, 0.25))  # the pace of a person
        figure(f"live verdict, {WORDS} words, key to screen", spent, goal="p95 <= 120 ms")


if __name__ == "__main__":
    main()
