"""Discovery of 1,000, 10,000 and 100,000 pool rows: seconds a row and peak memory, each in a process of its own.

The classifier is there before; what is measured is scoring, embedding, grouping, words, neighbours and map.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench.measure import keep, options
from tests.bench.project import large_project

SIZES = (1_000, 10_000, 100_000)
PROJECT = """
import resource, sys, time
from pathlib import Path
from engine.discovery.pipeline import discover
from engine.model.model_registry import current_model
from engine.progress import Silent
from engine.project import Project

project = Project.open(Path(sys.argv[1]))
current_model(project, monitor=Silent())
"""
DISCOVER = """
stages = {}
class Watch(Silent):
    stage, since = "", time.perf_counter()
    def step(self, stage, done, total, **facts):
        now = time.perf_counter()
        stages[self.stage] = stages.get(self.stage, 0.0) + now - self.since
        self.stage, self.since = stage, now

began, watch = time.perf_counter(), Watch()
found = discover(project, monitor=watch)
watch.step("end", 0, 0)
spent = time.perf_counter() - began
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
told = ", ".join(f"{name} {seconds:.1f}" for name, seconds in stages.items() if seconds > 0.05 and name)
print(f"{spent:.2f}|{peak:.0f}|{len(found.uus)} UUs, {len(found.blind_spots)} blind spots; {told}")
"""


def main() -> None:
    """Print seconds, seconds a row against the smallest, and peak memory."""
    sizes = [size for size in SIZES if options.rows is None or size <= options.rows]
    with tempfile.TemporaryDirectory() as folder:
        models: Path | None = None
        for size in sizes:
            root = large_project(Path(folder) / f"project-{size}", rows=size)
            if models is not None:
                models.rename(root / "models")  # the same train rows give the same classifier
            else:
                _run(PROJECT, root)
            models = root / "models"
            spent, peak, told = _run(PROJECT + DISCOVER, root).split("|")
            print(
                f"discover, {size} pool rows: {float(spent):.1f} s, {1e6 * float(spent) / size:.0f} us a row, peak "
                f"memory {peak} MB ({told.strip()})",
                flush=True,
            )
            keep({"name": "discover", "rows": size, "seconds": float(spent), "peak_mb": float(peak), "told": told})


def _run(script: str, root: Path) -> str:
    done = subprocess.run([sys.executable, "-c", script, str(root)], check=True, text=True, stdout=subprocess.PIPE)
    return done.stdout


if __name__ == "__main__":
    main()
