"""The texts of a file that are to be labelled. Light."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.data.formats import FileRequest, records
from engine.errors import DataError
from engine.schema import Record
from engine.text import normalise

_USUAL = "text"
_LETTER = re.compile(r"\w")  # shows something for certain; `normalise` takes 8 us a row, which a million rows feel
_SHUFFLE_SEED = 13


@dataclass(frozen=True, slots=True)
class TextRow(Record):
    """A row to be labelled; ``id``: what its `id` column says, else the number of its line."""

    id: str
    text: str
    text_pair: str | None = None


def read_texts(
    path: Path,
    *,
    text: str | None = None,
    pair: str | None = None,
    encoding: str | None = None,
    shuffle: bool = False,
) -> list[TextRow]:
    """The rows of a file in its order, without those that show no text.

    Args:
        path: CSV, TSV, JSONL, Parquet, or TXT with a text a line.
        text: the column with the texts; default: `text`, or the only one beside `id`.
        pair: the column with the second texts of pairs.
        encoding: where it is not UTF-8 and has no byte order mark.
        shuffle: in a random order, the same each time.

    Raises:
        DataError: the file or a row cannot be read, a column is missing, or an id is there twice.
    """
    column = text or _column(path, encoding)
    wanted = (column,) if pair is None else (column, pair)
    rows: dict[str, TextRow] = {}
    for line, record in records(path, FileRequest(wanted, ("id",), encoding=encoding, named_by="--text, --pair")):
        texts = [_text(record[name], name, f"{path}:{line}") for name in wanted]
        if not any(_LETTER.search(shown) or normalise(shown) for shown in texts):
            continue
        named = record.get("id") if "id" not in wanted else None
        row = TextRow(str(line) if named in (None, "") else str(named), *texts)
        if row.id in rows:
            raise DataError(f"the id {row.id!r} is there twice", where=f"{path}:{line}", hint="give each row its own")
        rows[row.id] = row
    found = list(rows.values())
    if not found:
        raise DataError("the file has no texts", where=str(path), hint="give a file with rows")
    if shuffle:
        random.Random(_SHUFFLE_SEED).shuffle(found)
    return found


def _column(path: Path, encoding: str | None) -> str:
    """The column that holds the texts where nobody has named it."""
    first = next(iter(records(path, FileRequest((), encoding=encoding))), None)
    names = list(first[1]) if first else []
    others = [name for name in names if name != "id"]
    if _USUAL in names:
        return _USUAL
    if len(others) == 1:
        return others[0]
    raise DataError(
        f"which column holds the texts? There are {', '.join(map(repr, others[:12])) or 'none'}",
        where=str(path),
        hint="name it with --text",
    )


def _text(value: Any, column: str, where: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise DataError(f"`{column}` is not a text", where=where, hint="put it in quotes, or name another column")
    return value.encode("utf-8", "replace").decode()
