"""CheckList: a minimum functionality test for each pattern, of the samples that were written for it.

Its own suites are pickles, which run code when they are loaded, so none is written: `suite.json` has what `MFT` takes,
by the names of its arguments, and `examples.jsonl` what `to_raw_file(file_format="jsonl")` would write.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

from engine.exchange.export_tables import Row
from engine.exchange.format import Format, WriteRequest, Written
from engine.files import write_json, write_jsonl

_SUITE, _EXAMPLES = "suite.json", "examples.jsonl"


def _write(folder: Path, request: WriteRequest) -> Written:
    groups: defaultdict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for table in request.out.tables:
        for row in table.rows if table.kind == "samples" else ():
            groups[str(row["blind_spot"]), str(row["pattern"] or ""), str(row["role"])].append(row)
    classes = [*request.out.labels]
    classes += sorted({str(row["label"]) for rows in groups.values() for row in rows} - {*classes})
    tests = [_test(*key, rows, classes) for key, rows in groups.items()]
    write_json(folder / _SUITE, {"classes": classes, "tests": tests})
    write_jsonl(folder / _EXAMPLES, (text for test in tests for text in test["data"]))
    return Written()


def _test(spot: str, pattern: str, role: str, rows: list[Row], classes: list[str]) -> dict[str, Any]:
    first = rows[0]
    about = f"pattern {pattern}, {role}s" if pattern else f"{role}s"
    return {
        "name": f"{spot}: {about}",
        "capability": f"blind spot {spot} ({first['gold']} -> {first['predicted']})",
        "description": first["pattern_text"] or "",
        "data": [row["text"] if row["text_pair"] is None else [row["text"], row["text_pair"]] for row in rows],
        "labels": [classes.index(str(row["label"])) for row in rows],
        "meta": [{name: row[name] for name in ("id", "teacher", "teacher_kind", "prompt", "model")} for row in rows],
    }


FORMAT = Format("tests of CheckList, of samples", ("samples",), _write, None)
