"""A data set of the library `datasets` of Hugging Face: Parquet by kind and split, and a README that names the classes.

`load_dataset(FOLDER, KIND)` reads it. Labels of proof rows, and of pool rows that nearly equal one, are in splits of
their own, so that a training on `pool` contains none of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import orjson

from engine.data.formats import FileRequest, records
from engine.errors import DataError
from engine.exchange.export_tables import COLUMNS, KINDS, Kind, Row, Table
from engine.exchange.format import Format, Incoming, Line, ReadRequest, WriteRequest, Written
from engine.exchange.parquet_file import HF_TYPES, METADATA, write_parquet
from engine.exchange.table_files import typed

_CLASSES: Mapping[Kind, tuple[str, ...]] = {"labels": ("label", "settled"), "samples": ("label",)}
"""Columns that become classes."""


def _write(folder: Path, request: WriteRequest) -> Written:
    front = []
    for table in request.out.tables:
        classes = _classes(table, request.out.labels)
        splits: defaultdict[str, list[Row]] = defaultdict(list)
        for row in table.rows:
            splits[_split(table.kind, row)].append(row)
        for split, rows in splits.items():
            write_parquet(folder / table.kind / f"{split}.parquet", table.columns, rows, classes)
        front.append((table, classes, list(splits)))
    return Written(front=_front(front))


def _split(kind: Kind, row: Row) -> str:
    if kind != "labels":
        return "train"  # what `datasets` calls the only split of a data set
    return "withheld" if row["withheld"] else str(row["split"])


def _classes(table: Table, labels: Sequence[str]) -> dict[str, list[str]]:
    """The classes of each column that has some: the project's labels, and whatever else stands in it."""
    found = {}
    for name in _CLASSES.get(table.kind, ()):
        others = {str(row[name]) for row in table.rows if row[name]} - {*labels}
        found[name] = [*labels, *sorted(others)]
    return found


def _front(parts: Sequence[tuple[Table, Mapping[str, Sequence[str]], Sequence[str]]]) -> str:
    """YAML that `datasets` reads: which files are which splits, and the types of columns.

    Without the sizes of splits: they would have to be those that `datasets` itself would write, to the byte.
    """
    lines = ["---", "configs:"]
    for table, _, splits in parts:
        lines += [f"- config_name: {table.kind}", "  data_files:"]
        for split in splits:
            lines += [f"  - split: {split}", f"    path: {table.kind}/{split}.parquet"]
    lines.append("dataset_info:")
    for table, classes, _ in parts:
        lines += [f"- config_name: {table.kind}", "  features:"]
        for column in table.columns:
            lines.append(f"  - name: {column.name}")
            if column.name in classes:
                lines += ["    dtype:", "      class_label:", "        names:"]
                lines += [f"          '{number}': {_yaml(name)}" for number, name in enumerate(classes[column.name])]
            else:
                lines.append(f"    dtype: {HF_TYPES[column.type]}")
    return "\n".join([*lines, "---", ""])


def _yaml(text: str) -> str:
    """A text in double quotes, with an escape for all that is not printed."""
    return '"' + "".join(char if char.isprintable() and char not in '"\\' else _escape(char) for char in text) + '"'


def _escape(char: str) -> str:
    return f"\\{char}" if char in '"\\' else f"\\U{ord(char):08x}"


def _read(request: ReadRequest) -> Incoming:
    incoming = Incoming()
    for kind in KINDS:
        for file in sorted((request.path / kind).glob("*.parquet")):
            columns = COLUMNS[kind]
            names = tuple(column.name for column in columns)
            classes = _classes_of(file)
            for number, values in records(file, FileRequest(names[:1], names[1:])):
                where = f"{file}:{number}"
                for name, of in classes.items():
                    if isinstance(place := values.get(name), int):
                        if not 0 <= place < len(of):
                            raise DataError(f"`{name}` is no number of a class", where=where, hint="correct it")
                        values[name] = of[place]
                incoming.lines.append(Line(where, kind, typed(values, columns, where)))
    if not incoming.lines:
        hint = "name the folder with the README and the folders of Parquet files"
        raise DataError("there is no data set here", where=str(request.path), hint=hint)
    return incoming


def _classes_of(file: Path) -> dict[str, list[str]]:
    """The names of the classes of a file's columns, as `datasets` keeps them in it."""
    import pyarrow as arrow
    import pyarrow.parquet as parquet

    try:
        metadata = parquet.read_schema(file).metadata or {}
        features = orjson.loads(metadata.get(METADATA, b"{}")).get("info", {}).get("features", {})
        return {
            str(name): [str(one) for one in feature["names"]]
            for name, feature in features.items()
            if isinstance(feature, dict) and feature.get("_type") == "ClassLabel"
        }
    except (arrow.ArrowException, OSError, ValueError, LookupError, AttributeError, TypeError) as error:
        hint = "write the file again"
        raise DataError("the names of the classes cannot be read", where=str(file), hint=hint) from error


FORMAT = Format("a data set of the library datasets of Hugging Face", KINDS, _write, _read)
