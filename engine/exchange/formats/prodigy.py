"""Prodigy: JSON lines for its `choice` interface, a line for each label.

A person's label is an answered line, with the person as its annotator. An LLM's label is a line without an answer, with
its choice made. Prodigy makes the two hashes of a line itself. Prodigy is not on PyPI: these are its documented lines,
and no test has read them with it.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from engine.counted import counted
from engine.data.formats import FileRequest, records
from engine.errors import DataError
from engine.exchange.annotation_rows import LabelledRow, kept_fields, label_fields, labelled_rows
from engine.exchange.export_tables import Row, Value
from engine.exchange.format import Format, Incoming, Line, ReadRequest, WriteRequest, Written
from engine.files import write_jsonl
from engine.text import visible

_FILE = "labels.jsonl"
_OURS = "blindspot"  # key of what Prodigy does not know of; it hands on keys that it does not know
_ANSWERS = ("accept", "reject", "ignore", None)
_KEYS = ("meta", "options", "accept", "label", "answer", "_annotator_id", "_session_id", _OURS)


def _write(folder: Path, request: WriteRequest) -> Written:
    options = [{"id": label, "text": label} for label in request.out.labels]
    lines = [
        _line(row, label, options, answered=answered)
        for row in labelled_rows(request.out)
        for labels, answered in ((row.answers, True), (row.suggestions, False))
        for label in labels
    ]
    write_jsonl(folder / _FILE, lines)
    told = ["the interface `choice` shows the first text of a pair alone; see `blocks`"] if request.out.pair else []
    return Written(told)


def _line(row: LabelledRow, label: Row, options: list[dict[str, str]], *, answered: bool) -> dict[str, Any]:
    texts = {"text": row.text} if row.text_pair is None else {"text": row.text, "text_pair": row.text_pair}
    answer: dict[str, Any] = {}
    if answered:
        who = label["labeller"]
        answer = {"answer": "accept" if label["label"] else "ignore", "_annotator_id": who, "_session_id": who}
        answer["_timestamp"] = int(datetime.fromisoformat(str(label["time"])).timestamp())
    return {
        **texts,
        "options": options,
        "accept": [label["label"]] if label["label"] else [],
        **answer,
        "meta": {name: value for name, value in row.about.items() if value is not None},
        _OURS: label_fields(label),
    }


def _read(request: ReadRequest) -> Incoming:
    path = request.path / _FILE if request.path.is_dir() else request.path
    found, rejected, unanswered = Incoming(), 0, 0
    wanted = FileRequest((request.text,), (request.pair, *_KEYS), utf8_alone=True, named_by="--text")
    for number, line in records(path, wanted):
        where = f"{path}:{number}"
        if not isinstance(line[request.text], str):
            raise DataError(f"`{request.text}` is no text", where=where, hint="name the key of the text with --text")
        ours, answer = kept_fields(line.get(_OURS), where), line.get("answer")
        if answer not in _ANSWERS:
            hint = f"it must be one of {', '.join(filter(None, _ANSWERS))}"
            raise DataError(f"`answer` is {visible(str(answer))!r}", where=where, hint=hint)
        label = _label(line, where)
        if answer == "reject":
            rejected += 1
            continue
        if ours.get("label", "") != label:
            ours = {}  # somebody has changed it there
        if answer is None:
            if ours.get("labeller_kind", "human") == "human":
                ours = {"labeller": "suggestions", "labeller_kind": "llm"} if request.suggestions and label else {}
            if not ours:
                unanswered += 1
                continue
        else:
            who: dict[str, Value] = {"labeller": _annotator(line, where), "labeller_kind": "human"}
            ours = ours if {name: ours.get(name) for name in who} == who else who
        meta = line["meta"] if isinstance(line.get("meta"), dict) else {}
        values = {"id": meta.get("id"), "split": meta.get("split"), "text": line[request.text]}
        values |= {"text_pair": line.get(request.pair), **ours, "label": label}
        if not label:
            values["certainty"] = 0
        found.lines.append(Line(where, "labels", values))
    if rejected:
        what = f"left out: {counted(rejected, 'rejected line')}"
        found.left_out.append(f"{what}; that a label is wrong does not say which one is right")
    if unanswered:
        what = f"left out: {counted(unanswered, 'line')} without an answer"
        found.left_out.append(f"{what}; --suggestions takes their choices, as labels of an LLM")
    return found


def _label(line: dict[str, Any], where: str) -> str:
    """The label that was chosen; empty where the line was passed over."""
    if line.get("answer") == "ignore":
        return ""
    if isinstance(label := line.get("label"), str):
        return label
    accept = line.get("accept")
    if not isinstance(accept, list) or len(accept) > 1 or not all(isinstance(one, str | int) for one in accept):
        raise DataError(
            "the line has no choice, or several", where=where, hint="give `label`, or `accept` with one option"
        )
    return str(accept[0]) if accept else ""


def _annotator(line: dict[str, Any], where: str) -> str:
    name = line.get("_annotator_id") or line.get("_session_id")
    if not isinstance(name, str):
        raise DataError("the line does not say who answered", where=where, hint="add `_annotator_id`")
    return name


FORMAT = Format("lines for Prodigy's interface choice", ("labels",), _write, _read)
