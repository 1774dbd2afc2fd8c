"""Writing a table as Parquet. Imports pyarrow when it writes: 0.4 s that other formats need not pay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import orjson

from engine.exchange.export_tables import Column, Row
from engine.files import replacing

METADATA = b"huggingface"
"""Where the library `datasets` looks for the types of columns in a Parquet file."""
HF_TYPES = {"text": "string", "whole": "int64", "number": "float64", "flag": "bool"}
"""What `datasets` calls the types of columns."""


def write_parquet(
    path: Path, columns: Sequence[Column], rows: Sequence[Row], classes: Mapping[str, Sequence[str]] | None = None
) -> None:
    """Write a table.

    Args:
        path: of the file.
        columns: of the table.
        rows: with values of all columns.
        classes: names of the classes of columns that are written as numbers of a class; empty texts have none.

    Raises:
        FileError: it cannot be written there.
    """
    import pyarrow as arrow
    import pyarrow.parquet as parquet

    types = {"text": arrow.string(), "whole": arrow.int64(), "number": arrow.float64(), "flag": arrow.bool_()}
    classes = classes or {}
    arrays, fields = [], []
    for column in columns:
        values = [row[column.name] for row in rows]
        of_type = types[column.type]
        if column.name in classes:
            numbers = {name: number for number, name in enumerate(classes[column.name])}
            values, of_type = [numbers.get(str(value)) if value else None for value in values], arrow.int64()
        arrays.append(arrow.array(values, of_type))
        fields.append(arrow.field(column.name, of_type))
    metadata = None
    if classes:
        metadata = {METADATA: orjson.dumps({"info": {"features": hf_features(columns, classes)}})}
    with replacing(path) as out:
        parquet.write_table(arrow.Table.from_arrays(arrays, schema=arrow.schema(fields, metadata)), out)


def hf_features(columns: Sequence[Column], classes: Mapping[str, Sequence[str]]) -> dict[str, object]:
    """The types of columns as `datasets` writes them down."""
    return {
        column.name: {"names": list(classes[column.name]), "_type": "ClassLabel"}
        if column.name in classes
        else {"dtype": HF_TYPES[column.type], "_type": "Value"}
        for column in columns
    }
