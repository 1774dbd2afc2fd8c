"""Hunting against labels at random: UUs among the first labels, on three public pools, by the product's own selection.

People are simulated by the pools' labels, which are hidden until a row has been chosen and labelled; rows are chosen in
batches while others lie ahead, as `engine.hunt.hunt_process` does it. The LLM's labels are recorded ones
(``TASK.labels.jsonl`` with id, split, label, certainty). Only pool rows are looked at. Each finished draw is kept under
``OUT``, so a rerun goes on where it was.

Options from the environment: ``DATA``, ``TRANSCRIPTS`` (default: ``transcripts`` beside ``DATA``), ``TASKS``, ``SEEDS``
(with commas) and ``OUT`` (default: ``bench-results/hunting``).
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
import orjson

from engine.discovery.calibration import UNKNOWN
from engine.hunt.begin_hunt import FIRST
from engine.hunt.candidates import Candidates, Ints
from engine.hunt.find_candidates import find_candidates
from engine.hunt.hunting import BATCH
from engine.hunt.learner import Known
from engine.hunt.selection import choose
from engine.project import Project
from tests.bench.measure import keep, options
from tests.bench.proof import TASKS, Watch, create

LABELS = (50, 100, 200, 400)
GOALS = {"sentiment": 2.4, "nli": 2.4, "paraphrase": 1.7}  # times as many UUs as at random, 200 labels, with an LLM
WAYS = ("random", "hunt", "hunt with an LLM")
LEAST_CELL = 0.1  # share of the UUs from which on a confusion cell is to get at least half of its share
_NOBODY = np.zeros(0, dtype=np.intp)


@dataclass(frozen=True)
class Pool:
    """The candidates of a task with their right labels and what an LLM says of them."""

    candidates: Candidates
    gold: Ints
    said: Ints
    certainty: Ints

    @classmethod
    def of(cls, project: Project, transcript: Path | None, task: str) -> Pool:
        """Train or find the current model, score and embed the pool, and read the labels; ``transcript``: an LLM's."""
        candidates = find_candidates(project, monitor=Watch(task))
        number = {label: place for place, label in enumerate(project.labels)}
        gold = {row.id: number[row.label] for row in project.examples("pool")}
        lines = [orjson.loads(line) for line in transcript.read_bytes().splitlines()] if transcript else []
        llm = {line["id"]: line for line in lines if line["split"] == "pool" and line["label"] in number}
        ids = candidates.rows.ids
        return cls(
            candidates,
            np.array([gold[row] for row in ids]),
            np.array([number[llm[row]["label"]] if row in llm else UNKNOWN for row in ids]),
            np.array([llm[row]["certainty"] if row in llm else 0 for row in ids]),
        )

    @property
    def is_uu(self) -> Any:
        """(n,) whether the model is wrong."""
        return np.not_equal(self.gold, self.candidates.predicted)

    def cells(self, places: Any) -> Counter[str]:
        """UUs in some places, by confusion cell."""
        labels = self.candidates.rows.labels
        pairs = zip(self.gold[places], self.candidates.predicted[places], strict=True)
        return Counter(f"{labels[gold]} -> {labels[said]}" for gold, said in pairs if gold != said)

    def hunt(self, way: str, seed: int, count: int) -> Ints:
        """Places of the first ``count`` rows that are labelled, in their order."""
        if way == "random":
            return np.random.default_rng(seed).permutation(len(self.gold))[:count]
        with_llm = way == WAYS[2]
        said = self.said if with_llm else np.full(len(self.gold), UNKNOWN)
        certainty = self.certainty if with_llm else np.zeros(len(self.gold), dtype=np.intp)
        right, asked = np.full(len(self.gold), UNKNOWN), list[int]()
        while len(asked) < count:
            labelled = asked[: max(0, len(asked) - BATCH + 1)]  # the others still lie ahead when more are chosen
            right[labelled] = self.gold[labelled]
            picks = choose(
                self.candidates,
                Known(right, said, certainty),
                np.array(asked, dtype=np.intp),
                _NOBODY,
                count=BATCH if asked else FIRST,
                at_random=0.2,
                seed=seed,
            )
            asked += [pick.place for pick in picks]
        return np.array(asked[:count])


def main() -> None:
    """One line a task and way, and whether the goals are reached."""
    if options.data is None:
        print("hunting needs DATA, the folder of the public data", flush=True)
        return
    given = os.environ.get
    out = Path(given("OUT") or "bench-results/hunting")
    transcripts = Path(given("TRANSCRIPTS") or options.data.parent / "transcripts")
    seeds = [int(seed) for seed in (given("SEEDS") or "1,2,3,4,5").split(",")]
    for task in (given("TASKS") or ",".join(TASKS)).split(","):
        root = out / task
        project = Project.open(root) if (root / "manifest.json").is_file() else create(options.data / task, root)
        pool = Pool.of(project, transcripts / f"{task}.labels.jsonl", task)
        draws = [_draw(pool, out / f"{task}.draws.jsonl", way, seed) for way in WAYS for seed in seeds]
        _tell(task, pool, draws)


def _draw(pool: Pool, file: Path, way: str, seed: int) -> dict[str, Any]:
    """One draw: found finished, or made now."""
    key = {"way": way, "seed": seed, "candidates": pool.candidates.rows.key}
    for line in file.read_bytes().splitlines() if file.is_file() else ():
        if orjson.loads(line).items() >= key.items():
            return dict(orjson.loads(line))
    asked = pool.hunt(way, seed, LABELS[-1])
    found = {str(count): int(pool.is_uu[asked[:count]].sum()) for count in LABELS}
    made = {**key, "uus": found, "cells": pool.cells(asked[:200]), "rows": asked.tolist()}
    with file.open("ab") as out:
        out.write(orjson.dumps(made) + b"\n")
    return made


def _tell(task: str, pool: Pool, draws: list[dict[str, Any]]) -> None:
    count, uus = len(pool.gold), int(pool.is_uu.sum())
    print(f"{task}: {count} confident rows, {uus} UUs ({uus / count:.3f})", flush=True)
    all_cells = pool.cells(np.arange(count))
    for way in WAYS:
        mine = [draw for draw in draws if draw["way"] == way]
        means = [mean(draw["uus"][str(labels)] for draw in mine) for labels in LABELS]
        ratio = means[2] / (200 * uus / count)
        least = min(
            (draw["cells"].get(cell, 0) / sum(draw["cells"].values())) / (total / uus)
            for draw in mine
            for cell, total in all_cells.items()
            if total >= LEAST_CELL * uus
        )
        shares = {
            cell: (total / uus, mean(draw["cells"].get(cell, 0) / sum(draw["cells"].values()) for draw in mine))
            for cell, total in all_cells.most_common()
        }
        goal = f" (goal {GOALS[task]:g})" if way == WAYS[2] and task in GOALS else ""
        print(
            f"  {way}: {' / '.join(f'{one:.0f}' for one in means)} UUs among {' / '.join(map(str, LABELS))} labels; "
            f"{ratio:.2f} times random at 200{goal}; the least share of a cell over its share of all UUs {least:.2f}",
            flush=True,
        )
        keep({"name": f"hunting {task}, {way}", "uus": means, "ratio": ratio, "least": least, "draws": len(mine)})
        if way != "random":
            parts = "; ".join(f"{cell} {mine_:.2f} of {all_:.2f}" for cell, (all_, mine_) in shares.items())
            print(f"    share of each cell among 200 labels' finds, of its share of all UUs: {parts}", flush=True)


if __name__ == "__main__":
    main()
