"""A classifier that is a program: words that speak for a label, learned by counting. It starts in 30 ms.

And projects of single texts, small enough, whose settings name it.
"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Any

from engine.operations.outside_uses import outside_uses
from engine.project import Project
from engine.settings import ClassifierSettings, ComputeSettings, ProofSettings, Settings, TaskSettings
from engine.trust import agree
from tests.builders.project import lay_out
from tests.builders.rows import LABELS, rows

SCORE = """\
import json, math, sys

start = json.loads(sys.stdin.readline())
words = json.load(open(start["model"] + "/words.json")) if start["model"] else {}
labels = start["labels"]
print(json.dumps({"protocol": 1, "name": "keywords", "labels": labels}))
for line in sys.stdin:
    request = json.loads(line)
    found = []
    for row in request["rows"]:
        known = [words[word] for word in (row["text"] + " " + row.get("text_pair", "")).split() if word in words]
        odds = [math.exp(min(30, sum(one[label] for one in known))) for label in range(len(labels))]
        found.append([value / sum(odds) for value in odds])
    print(json.dumps({"id": request["id"], "probabilities": found}))
"""

TRAIN = """\
import json, math, sys

request = json.load(open(sys.argv[-1]))
counts = {}
for line in open(request["rows"]):
    row = json.loads(line)
    for word in (row["text"] + " " + row.get("text_pair", "")).split():
        counts.setdefault(word, [request["seed"] % 7 / 100] * len(request["labels"]))
        counts[word][request["labels"].index(row["label"])] += 1
print(json.dumps({"progress": 0.5, "note": "counted"}))
if request["start"]:
    for word, value in json.load(open(request["start"] + "/words.json")).items():
        counts.setdefault(word, value)
words = {word: [math.log(1 + 4 * one) for one in found] for word, found in counts.items()}
json.dump(words, open(request["out"] + "/words.json", "w"))
"""


def command(script: Path | str) -> str:
    """A command that runs a script, quickly: without site-packages."""
    return shlex.join([sys.executable, "-S", str(script)])


def program_settings(**values: Any) -> Settings:
    """Settings of a project with both programs in its folder, and short time-outs."""
    named: dict[str, Any] = {"score": command("score.py"), "train": command("train.py"), "timeout": 20.0} | values
    return Settings(
        task=TaskSettings(labels=LABELS),
        classifier=ClassifierSettings(**named),
        proof=ProofSettings(seeds=(5, 6)),
        compute=ComputeSettings(device="cpu", threads=1),
    )


def write_programs(folder: Path, scorer: str = SCORE, trainer: str = TRAIN) -> None:
    """Both programs."""
    (folder / "score.py").write_text(scorer)
    (folder / "train.py").write_text(trainer)


def program_project(
    root: Path, *, scorer: str = SCORE, trainer: str = TRAIN, agreed: bool = True, **values: Any
) -> Project:
    """A project of rows that a word decides, with a program as its classifier.

    Args:
        root: its folder.
        scorer: text of score.py. trainer: of train.py.
        agreed: whether the person at this machine has agreed to them.
        values: of the settings `[classifier]`.
    """
    splits = {name: [row.as_json() for row in rows(count)] for name, count in (("train", 24), ("pool", 12))}
    project = lay_out(root, splits, program_settings(**values))
    write_programs(root, scorer, trainer)
    if agreed:
        agree(root, outside_uses(project))
    return Project.open(root)
