"""Labelling by single keys on a pty of 80x24: from a key to its paint, over a file and over a project."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.bench.measure import figure
from tests.builders.stream import at_work, stream_project
from tests.terminals import Pty

LABELS = 200
BEFORE = 5_000  # labels that the person has given already
ROWS = 20_000
_LABEL = "import sys; from tui.cli import main; sys.exit(main(['label', *sys.argv[1:]]))"


def main() -> None:
    """Print figures: a file of texts, a project of that many rows, and one in which the person has labelled many."""
    with tempfile.TemporaryDirectory() as folder:
        texts = Path(folder) / "texts.txt"
        texts.write_text("".join(f"text number {number} of the file\n" for number in range(ROWS)))
        out = texts.with_name("out.csv")
        _measure("a file", [str(texts), "--labels", "negative,positive", "--out", str(out)])
        project = stream_project(Path(folder) / "work", rows=ROWS)
        _measure("a project", [str(project.root), "--annotator", "ann"])
        with_many = at_work(project, "ben")
        for _ in range(BEFORE):
            with_many.session.label("positive")
        with_many.close()
        _measure(f"a project, {BEFORE:,} labels before", [str(project.root), "--annotator", "ben"])


def _measure(name: str, words: list[str]) -> None:
    with Pty([sys.executable, "-c", _LABEL, *words]) as screen:
        screen.sees("labelled")
        screen.settle(0.5)
        times = [screen.answer(b"12"[turn % 2 :][:1])[0] * 1000 for turn in range(LABELS)]
        figure(f"key to paint of the next row, {name}, {ROWS:,} rows", times, goal="p95 <= 30 ms")
        screen.send(b"q")


if __name__ == "__main__":
    main()
