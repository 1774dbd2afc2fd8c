"""Cold start to first paint on a pty of 80x24 against a minimal Textual app, in turn, each a new process."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.measure import compare
from tests.bench.project import large_project
from tests.terminals import Pty

MINIMAL = """
from textual.app import App
from textual.widgets import Static
class Minimal(App):
    def compose(self):
        yield Static("ready to work")
Minimal().run()
"""
RUNS = 15


def main() -> None:
    """Print medians and the ratio."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "minimal.py"
        script.write_text(MINIMAL)
        for rows in (500, 100_000):
            project = large_project(Path(folder) / f"project-{rows}", rows=rows)
            ours = [sys.executable, "-m", "tui", "open", str(project)]
            first_paint(ours, "blind spots")  # warm the file cache and the byte code
            pairs = [
                (first_paint(ours, "blind spots"), first_paint([sys.executable, str(script)], "ready to work"))
                for _ in range(RUNS)
            ]
            own, peer = ([pair[side] * 1000 for pair in pairs] for side in (0, 1))
            compare(
                f"first paint, {rows} pool rows",
                own,
                "a minimal Textual app",
                peer,
                goal="<= 1.5",
                unit="ms",
                upside_down=True,
            )


def first_paint(command: list[str], text: str) -> float:
    """Seconds from starting the process until the text stands on the screen."""
    began = time.perf_counter()
    with Pty(command, env={"PYTHONPATH": os.pathsep.join(sys.path)}) as screen:
        screen.sees(text)
        return time.perf_counter() - began


if __name__ == "__main__":
    main()
