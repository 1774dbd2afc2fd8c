"""Parquet: a file for each kind, with typed columns. Keeps everything."""

from __future__ import annotations

from pathlib import Path

from engine.exchange.export_tables import KINDS
from engine.exchange.format import Format, Incoming, ReadRequest, WriteRequest, Written
from engine.exchange.parquet_file import write_parquet
from engine.exchange.table_files import read_table_files

_ENDING = ".parquet"


def _write(folder: Path, request: WriteRequest) -> Written:
    for table in request.out.tables:
        write_parquet(folder / f"{table.kind}{_ENDING}", table.columns, table.rows)
    return Written()


def _read(request: ReadRequest) -> Incoming:
    return read_table_files(request, _ENDING)


FORMAT = Format("Parquet, a file for each kind", KINDS, _write, _read)
