"""`make bench-budget DATA=FOLDER`: what people's labels of a stream buy, with an LLM's labels beside them and without.

People are simulated by the pool's labels, the LLM by recorded ones. An arm is made of the labels it may see by the
product's own code, its recipe is chosen by `auto` inside the pool, with the first seed, and then it is trained with
each seed; proof rows are scored and choose nothing. The most telling figures come first: the first budget with two
seeds, then the other budgets. Each finished one is a line in ``OUT/figures.jsonl``, so a rerun goes on where it was;
table, curves and goals are written anew after each.

``DATA`` has a folder for each task with ``train``, ``pool``, ``proof`` and, if there are, ``test`` and ``dev``.
``transcripts`` beside it may have what arms need: ``TASK.labels.jsonl`` (an LLM's labels: id, split, label, certainty),
``TASK.hunt200.json`` with ``TASK.teach200.jsonl`` (a recorded hunt, and samples that an LLM wrote from its finds),
``TASK.jsonl`` (an LLM's teaching). An arm that lacks its files is left out.

Options from the environment, with commas: ``TASKS``, ``ARMS``, ``BUDGETS``, ``SEEDS``; and ``OUT`` (a folder).
"""

from __future__ import annotations

import os
import shutil
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from engine.data.leak_guard import LeakGuard
from engine.data.proof_rows import judged_rows
from engine.discovery.pipeline import discover
from engine.files import read_json, read_lines
from engine.model.model_registry import ModelRef, current_model, predictions
from engine.project import SETTINGS_FILE, Project
from engine.proof.arms import Arm, choose_arms, plan_runs
from engine.proof.controls import control_arms
from engine.proof.label_arms import LABELS, LLM_LABELS, TrainableLabels, label_arms
from engine.proof.label_selection import choose_by_labels
from engine.proof.metrics import Scored
from engine.proof.request import FEWEST_TO_CHOOSE
from engine.proof.training_sets import kept_rows, training_task
from engine.schema import Example, RowLabel, Teacher
from engine.settings import change_setting
from engine.teaching.import_records import import_teaching
from engine.teaching.labels import Labels
from engine.teaching.records import Records, Typed
from engine.teaching.revisions import RecordKind
from tests.bench.budget_report import Cell, Finished, write_report
from tests.bench.hunting import WAYS, Pool
from tests.bench.measure import machine, machine_line, options
from tests.bench.proof import SEEDS, TEACHER, Watch, create

ARMS = {
    "hunt+llm": "hunted rows, and an LLM's labels of the stream",
    "llm": "an LLM's labels of the stream",
    "all": "people's labels of the whole pool",
    "hunt": "hunted rows",
    "random": "confident rows at random",
    "hunt+llm+samples": "a recorded hunt, an LLM's labels, and samples that it wrote from the finds",
    "uus+llm": "all UUs, for which all confident rows are labelled, and an LLM's samples",
}
"""Name and content of each, in the order in which they are trained."""

BUDGETS = (200, 100, 50, 400)
FIGURES = "figures.jsonl"  # of OUT
RECORDED = 200  # labels of the recorded hunt
HUNT_SEED = 13
KEPT = {"paraphrase": "average"}  # recipe of uus+llm, as the pools said (README); elsewhere `keep`
PEOPLE, LLM = Teacher("people", "human"), Teacher("recording", "llm", recorded=True)


class _Given(Records):
    """Labels as if people and an LLM had given them, in memory."""

    def __init__(self, folder: Path, given: list[RowLabel]) -> None:
        super().__init__(folder)
        self._given = given

    def by_author(self, kind: RecordKind) -> Iterator[tuple[str, Typed]]:
        """The labels, by who gave them."""
        return ((one.teacher.name, one) for one in self._given if kind == "label")


@dataclass(frozen=True)
class Lesson:
    """An arm with the recipe that it is trained with, and what `auto` saw (empty: it did not choose)."""

    arm: Arm
    recipe: str
    choice: dict[str, Any]


class Judged:
    """What models of a project say of its proof rows, and of test if there is one."""

    def __init__(self, project: Project, watch: Watch) -> None:
        self._project, self._watch = project, watch
        test = {"test": project.examples("test")} if project.has_split("test") else {}
        self._rows: dict[str, list[Example]] = {"proof": judged_rows(project), **test}

    def finished(self, cell: Cell, line: dict[str, Any], *, make: bool = False) -> Finished:
        """A cell and what is kept of it, with what its model and the baseline of its seed say.

        ``make``: whether that baseline is trained if need be.
        """
        model = ModelRef(line["training"], self._project.models_dir / line["training"], line["model"])
        baseline = current_model(self._project, seed=cell.seed, make=make, monitor=self._watch)
        return Finished(cell, line, self.scored(model), self.scored(baseline), self._project.settings)

    def scored(self, model: ModelRef) -> dict[str, Scored]:
        """What a model says, by split; computed once."""
        number = {label: place for place, label in enumerate(self._project.labels)}
        found = {}
        for split, rows in self._rows.items():
            logits = predictions(self._project, model, rows, split_key=f"budget-{split}", monitor=self._watch)
            found[split] = Scored.from_logits(logits, np.array([number[row.label] for row in rows]))
        return found


