"""What every program that scores has to do: read rows, write probabilities, say errors as sentences."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Protocol

from engine.errors import BlindspotError

PROTOCOL = 1


class Classifier(Protocol):
    """What classifies. ``name``: for people. ``labels``: of its probabilities, in their order."""

    @property
    def name(self) -> str: ...  # noqa: D102 - above
    @property
    def labels(self) -> Sequence[str]: ...  # noqa: D102

    def probabilities(self, rows: Sequence[Mapping[str, str]]) -> Sequence[Sequence[float]]:
        """Of each row, with its ``text`` and perhaps ``text_pair``, a probability for each label.

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
            found = classifier.probabilities(request["rows"])
            answer: dict[str, Any] = {"probabilities": [[float(value) for value in row] for row in found]}
        except BlindspotError as error:
            answer = {"error": str(error).removesuffix(".")}
        _write(out, {"id": request["id"], **answer})
    return 0


def _write(out: IO[str], values: Mapping[str, Any]) -> None:
    out.write(json.dumps(values) + "\n")
    out.flush()
