"""The rows that a queue chooses among, with what the model says of each, kept beside it by content key. Light."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import orjson

from engine.files import read_record, replacing
from engine.schema import Record

AT_ONCE = 10_000  # values of a list that are in memory as JSON

CANDIDATES = "candidates"
"""The rows that a hunt chooses among; the fact of its queue that names them."""


@dataclass(frozen=True, slots=True)
class ScoredRows(Record):
    """Rows as they were when the queue was made.

    Attributes:
        key: names their content. model: key of the model; round: of it.
        tau: confidence from which on the model counts as confident.
        labels: of the project. ids: of the rows. predicted: the model's label of each.
    """

    key: str
    model: str
    round: int
    tau: float
    labels: tuple[str, ...]
    ids: Sequence[str]
    predicted: tuple[str, ...]


Rows = TypeVar("Rows", bound=ScoredRows)


def scored_rows_path(root: Path, name: str, key: str) -> Path:
    """The file of some rows; ``name``: what they are to the queue, ``candidates``."""
    return root / "queues" / f"{name}-{key}.json"


def keep_scored_rows(root: Path, name: str, rows: ScoredRows) -> None:
    """Write rows; they are there before the queue that names them."""
    with replacing(scored_rows_path(root, name, rows.key)) as out:
        out.writelines(_as_json(rows))


def _as_json(rows: ScoredRows) -> Iterator[bytes]:
    """The rows as `engine.files.write_json` would write them, some at a time."""
    before = b"{"
    for field in fields(rows):
        value = getattr(rows, field.name)
        yield b'%s\n  "%s": ' % (before, field.name.encode())
        if isinstance(value, Sequence) and not isinstance(value, str):
            yield from _as_list(value)
        else:
            yield orjson.dumps(value)
        before = b","
    yield b"\n}\n"


def _as_list(values: Sequence[Any]) -> Iterator[bytes]:
    yield b"["
    for at in range(0, len(values), AT_ONCE):
        some = orjson.dumps(list(values[at : at + AT_ONCE]), option=orjson.OPT_INDENT_2)
        yield b"," * bool(at) + some.removeprefix(b"[").removesuffix(b"\n]").replace(b"\n", b"\n  ")
    yield b"\n  ]" if values else b"]"


def read_scored_rows(root: Path, name: str, key: object, kind: type[Rows], *, hint: str) -> Rows | None:
    """The rows of that key; None: there are none, or it is no key.

    Args:
        root: the project folder.
        name: as `scored_rows_path`.
        key: as a queue's file names it.
        kind: of rows.
        hint: what to do about a damaged file.

    Raises:
        FileError: the file is damaged.
    """
    if not isinstance(key, str) or not re.fullmatch("[0-9a-f]{16}", key):
        return None
    try:
        return read_record(scored_rows_path(root, name, key), kind.from_json, hint=hint)
    except FileNotFoundError:
        return None