class Task:
    """A task's project, and the arms made of it."""

    def __init__(self, data: Path, name: str, root: Path, first_seed: int) -> None:
        self.name, self._first_seed, self._watch = name, first_seed, Watch(name)
        if not (root / "manifest.json").is_file():
            create(data / name, root)
        change_setting(root / SETTINGS_FILE, "labelling", "llm_floor", 0.0)  # no audit is simulated
        self.project = Project.open(root)
        self.judged = Judged(self.project, self._watch)
        self._transcripts = data.parent / "transcripts"
        self._lessons: dict[tuple[str, int], Lesson] = {}

    @cached_property
    def pool(self) -> Pool:
        """The confident rows of the model of the settings' first seed."""
        said = self._file("labels.jsonl")
        return Pool.of(self.project, said if said.is_file() else None, self.name)

    def missing(self, arm: str) -> str:
        """Which file an arm lacks; empty: none."""
        needed = {"llm": ["labels.jsonl"], "samples": ["hunt200.json", "teach200.jsonl"]}
        files = ["jsonl"] if arm == "uus+llm" else [file for part in arm.split("+") for file in needed.get(part, ())]
        return next((str(self._file(file)) for file in files if not self._file(file).is_file()), "")

    def budgets(self, arm: str, asked: Iterable[int]) -> list[int]:
        """Numbers of people's labels that an arm is trained with."""
        fixed = {"llm": 0, "all": self.project.manifest.splits["pool"].rows, "hunt+llm+samples": RECORDED}
        if arm == "uus+llm":
            return [len(self.pool.candidates)]
        return [fixed[arm]] if arm in fixed else [one for one in asked if one <= len(self.pool.candidates)]

    def train(self, cell: Cell, lines: dict[tuple[str, str], dict[str, Any]]) -> tuple[dict[str, Any], bool]:
        """The line of a cell, and whether it was made now. Its model is not kept."""
        lesson = self._lesson(cell)
        discovery = self.project.discovery() if lesson.recipe == "keep" else None
        kept = kept_rows(self.project, discovery, [lesson.recipe], (), monitor=self._watch)
        run = plan_runs(self.project, [lesson.arm], seeds=[cell.seed], recipes=[lesson.recipe], kept=len(kept))[-1]
        task = training_task(self.project, run, self.project.examples("train"), kept, stop=None, monitor=self._watch)
        key = task.plan(self.project).key(task.rows, task.kept)
        if (self.name, key) in lines:
            return lines[self.name, key], False
        model = task.run(self.project, self._watch)
        self.judged.scored(model)
        shutil.rmtree(task.folder(self.project))  # 90 MB; its scores are kept
        facts = {"rows": len(lesson.arm.samples), "recipe": lesson.recipe, "choice": lesson.choice}
        return {**cell.as_json(), **facts, "training": key, "model": model.key, "machine": machine()}, True

    def _lesson(self, cell: Cell) -> Lesson:
        key = cell.arm, cell.budget
        if key not in self._lessons:
            if cell.arm == "uus+llm":
                self._lessons[key] = Lesson(self._uus(), KEPT.get(self.name, "keep"), {})
            else:
                self._lessons[key] = self._chosen(self._labelled(cell.arm, cell.budget))
        return self._lessons[key]

    def _chosen(self, arm: Arm) -> Lesson:
        if len(arm.labels) < FEWEST_TO_CHOOSE:
            return Lesson(arm, "average", {})  # as `retrain` advises
        choice, chosen = choose_by_labels(self.project, arm, seed=self._first_seed, monitor=self._watch)
        self._watch.note(choice.sentence)
        return Lesson(chosen, choice.recipe, choice.as_json())

    def _labelled(self, name: str, budget: int) -> Arm:
        """An arm of labels, as the product makes it of what people and the LLM have said."""
        gold = {row.id: row.label for row in self.project.examples("pool")}
        given = [RowLabel(row, gold[row], 3, PEOPLE, "file") for row in self._asked(name, budget, list(gold))]
        parts = name.split("+")
        if "llm" in parts:
            said = (orjson.loads(line) for line in read_lines(self._file("labels.jsonl")))
            mine = (one for one in said if one["split"] == "pool" and one["id"] in gold)
            given += [RowLabel(one["id"], one["label"], one["certainty"], LLM, "file") for one in mine]
        trainable = TrainableLabels(self.project, Labels(_Given(self.project.teaching_dir, given)))
        kind = LLM_LABELS if "llm" in parts else LABELS
        taught = [Arm("llm", self._samples())] if "samples" in parts else []
        (arm,) = label_arms(trainable, [f"{kind}+llm" if taught else kind], taught)
        return arm

    def _asked(self, name: str, budget: int, pool: list[str]) -> list[str]:
        """Ids of the rows that people label."""
        if name == "all":
            return pool
        if name == "hunt+llm+samples":
            found = [row["id"] for rows in read_json(self._file("hunt200.json")).values() for row in rows]
            return [row for row in found if row in pool]
        ways = {"random": WAYS[0], "hunt": WAYS[1], "hunt+llm": WAYS[2]}
        places = self.pool.hunt(ways[name], HUNT_SEED, budget) if name in ways else []
        return [self.pool.candidates.rows.ids[place] for place in places]

    def _samples(self) -> tuple[Example, ...]:
        """The recorded samples, without those that nearly equal a proof row."""
        guard, lines = LeakGuard(self.project), map(orjson.loads, read_lines(self._file("teach200.jsonl")))
        rows = (Example(f"s{n}", one["text"], one["label"], one.get("text_pair")) for n, one in enumerate(lines))
        return tuple(row for row in rows if not guard.is_leak(row.text, row.text_pair))

    def _uus(self) -> Arm:
        discover(self.project, monitor=self._watch)
        import_teaching(self.project, [self._file("jsonl")], TEACHER, monitor=self._watch)
        taught = choose_arms(Records(self.project.teaching_dir).samples(), ["llm"])
        (arm,) = control_arms(self.project, self.project.discovery(), ["uus+llm"], taught)
        return arm

    def _file(self, ending: str) -> Path:
        return self._transcripts / f"{self.name}.{ending}"


