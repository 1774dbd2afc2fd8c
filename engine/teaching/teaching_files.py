"""Teaching as files: one JSON object a line, checked in full before anything of it is used.

Keys: ``text``, ``label``, and where they apply ``text_pair``, ``blind_spot``, ``gold``, ``predicted``, ``pattern_id``,
``pattern``, ``kind`` (abstraction or extrapolation of the pattern, or ``anchor``) and ``counter`` (true or false).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from engine.errors import DataError, FileError
from engine.files import read_given
from engine.schema import PATTERN_KINDS, PatternKind, Role


@dataclass(frozen=True, slots=True)
class TeachingLine:
    """One line of a teaching file.

    Attributes:
        where: file:line, for messages.
        text: of the sample; None: the line is a pattern alone, and has no label and role that would count.
        blind_spot: as the file names it, which need not be one of this project. gold, predicted: of that blind spot.
        pattern: text of the pattern it was written for; pattern_kind: of that pattern; both None if there is none.
        group: equal for all lines of one pattern.
    """

    where: str
    text: str | None
    label: str
    role: Role
    text_pair: str | None
    blind_spot: str | None
    gold: str | None
    predicted: str | None
    pattern: str | None
    pattern_kind: PatternKind | None
    group: tuple[str, str] | None


def read_teaching(path: Path) -> list[TeachingLine]:
    """Read a teaching file.

    Raises:
        DataError: the file cannot be read or has no line, or a line is broken; names file and line.
    """
    try:
        raw = read_given(path)
    except FileError as error:
        raise DataError(error.what, where=str(path), hint="name another file") from error
    numbered = enumerate(raw.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1)
    lines = [_line(f"{path}:{number}", str(path), source) for number, source in numbered if source.strip()]
    if not lines:
        raise DataError("the file has no line", where=str(path), hint="name a file with one JSON object a line")
    return lines


def _line(where: str, file: str, source: bytes) -> TeachingLine:
    try:
        values = orjson.loads(source)
    except orjson.JSONDecodeError as error:
        raise DataError(f"the line is not valid JSON ({error})", where=where, hint="correct it") from error
    if not isinstance(values, dict):
        raise DataError("the line is not a JSON object", where=where, hint='write {"text": ..., "label": ...}')
    text, label = _text_of(where, values, "text"), _text_of(where, values, "label", int)
    for name, value in (("text", text), ("label", label)):
        if value is None:
            raise DataError(f"the line has no `{name}`", where=where, hint="add it")
    kind, pattern, counter = _text_of(where, values, "kind"), _text_of(where, values, "pattern"), values.get("counter")
    if kind not in (None, "anchor", *PATTERN_KINDS):
        choices = ", ".join((*PATTERN_KINDS, "anchor"))
        raise DataError(f"`kind` is `{kind}`", where=where, hint=f"it must be one of {choices}")
    if (pattern is None) == (kind in PATTERN_KINDS):
        problem = f"kind `{kind}` needs a `pattern`" if pattern is None else "a `pattern` needs its kind"
        raise DataError(problem, where=where, hint=f"give `pattern` with {' or '.join(PATTERN_KINDS)}, or neither")
    if not isinstance(counter, bool | None):
        raise DataError("`counter` is neither true nor false", where=where, hint="write true or false")
    group = _text_of(where, values, "pattern_id", int) or pattern
    return TeachingLine(
        where=where,
        text=text or "",
        label=label or "",
        role="anchor" if kind == "anchor" else "counter" if counter else "target",
        text_pair=_text_of(where, values, "text_pair"),
        blind_spot=_text_of(where, values, "blind_spot", int),
        gold=_text_of(where, values, "gold", int),
        predicted=_text_of(where, values, "predicted", int),
        pattern=pattern,
        pattern_kind=next((choice for choice in PATTERN_KINDS if choice == kind), None),
        group=(file, group) if group and pattern is not None else None,
    )


def _text_of(where: str, values: dict[str, Any], name: str, also: type | None = None) -> str | None:
    """A text without white space around it; whole numbers, where they are allowed, as they are written."""
    value = values.get(name)
    if also and isinstance(value, also) and not isinstance(value, bool):
        return str(value)
    if value is not None and not isinstance(value, str):
        raise DataError(f"`{name}` is not a text", where=where, hint="put it in quotes")
    return None if value is None else value.strip()
