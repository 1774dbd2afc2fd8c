"""`make bench-proof DATA=FOLDER`: the whole method on public tasks, with LLM-written samples as the teaching.

For each task a project is made, discovered, taught from the transcripts beside the data, and every arm and control is
trained with every recipe and seed. Each finished run is kept in the project, so a rerun goes on where it was. At the
end of a task its report is written as Markdown and HTML, and the goals are printed as they came out.

Options from the environment: ``TASKS``, ``SEEDS``, ``ARMS``, ``RECIPES`` (with commas) and ``OUT`` (a folder).
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from engine.discovery.pipeline import discover
from engine.files import read_json, read_lines
from engine.operations.create_project import create_project
from engine.operations.history import history
from engine.project import Project
from engine.proof.request import RetrainRequest
from engine.proof.run import retrain
from engine.schema import Teacher
from engine.teaching.import_records import import_teaching
from tests.bench.measure import machine_line, options
from tui.reporting.html_page import page
from tui.reporting.markdown import markdown

TASKS = ("sentiment", "nli", "paraphrase")
ARMS = ("llm", "uus", "uus+llm", "anchors", "pool-n", "train-n", "pool", "pool+llm", "eda", "temperature")
RECIPES = ("average", "keep")
SEEDS = (13, 14, 15, 16, 17)
TEACHER = Teacher("transcripts", "llm", recorded=True)
GOAL = 0.2  # share by which UUs at matched coverage shall fall


class Watch:
    """Prints each stage once, and notes."""

    def __init__(self, task: str) -> None:
        self._task = task
        self._stage = ""
        self._began = time.monotonic()

    def step(self, stage: str, done: int, total: int, **facts: float | int | str) -> None:
        """Say what is at work now."""
        if stage != self._stage:
            self._stage = stage
            print(f"{self._task} {time.monotonic() - self._began:6.0f} s  {stage}", flush=True)

    def note(self, message: str) -> None:
        """Pass on what was found."""
        print(f"{self._task}           {message}", flush=True)


def main() -> int:
    """Prove task by task."""
    if options.data is None:
        print("name the folder of the public data: make bench-proof DATA=FOLDER", file=sys.stderr)
        return 2
    print(machine_line(), flush=True)
    out = Path(os.environ.get("OUT") or "bench-results/proof")
    for task in _chosen("TASKS", TASKS):
        report = prove(options.data, task, out / task)
        for line in goals(report):
            print(f"{task}: {line}", flush=True)
    return 0


def prove(data: Path, task: str, root: Path) -> dict[str, Any]:
    """Make or take up the project of a task, prove it, and write its report beside it."""
    watch = Watch(task)
    project = Project.open(root) if (root / "manifest.json").is_file() else create(data / task, root)
    discover(project, monitor=watch)
    here = Path(__file__).parent / "teacher"
    files = [*sorted((data.parent / "transcripts").glob(f"{task}*.jsonl")), *sorted(here.glob(f"{task}*.jsonl"))]
    import_teaching(project, files, TEACHER, monitor=watch)
    asked = RetrainRequest(
        arms=tuple(_chosen("ARMS", ARMS)),
        recipes=tuple(_chosen("RECIPES", RECIPES)),
        seeds=tuple(int(seed) for seed in _chosen("SEEDS", [str(seed) for seed in SEEDS])),
    )
    path = retrain(project, asked, monitor=watch)
    report: dict[str, Any] = read_json(path)
    root.with_suffix(".md").write_text(markdown(report, history(project), project.root))
    root.with_suffix(".html").write_text(page(report, history(project), project.root))
    return report


def goals(report: dict[str, Any]) -> list[str]:
    """What the goals ask, as it came out, a line each."""
    base = report["baseline"]["proof"]["uu_at_matched_coverage"]["mean"]
    found = []
    for arm in report["arms"]:
        matched = arm["proof"]["uu_at_matched_coverage"]["mean"]
        change = matched / base - 1 if base else 0.0
        lost = arm["test"]["difference"]["accuracy"]
        reached = change <= -GOAL and lost["low"] >= -report["margin"]
        found.append(
            f"{arm['arm']}, {arm['recipe']}: matched {base:.1f} -> {matched:.1f} ({100 * change:+.0f} %), "
            f"test accuracy {lost['mean']:+.3f} (at least {lost['low']:+.3f}), {arm['verdict']}"
            f"{', goal reached' if reached else ''}"
        )
    return found


def create(folder: Path, root: Path) -> Project:
    """Make the project of a task from its files; there may be no test and no dev."""
    files = {
        path.stem: path
        for name in ("train", "pool", "proof", "test", "dev")
        if (path := folder / f"{name}.jsonl").is_file()
    }
    pair = "text_pair" if "text_pair" in orjson.loads(next(iter(read_lines(files["train"])))) else None
    return create_project(root, **files, text="text", pair=pair, label="label")  # type: ignore[arg-type]


def _chosen(name: str, usual: Sequence[str]) -> list[str]:
    return [one for one in os.environ.get(name, "").split(",") if one] or list(usual)


if __name__ == "__main__":
    sys.exit(main())
