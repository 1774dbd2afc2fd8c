"""Runs a Python class as a program: `python -m engine.programs.class_host NAME`, and to train with a request's file.

So a class that crashes, hangs or holds gigabytes does so in a process of its own, as a command does.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.programs.answering import answers_alone, examples, serve
from engine.programs.python_class import find_class


def load(made: Any, labels: Sequence[str], pair: bool, model: Path | None) -> Any:
    """The class for some labels; one without a name has an empty one."""
    one = made(model, labels, pair)
    if not hasattr(one, "name"):
        one.name = ""
    return one


def train(made: Any, request: dict[str, Any]) -> None:
    """Train the class as a request says."""
    with Path(request["rows"]).open(encoding="utf-8") as source:
        rows = list(examples(map(json.loads, source)))
    made.train(
        rows,
        labels=request["labels"],
        pair=request["pair"],
        seed=request["seed"],
        start=Path(request["start"]) if request["start"] is not None else None,
        out=Path(request["out"]),
    )


def main(name: str, *request: str) -> int:
    """Find the class, and score, or train if there is a request; returns the exit status."""
    out = answers_alone()
    made = find_class(name).load()
    if request:
        train(made, json.loads(Path(request[0]).read_bytes()))
        return 0
    return serve(lambda labels, pair, model: load(made, labels, pair, model), sys.stdin, out)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
