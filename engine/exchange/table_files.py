"""Files that hold one table each, named after its kind: where they are, and what their values may be. Light."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from pathlib import Path
from typing import Any

from engine.data.formats import FileRequest, records
from engine.data.reading import encodable
from engine.errors import DataError
from engine.exchange.export_tables import COLUMNS, KINDS, Column, ColumnType, Kind, Value
from engine.exchange.format import Incoming, Line, ReadRequest

_WORDS: Mapping[ColumnType, str] = {
    "text": "a text",
    "whole": "a whole number",
    "number": "a number",
    "flag": "true or false",
}
_FLAGS = {"true": True, "false": False}


def kind_files(path: Path, ending: str) -> dict[Path, Kind]:
    """The files of tables: a file itself, by its name, or those of a folder.

    Raises:
        DataError: there is none.
    """
    found = [path] if path.is_file() else [path / f"{kind}{ending}" for kind in KINDS]
    kinds = {file: kind for file in found for kind in KINDS if file.name == f"{kind}{ending}" and file.is_file()}
    if not kinds:
        names = ", ".join(f"{kind}{ending}" for kind in KINDS)
        raise DataError("there is no table here", where=str(path), hint=f"name a folder, or a file called {names}")
    return kinds


def read_table_files(request: ReadRequest, ending: str) -> Incoming:
    """What the files of tables hold, with their lines.

    Raises:
        DataError: there is no such file, or one of them or a value is broken.
    """
    incoming = Incoming()
    for file, kind in kind_files(request.path, ending).items():
        columns = COLUMNS[kind]
        names = tuple(column.name for column in columns)
        for number, values in records(file, FileRequest(names[:1], names[1:], utf8_alone=True)):
            where = f"{file}:{number}"
            incoming.lines.append(Line(where, kind, typed(values, columns, where)))
    return incoming


def typed(values: Mapping[str, Any], columns: tuple[Column, ...], where: str) -> dict[str, Value]:
    """The values of a row as those of their columns; what is missing or empty is None.

    Raises:
        DataError: one is of another type.
    """
    return {column.name: _value(values.get(column.name), column, where) for column in columns}


def _value(value: Any, column: Column, where: str) -> Value:
    if value is None or value == "" or value != value:
        return None
    try:
        if column.type == "flag":
            return value if isinstance(value, bool) else _FLAGS[value.strip().lower()]
        if isinstance(value, bool):
            raise ValueError
        if column.type == "text":
            if isinstance(value, str | int):
                return encodable(str(value), column.name, where)
        elif isinstance(value, str | int | float):
            number = float(value)
            if column.type == "number" and isfinite(number):
                return number
            if number.is_integer():
                return int(number)
    except (AttributeError, KeyError, ValueError, OverflowError):
        pass
    raise DataError(f"`{column.name}` is not {_WORDS[column.type]}", where=where, hint="correct it")
