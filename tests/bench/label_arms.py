"""`python -m tests.bench.label_arms`: what `auto` chooses for arms of labels, inside the pool; no proof row takes part.

On the public tasks of `make bench-proof`, with the LLM labels recorded beside the data as an LLM's, and 200 gold labels
of pool rows as people's: those of a recorded hunt where there is one, else drawn at random. Each finished training is
kept in the project, so a rerun goes on where it was. What each candidate made of the labels held out is printed, and
kept in ``OUT/TASK.choices.json``.

Options from the environment: ``DATA`` (folder of the public data), ``TASKS`` and ``ARMS`` (with commas), ``OUT``.
"""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

import orjson

from engine.discovery.pipeline import discover
from engine.files import read_json, read_lines, write_json, write_jsonl
from engine.project import SETTINGS_FILE, Project
from engine.proof.label_selection import choose_by_labels
from engine.proof.request import RetrainRequest, arms_asked
from engine.settings import change_setting
from engine.teaching.import_labels import import_labels
from engine.teaching.labels import Labels
from engine.teaching.records import Records
from tests.bench.measure import machine_line, options
from tests.bench.proof import Watch, create

TASKS = ("sentiment", "paraphrase", "nli")
ARMS = ("llm-labels", "labels")
PEOPLE = 200


def main() -> int:
    """Choose task by task."""
    if options.data is None:
        print("name the folder of the public data: DATA=FOLDER", file=sys.stderr)
        return 2
    print(machine_line(), flush=True)
    out = Path(os.environ.get("OUT") or "bench-results/label-arms")
    for task in _chosen("TASKS", TASKS):
        choose(options.data, task, out / task)
    return 0


def choose(data: Path, task: str, root: Path) -> None:
    """Make or take up the project of a task, label its pool, and let `auto` choose for each arm."""
    watch = Watch(task)
    project = Project.open(root) if (root / "manifest.json").is_file() else create(data / task, root)
    change_setting(root / SETTINGS_FILE, "labelling", "llm_floor", 0.0)  # people's labels are of a hunt: none checks it
    project = Project.open(root)
    found = discover(project, monitor=watch)
    print(f"{task}: {found.n_pool:,} pool rows, {len(found.uus):,} UUs, coverage {found.coverage:.3f}", flush=True)
    _label(project, data, task)
    records, made = Records(project.teaching_dir), {}
    for name in _chosen("ARMS", ARMS):
        request = RetrainRequest(arms=(name,))
        (arm,) = arms_asked(project, (), records.doubtful_rows(), request, given=Labels(records))
        choice, chosen = choose_by_labels(project, arm, seed=project.settings.proof.seeds[0], monitor=watch)
        sources = arm.sources
        assert sources is not None
        print(f"{task}: {name}: {sources.sentence}; {len(chosen.labels):,} of them chosen", flush=True)
        print(f"{task}: {name}: {choice.sentence}", flush=True)
        made[name] = choice.as_json() | {"labels": len(chosen.labels)}
        write_json(root.with_suffix(".choices.json"), made)


def _label(project: Project, data: Path, task: str) -> None:
    """The LLM's recorded labels of pool rows, and gold labels as people's."""
    recorded = map(orjson.loads, read_lines(data.parent / "transcripts" / f"{task}.labels.jsonl"))
    files = {name: project.root.parent / f"{project.root.name}.{name}.jsonl" for name in ("llm", "people")}
    write_jsonl(files["llm"], [line for line in recorded if line["split"] == "pool"])
    import_labels(project, [files["llm"]], "llm", name="recording")
    gold = {row.id: row.label for row in project.examples("pool")}
    hunt = data.parent / "transcripts" / f"{task}.hunt{PEOPLE}.json"
    if hunt.is_file():
        chosen = [row["id"] for rows in read_json(hunt).values() for row in rows if row["id"] in gold]
    else:
        chosen = random.Random(13).sample(sorted(gold), PEOPLE)
    write_jsonl(files["people"], [{"id": row, "label": gold[row]} for row in chosen])
    import_labels(project, [files["people"]], "human", name="people")


def _chosen(name: str, usual: tuple[str, ...]) -> list[str]:
    return [one for one in os.environ.get(name, "").split(",") if one] or list(usual)


if __name__ == "__main__":
    sys.exit(main())
