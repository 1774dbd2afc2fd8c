"""Runs a Python class as a program: `python -m engine.programs.class_host NAME`, and to train with a request's file.

So a class that crashes, hangs or holds gigabytes does so in a process of its own, as a command does.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from engine.programs.protocol import PROTOCOL
from engine.programs.python_class import find_class
from engine.schema import Example


def score(made: Any, source: IO[bytes], out: IO[bytes]) -> None:
    """Load the class, and answer until the input ends."""
    start = json.loads(source.readline())
    one = made(_path(start["model"]), start["labels"], start["pair"])
    name = getattr(one, "name", "")
    _write(out, {"protocol": PROTOCOL, "name": name, "labels": [str(label) for label in one.labels]})
    for line in source:
        request = json.loads(line)
        found = one.probabilities(list(_examples(request["rows"])))
        _write(out, {"id": request["id"], "probabilities": [[float(value) for value in row] for row in found]})


def train(made: Any, request: dict[str, Any]) -> None:
    """Train the class as a request says."""
    with Path(request["rows"]).open(encoding="utf-8") as source:
        rows = list(_examples(map(json.loads, source)))
    made.train(
        rows,
        labels=request["labels"],
        pair=request["pair"],
        seed=request["seed"],
        start=_path(request["start"]),
        out=Path(request["out"]),
    )


def _examples(rows: Any) -> Iterator[Example]:
    for number, row in enumerate(rows, start=1):
        yield Example(f"row-{number}", row["text"], row.get("label", ""), row.get("text_pair"))


def _path(given: str | None) -> Path | None:
    return None if given is None else Path(given)


def _write(out: IO[bytes], values: dict[str, Any]) -> None:
    out.write(json.dumps(values).encode() + b"\n")


def main(name: str, *request: str) -> None:
    """Find the class, and score, or train if there is a request."""
    out = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # what a library prints is no answer
    made = find_class(name).load()
    if request:
        train(made, json.loads(Path(request[0]).read_bytes()))
    else:
        score(made, sys.stdin.buffer, out)


if __name__ == "__main__":
    main(*sys.argv[1:])
