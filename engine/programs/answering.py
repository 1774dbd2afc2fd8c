"""The program's side of the protocol: read rows, write probabilities, say errors as sentences."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Protocol

from engine.errors import BlindspotError
from engine.programs.protocol import PROTOCOL
from engine.schema import Example


class Classifier(Protocol):
    """What classifies. ``name``: for people. ``labels``: of its probabilities, in their order."""

    @property
    def name(self) -> str: ...  # noqa: D102 - above
    @property
    def labels(self) -> Sequence[str]: ...  # noqa: D102

    def probabilities(self, rows: Sequence[Example]) -> Sequence[Sequence[float]]:
        """Of each row, whose label is empty, a probability for each label.

        Raises:
            BlindspotError: the rows cannot be scored; others may be.
        """


def answers_alone() -> IO[str]:
    """Standard output for answers; whatever else is printed from now on goes to standard error."""
    out = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
    os.dup2(2, 1)
    return out


def serve(load: Callable[[Sequence[str], bool, Path | None], Classifier], source: IO[str], out: IO[str]) -> int:
    """Answer requests until the input ends; returns the exit status.

    Args:
        load: gives the classifier for the project's labels, whether its rows are pairs, and the model that is to be
            scored with. What it raises as a `BlindspotError` is said on standard error.
        source: lines in.
        out: lines out, each of which leaves at once.
    """
    start = json.loads(source.readline())
    try:
        classifier = load(start["labels"], start["pair"], Path(start["model"]) if start["model"] else None)
    except BlindspotError as error:
        print(error, file=sys.stderr)
        return 1
    _write(out, {"protocol": PROTOCOL, "name": classifier.name, "labels": list(classifier.labels)})
    for line in source:
        request = json.loads(line)
        try:
            found = classifier.probabilities(list(examples(request["rows"])))
            answer: dict[str, Any] = {"probabilities": [[float(value) for value in row] for row in found]}
        except BlindspotError as error:
            answer = {"error": str(error).removesuffix(".")}
        _write(out, {"id": request["id"], **answer})
    return 0


def examples(rows: Iterable[Mapping[str, str]]) -> Iterator[Example]:
    """Rows of a request to score or to train."""
    for number, row in enumerate(rows, start=1):
        yield Example(f"row-{number}", row["text"], row.get("label", ""), row.get("text_pair"))


def _write(out: IO[str], values: Mapping[str, Any]) -> None:
    out.write(json.dumps(values) + "\n")
    out.flush()
