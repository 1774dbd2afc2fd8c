"""JSON lines: a file for each kind, one object a line. Keeps everything."""

from __future__ import annotations

from pathlib import Path

from engine.exchange.export_tables import KINDS
from engine.exchange.format import Format, Incoming, ReadRequest, WriteRequest, Written
from engine.exchange.table_files import read_table_files
from engine.files import write_jsonl

_ENDING = ".jsonl"


def _write(folder: Path, request: WriteRequest) -> Written:
    for table in request.out.tables:
        names = [column.name for column in table.columns]
        write_jsonl(folder / f"{table.kind}{_ENDING}", ({name: row[name] for name in names} for row in table.rows))
    return Written()


def _read(request: ReadRequest) -> Incoming:
    return read_table_files(request, _ENDING)


FORMAT = Format("JSON lines, a file for each kind", KINDS, _write, _read)
