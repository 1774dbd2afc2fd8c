"""CSV that a spreadsheet opens: UTF-8 with its mark, every text as it is, formulas escaped where that is asked for.

A spreadsheet takes a cell that begins with = + - @, a tab or a carriage return for a formula. Escaped, such a cell has
an apostrophe in front, and so has one that begins with apostrophes and then such a character: reading takes one
apostrophe off, and has the text as it was.
"""

from __future__ import annotations

import codecs
import csv
import re
from dataclasses import replace
from pathlib import Path

from engine.counted import counted
from engine.exchange.export_tables import KINDS, Value
from engine.exchange.format import Format, Incoming, ReadRequest, WriteRequest, Written
from engine.exchange.table_files import read_table_files
from engine.files import replacing

_ENDING = ".csv"
_FORMULA = re.compile(r"[=+\-@\t\r]")
_TO_ESCAPE = re.compile(r"'*[=+\-@\t\r]")
_LONGEST = 32_767  # characters of a cell that Excel and LibreOffice keep


def _write(folder: Path, request: WriteRequest) -> Written:
    formulas = long = 0
    for table in request.out.tables:
        names = [column.name for column in table.columns]
        with replacing(folder / f"{table.kind}{_ENDING}") as out:
            out.write(codecs.BOM_UTF8)  # without it Excel takes the file for one of Windows' old encodings
            writer = csv.writer(codecs.getwriter("utf-8")(out), lineterminator="\r\n")
            writer.writerow(names)
            for row in table.rows:
                cells = [_cell(row[name]) for name in names]
                formulas += sum(_FORMULA.match(cell) is not None for cell in cells)
                long += sum(len(cell) > _LONGEST for cell in cells)
                writer.writerow([_escaped(cell) for cell in cells] if request.escape_formulas else cells)
    told = []
    if request.escape_formulas:
        told.append(
            f"{counted(formulas, 'cell')} that a spreadsheet would read as a formula got an apostrophe in front"
        )
    elif formulas:
        what = f"{counted(formulas, 'cell')} would be read as a formula by a spreadsheet"
        told.append(f"{what}; --escape-formulas puts an apostrophe in front of such cells")
    if long:
        told.append(f"{counted(long, 'cell')} of more than {_LONGEST:,} characters, which spreadsheets cut off")
    return Written(told)


def _read(request: ReadRequest) -> Incoming:
    found = read_table_files(request, _ENDING)
    if request.escaped:
        found.lines = [
            replace(line, values={name: _unescaped(value) for name, value in line.values.items()})
            for line in found.lines
        ]
    return found


def _cell(value: Value) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _escaped(cell: str) -> str:
    return f"'{cell}" if _TO_ESCAPE.match(cell) else cell


def _unescaped(value: Value) -> Value:
    return value[1:] if isinstance(value, str) and value.startswith("'") and _TO_ESCAPE.match(value) else value


FORMAT = Format("CSV for spreadsheets, a file for each kind", KINDS, _write, _read, has_formulas=True)
