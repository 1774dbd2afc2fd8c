"""Label Studio: a list of tasks with annotations and predictions, and the labelling interface for them.

What a person said is an annotation, with stars for the certainty, and a note; what an LLM said is a prediction. What
Label Studio does not know of (queue, chance, guideline) lies in the `meta` of a result, which it keeps. Without a
library: it is plain JSON and XML.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from engine.counted import counted
from engine.errors import DataError, FileError
from engine.exchange.annotation_rows import (
    LabelledRow,
    kept_fields,
    label_fields,
    labelled_rows,
    names_of,
    read_annotators,
    write_annotators,
)
from engine.exchange.export_tables import Row, Value
from engine.exchange.format import Format, Incoming, Line, ReadRequest, WriteRequest, Written
from engine.files import read_json, write_atomic, write_json
from engine.text import visible

_TASKS, _CONFIG = "tasks.json", "config.xml"
_OURS = "blindspot"  # key of what Label Studio does not know of, in the meta of a result
_ROW = "row"  # key of the row's id: in some of its exports Label Studio puts the number of the task in place of `id`
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _write(folder: Path, request: WriteRequest) -> Written:
    rows = labelled_rows(request.out)
    people = {name: number for number, name in enumerate(names_of(one for row in rows for one in row.answers), start=1)}
    write_json(folder / _TASKS, [_task(number, row, people) for number, row in enumerate(rows, start=1)])
    write_atomic(folder / _CONFIG, _config(request.out.labels, pair=request.out.pair).encode())
    write_annotators(folder, {str(number): name for name, number in people.items()})
    return Written()


def _config(labels: Sequence[str], *, pair: bool) -> str:
    for label in labels:
        if _NOT_XML.search(label):
            what = f"the label {visible(label)!r} has a character that XML cannot hold"
            raise DataError(what, where="label-studio", hint="export to another format")
    texts = [f'  <Text name="{name}" value="${name}"/>' for name in ("text", "text_pair")[: 1 + pair]]
    choices = [f"    <Choice value={quoteattr(label)}/>" for label in labels]
    lines = [
        "<View>",
        *texts,
        '  <Choices name="label" toName="text" choice="single" required="true">',
        *choices,
        "  </Choices>",
        '  <Rating name="certainty" toName="text" maxRating="3"/>',
        '  <TextArea name="note" toName="text" maxSubmissions="1" placeholder="note"/>',
        "</View>",
    ]
    return "\n".join(lines) + "\n"


def _task(number: int, row: LabelledRow, people: dict[str, int]) -> dict[str, Any]:
    texts = {"text": row.text} if row.text_pair is None else {"text": row.text, "text_pair": row.text_pair}
    annotations = [
        {
            "id": number * 1000 + place,
            "completed_by": people[str(label["labeller"])],
            "created_at": label["time"],
            "lead_time": label["seconds"],
            "was_cancelled": label["label"] == "",
            "ground_truth": label["queue"] == "conflict",
            "result": _result(label),
        }
        for place, label in enumerate(row.answers)
    ]
    predictions = [
        {
            "model_version": label["labeller"],
            "score": int(label["certainty"] or 0) / 3,
            "result": _result(label),
        }
        for label in row.suggestions
    ]
    about = {_ROW if name == "id" else name: value for name, value in row.about.items() if value is not None}
    return {
        "id": number,
        "data": texts | about,
        "annotations": annotations,
        "predictions": predictions,
    }


def _result(label: Row) -> list[dict[str, Any]]:
    """What stands in the three parts of the interface; the first one, which is always there, has our meta."""
    values: dict[str, tuple[str, dict[str, Any]]] = {}
    if label["label"]:
        values["label"] = "choices", {"choices": [label["label"]]}
        values["certainty"] = "rating", {"rating": label["certainty"]}
    if label["note"] or not values:
        values["note"] = "textarea", {"text": [label["note"] or ""]}
    found: list[dict[str, Any]] = [
        {"id": name, "from_name": name, "to_name": "text", "type": kind, "value": value}
        for name, (kind, value) in values.items()
    ]
    found[0]["meta"] = {_OURS: label_fields(label)}
    return found


def _read(request: ReadRequest) -> Incoming:
    path = request.path / _TASKS if request.path.is_dir() else request.path
    tasks, (people, _) = _tasks(path), read_annotators(path)
    reader = _Reader(request, people)
    for number, task in enumerate(tasks, start=1):
        reader.task(task, f"{path}, task {number}")
    return reader.incoming()


def _tasks(path: Path) -> list[Any]:
    try:
        found = read_json(path, hint="export it from Label Studio as JSON")
    except FileNotFoundError:
        hint = "name the file that Label Studio exported as JSON"
        raise DataError("there is no such file", where=str(path), hint=hint) from None
    except FileError as error:
        raise DataError(error.what, where=str(path), hint=error.hint) from error
    if not isinstance(found, list):
        hint = "export it from Label Studio as JSON, not as JSON-MIN or another format"
        raise DataError("this is no list of tasks", where=str(path), hint=hint)
    return found


class _Reader:
    """Takes tasks, and counts what it leaves out."""

    def __init__(self, request: ReadRequest, people: dict[str, str]) -> None:
        self._request = request
        self._people = people
        self._found = Incoming()
        self._predictions = self._drafts = 0

    def incoming(self) -> Incoming:
        """All that was taken."""
        if self._predictions:
            what = f"left out: {counted(self._predictions, 'prediction')} of models"
            self._found.left_out.append(f"{what}; --suggestions takes such, as labels of an LLM")
        if self._drafts:
            self._found.left_out.append(f"left out: {counted(self._drafts, 'annotation')} without a label")
        return self._found

    def task(self, task: Any, where: str) -> None:
        """Take the labels of a task."""
        data = task.get("data") if isinstance(task, dict) else None
        if not isinstance(data, dict) or not isinstance(data.get(self._request.text), str):
            hint = "name the key of `data` that holds the text with --text"
            raise DataError(f"the task has no text `{self._request.text}`", where=where, hint=hint)
        row = {"id": data.get(_ROW), "split": data.get("split"), "text": data[self._request.text]}
        row["text_pair"] = data.get(self._request.pair)
        for annotation in _objects(task, "annotations", where):
            found, ours = self._values(annotation, where)
            if "label" not in found:
                self._drafts += 1
                continue
            who = self._annotator(annotation.get("completed_by"), where)
            if ours.get("labeller_kind") != "human" or who in {*self._people.values()} - {ours.get("labeller")}:
                ours = {}  # a person has taken over a prediction, or what another had said
            values = {"labeller": who, "labeller_kind": "human", "seconds": annotation.get("lead_time")}
            self._found.lines.append(Line(where, "labels", row | values | ours | found))
        for prediction in _objects(task, "predictions", where):
            found, ours = self._values(prediction, where)
            if ours.get("labeller_kind", "human") == "human":
                name = str(prediction.get("model_version") or "predictions")
                ours = {"labeller": name, "labeller_kind": "llm"} if self._request.suggestions else {}
            if not ours or "label" not in found:
                self._predictions += 1
                continue
            self._found.lines.append(Line(where, "labels", row | ours | found))

    def _values(self, answer: dict[str, Any], where: str) -> tuple[dict[str, Value], dict[str, Value]]:
        """What an annotation or prediction says, without `label` if nothing; and what we kept with it of old."""
        results = _objects(answer, "result", where)
        ours: dict[str, Value] = {}
        for result in results:
            meta = result.get("meta")
            ours |= kept_fields(meta.get(_OURS), where) if isinstance(meta, dict) else {}
        found = dict(self._answers(results))
        if answer.get("was_cancelled") or ("label" not in found and ours and not ours.get("label")):
            found |= {"label": "", "certainty": 0}
        return found, ours if ours.get("label", "") == found.get("label") else {}  # somebody may have changed it there

    def _answers(self, results: Sequence[dict[str, Any]]) -> Iterator[tuple[str, Value]]:
        choices = [one for one in results if one.get("type") == "choices"]
        named = self._request.question or ("label" if any(one.get("from_name") == "label" for one in choices) else None)
        chosen = [one for one in choices if named in (None, one.get("from_name"))]
        if len({str(one.get("from_name")) for one in chosen}) == 1:
            picked = _value(chosen[0], "choices")
            if isinstance(picked, list) and len(picked) == 1:
                yield "label", str(picked[0])
        for one in results:
            if one.get("from_name") == "certainty" and isinstance(stars := _value(one, "rating"), int) and stars:
                yield "certainty", stars
            if one.get("from_name") == "note" and isinstance(words := _value(one, "text"), list | str):
                yield "note", words if isinstance(words, str) else "\n".join(map(str, words))

    def _annotator(self, completed_by: Any, where: str) -> str:
        """A person's name: as the file beside says, else what Label Studio says of them."""
        if isinstance(completed_by, dict):
            completed_by = completed_by.get("email") or completed_by.get("username") or completed_by.get("id")
        if completed_by in (None, ""):
            raise DataError("an annotation has no `completed_by`", where=where, hint="say who made it")
        known = self._people.get(str(completed_by))
        return known or (f"user-{completed_by}" if isinstance(completed_by, int) else str(completed_by))


def _value(result: dict[str, Any], key: str) -> Any:
    value = result.get("value")
    return value.get(key) if isinstance(value, dict) else None


def _objects(of: dict[str, Any], key: str, where: str) -> list[dict[str, Any]]:
    """A list of objects; empty where there is none."""
    found = of.get(key) or []
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise DataError(f"`{key}` is no list of objects", where=where, hint="export it from Label Studio as JSON")
    return found


FORMAT = Format("tasks of Label Studio with their interface", ("labels",), _write, _read)