def kept_lines(out: Path) -> list[dict[str, Any]]:
    """The lines of the cells that are finished in a folder; none: it is no budget's."""
    made = out / FIGURES
    return [orjson.loads(line) for line in read_lines(made)] if made.is_file() else []


def finished(out: Path) -> list[list[Finished]]:
    """The cells that are finished in a folder, those of equal arm and budget together, by seed; nothing is trained."""
    names = [one.name for one in fields(Cell)]
    latest = {Cell(*(line[name] for name in names)): line for line in kept_lines(out)}
    judged = {name: Judged(Project.open(out / name), Watch(name)) for name in {cell.task for cell in latest}}
    groups: defaultdict[tuple[str, str, int], list[Finished]] = defaultdict(list)
    for cell in sorted(latest, key=lambda one: one.seed):
        groups[cell.task, cell.arm, cell.budget].append(judged[cell.task].finished(cell, latest[cell]))
    return list(groups.values())


def main() -> int:
    """Train cell after cell, and report after each."""
    if options.data is None:
        print("name the folder of the public data: make bench-budget DATA=FOLDER", file=sys.stderr)
        return 2
    print(machine_line(), flush=True)
    out, data = Path(os.environ.get("OUT") or "bench-results/budget"), options.data
    names = _asked("TASKS") or sorted(
        one.name for one in data.iterdir() if all((one / f"{n}.jsonl").is_file() for n in ("train", "pool", "proof"))
    )
    seeds = [int(one) for one in _asked("SEEDS")] or list(SEEDS)
    tasks = {name: Task(data, name, out / name, seeds[0]) for name in names}
    lines = {(one["task"], one["training"]): one for one in kept_lines(out)}
    budgets = [int(one) for one in _asked("BUDGETS")] or list(BUDGETS)
    done: list[Finished] = []
    for cell in _cells(tasks, _asked("ARMS") or list(ARMS), budgets, seeds):
        task = tasks[cell.task]
        line, is_new = task.train(cell, lines)
        done.append(task.judged.finished(cell, line, make=True))
        if is_new:
            with (out / FIGURES).open("ab") as file:
                file.write(orjson.dumps(line) + b"\n")
            write_report(done, ARMS, out)
    write_report(done, ARMS, out)
    print((out / "budget.md").read_text(), flush=True)
    return 0


def _cells(tasks: dict[str, Task], arms: list[str], budgets: list[int], seeds: list[int]) -> Iterator[Cell]:
    """All cells, the most telling ones first; an arm that cannot be made is named once and left out."""
    able = {name: [arm for arm in arms if not task.missing(arm)] for name, task in tasks.items()}
    for name, task in tasks.items():
        for arm in arms:
            if arm not in able[name]:
                print(f"{name}: arm {arm} is left out: there is no {task.missing(arm)}", flush=True)
    stages = [(seeds[:1], True), (seeds[1:2], True), (seeds[:1], False), (seeds[1:2], False)]
    for seed in seeds[2:]:
        stages += [([seed], True), ([seed], False)]
    for chosen, is_first in stages:
        for arm in arms:
            for name in (name for name in tasks if arm in able[name]):
                with_first, every = (tasks[name].budgets(arm, given) for given in (budgets[:1], budgets))
                for budget in with_first if is_first else every[len(with_first) :]:
                    yield from (Cell(name, arm, budget, seed) for seed in chosen)


def _asked(name: str) -> list[str]:
    return [one for one in os.environ.get(name, "").split(",") if one]


if __name__ == "__main__":
    sys.exit(main())
