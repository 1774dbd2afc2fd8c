"""What goes between us and a program that scores: see docs/pages/tasks/own-classifier.md, which says the same. Light.

Lines are read by Python's own parser: it takes NaN, as Python's own writer gives it, and so the row can be named.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from engine.schema import Example
from engine.text import visible

PROTOCOL = 1
_SUM_WITHIN = 0.01  # of 1
_LONGEST_QUOTE = 80  # characters of a line that is no answer
_LONGEST_SENTENCE = 1000  # characters of what a program says of itself


@dataclass(frozen=True, slots=True)
class Hello:
    """What a program says of itself. ``order``: for each of the project's labels the place of its probability."""

    name: str
    order: tuple[int, ...]


class ProgramSays(ValueError):
    """The program itself says why it cannot answer."""


def start_line(labels: Sequence[str], pair: bool, model: Path | None) -> bytes:
    """The first line that a program reads."""
    given = None if model is None else str(model)
    return _line({"protocol": PROTOCOL, "labels": list(labels), "pair": pair, "model": given})


def request_line(number: int, rows: Sequence[Example]) -> bytes:
    """The line that asks about some rows."""
    return _line({"id": number, "rows": [row_fields(row) for row in rows]})


def row_fields(row: Example) -> dict[str, str]:
    """The text of a row, or its two."""
    return {"text": row.text} | ({} if row.text_pair is None else {"text_pair": row.text_pair})


def read_hello(line: bytes, labels: Sequence[str]) -> Hello:
    """A program's first line.

    Raises:
        ValueError: it is none, of another protocol, or has other labels than the project.
    """
    message = _object(line)
    if message.get("protocol") != PROTOCOL:
        raise ValueError(
            f"the program's first line has protocol {message.get('protocol')!r}, and this version speaks {PROTOCOL}"
        )
    own = message.get("labels")
    if not isinstance(own, list) or not all(isinstance(one, str) for one in own) or sorted(own) != sorted(labels):
        raise ValueError(f"the program's labels are {own!r}, and the project's are {list(labels)!r}")
    name = message.get("name", "")
    return Hello(name if isinstance(name, str) else "", tuple(own.index(label) for label in labels))


def read_answer(line: bytes, number: int, rows: Sequence[Example], hello: Hello) -> list[list[float]]:
    """The probabilities of a line, (rows, labels), in the project's order.

    Raises:
        ProgramSays: it says that it could not, and why.
        ValueError: it is no answer to that request; says in which way, and of which row.
    """
    message = _object(line)
    if message.get("id") != number:
        raise ValueError(f"the program answers request {message.get('id')!r} in place of {number}")
    if error := message.get("error"):
        raise ProgramSays(visible(str(error))[:_LONGEST_SENTENCE])
    found = message.get("probabilities")
    if not isinstance(found, list):
        raise ValueError("the program's answer has no list `probabilities`")
    if len(found) != len(rows):
        raise ValueError(f"the program answers {len(found)} rows where {len(rows)} were asked")
    for place, (one, row) in enumerate(zip(found, rows, strict=True), start=1):
        if problem := _problem(one, len(hello.order)):
            raise ValueError(f"row {place} of a request ({row.id}): {problem}")
    return [[one[place] for place in hello.order] for one in found]


def _problem(one: Any, labels: int) -> str:
    """In which way this is no list of probabilities of so many labels; empty if it is."""
    if not isinstance(one, list) or not all(type(value) in (int, float) for value in one):
        return "its probabilities are no list of numbers"
    if len(one) != labels:
        return f"it has {len(one)} probabilities, and there are {labels} labels"
    odd = next((value for value in one if not 0 <= value <= 1 + _SUM_WITHIN), None)  # NaN is in no range either
    if odd is not None:
        return f"{str(odd)[:_LONGEST_QUOTE]} is no probability"
    if abs(sum(one) - 1) > _SUM_WITHIN:
        return f"its probabilities add up to {sum(one):.4g}"
    return ""


def _object(line: bytes) -> dict[str, Any]:
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        message = None
    if not isinstance(message, dict):
        shown = visible(line.decode(errors="replace").strip())[:_LONGEST_QUOTE]
        what = f"the program wrote a line that is no JSON object ({shown})"
        raise ValueError(f"{what}; whatever is no answer belongs to standard error")
    return message


def _line(values: dict[str, Any]) -> bytes:
    return orjson.dumps(values) + b"\n"
