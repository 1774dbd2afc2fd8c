"""Argilla 2: the folder that its `Dataset.to_disk` writes and `Dataset.from_disk` reads.

Labels of people are responses, labels of LLMs are suggestions. A question has one suggestion at most, so each further
LLM has a question of its own. Argilla knows people by numbers: `annotators.json` beside says who they are. Without a
library: it is plain JSON.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from engine.counted import counted
from engine.errors import DataError, FileError
from engine.exchange.annotation_rows import LabelledRow, labelled_rows, names_of, read_annotators, write_annotators
from engine.exchange.export_tables import Value
from engine.exchange.format import Format, Incoming, Line, ReadRequest, WriteRequest, Written
from engine.files import read_json, write_json

_HOW = "write it with `Dataset.to_disk` or `records.to_json` of Argilla"
_RECORDS, _SETTINGS, _DATASET = "records.json", ".argilla/settings.json", ".argilla/dataset.json"
_METADATA = {
    **dict.fromkeys(("id", "split", "withheld", "blind_spot", "model", "predicted"), "terms"),
    "round": "integer",
    "confidence": "float",
}


def _write(folder: Path, request: WriteRequest) -> Written:
    out, rows = request.out, labelled_rows(request.out)
    people = {name: str(uuid5(NAMESPACE_URL, f"blindspot:{name}")) for row in rows for name in names_of(row.answers)}
    kinds = {str(one["labeller"]): str(one["labeller_kind"]) for row in rows for one in row.suggestions}
    questions = {name: "label" if not number else f"label_{number + 1}" for number, name in enumerate(sorted(kinds))}
    write_json(folder / _SETTINGS, _settings(out.labels, out.guideline.text, list(questions), pair=out.pair))
    write_json(folder / _DATASET, {"name": out.name, "guidelines": None, "allow_extra_metadata": True})
    write_json(folder / _RECORDS, [_record(row, people, questions) for row in rows])
    write_annotators(folder, {number: name for name, number in people.items()}, kinds)
    decided = sum(one["queue"] == "conflict" for row in rows for one in row.answers)
    unsure = sum(not one["label"] for row in rows for one in row.suggestions)
    told = []
    if decided:
        told.append(f"left out: {counted(decided, 'decision')} of conflicts; a person has one response to a record")
    if unsure:
        told.append(f"left out: {counted(unsure, 'suggestion')} without a label")
    return Written(told)


def _settings(labels: Sequence[str], guideline: str, llms: Sequence[str], *, pair: bool) -> dict[str, Any]:
    options = [{"value": label, "text": label, "description": None} for label in labels]
    choice = {"type": "label_selection", "options": options, "visible_options": None}
    stars = {"type": "rating", "options": [{"value": step} for step in range(4)]}
    plain = {"type": "text", "use_markdown": False}
    further = {f"label_{number}": f"label by {name}" for number, name in enumerate(llms[1:], start=2)}
    return {
        "guidelines": guideline or None,
        "fields": [_named(name, name, name == "text", plain) for name in ("text", "text_pair")[: 1 + pair]],
        "questions": [
            _named("label", "label", True, choice),
            _named("certainty", "certainty: 3 sure, 2 likely, 1 a guess, 0 unsure", False, stars),
            _named("note", "note", False, plain),
            *(_named(name, title, False, choice) for name, title in further.items()),
        ],
        "metadata": [
            {"name": name, "title": name, "visible_for_annotators": False, "settings": _property(kind)}
            for name, kind in _METADATA.items()
        ],
        "vectors": [],
        "allow_extra_metadata": True,
        "distribution": {"strategy": "overlap", "min_submitted": 1},
        "mapping": None,
    }


def _named(name: str, title: str, required: bool, settings: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": name, "title": title, "description": None, "required": required, "settings": dict(settings)}


def _property(kind: str) -> dict[str, Any]:
    limits = {"values": None} if kind == "terms" else {"min": None, "max": None}
    return {"type": kind, "visible_for_annotators": False, **limits}


def _record(row: LabelledRow, people: Mapping[str, str], questions: Mapping[str, str]) -> dict[str, Any]:
    responses = defaultdict[str, list[dict[str, Any]]](list)
    for label in row.answers:
        if label["queue"] == "conflict":
            continue
        user, status = people[str(label["labeller"])], "submitted" if label["label"] else "discarded"
        values = {"label": label["label"] or None, "certainty": label["certainty"], "note": label["note"] or None}
        for question, value in values.items():
            if value is not None:
                responses[question].append({"value": value, "user_id": user, "status": status})
    suggestions = {
        questions[str(label["labeller"])]: {
            "value": label["label"],
            "score": int(label["certainty"] or 0) / 3,
            "agent": label["labeller"],
        }
        for label in row.suggestions
        if label["label"]
    }
    fields = {"text": row.text} if row.text_pair is None else {"text": row.text, "text_pair": row.text_pair}
    metadata = {name: _told(value) for name, value in row.about.items() if value is not None}
    return {
        "id": row.key,
        "fields": fields,
        "metadata": metadata,
        "suggestions": suggestions,
        "responses": dict(responses),
        "vectors": {},
        "status": "completed" if responses else "pending",
        "_server_id": None,
    }


def _told(value: Value) -> Value:
    """A value of metadata: terms are texts."""
    return str(value).lower() if isinstance(value, bool) else value


def _read(request: ReadRequest) -> Incoming:
    path = request.path / _RECORDS if request.path.is_dir() else request.path
    try:
        found = read_json(path, hint=_HOW)
    except FileNotFoundError:
        hint = "name the folder that `Dataset.to_disk` of Argilla wrote, or its records.json"
        raise DataError("there is no such file", where=str(path), hint=hint) from None
    except FileError as error:
        raise DataError(error.what, where=str(path), hint=error.hint) from error
    if not isinstance(found, list):
        raise DataError("this is no list of records", where=str(path), hint=_HOW)
    reader = _Reader(request, *read_annotators(path))
    for number, record in enumerate(found, start=1):
        reader.record(record, f"{path}, record {number}")
    return reader.incoming()


class _Reader:
    """Takes records, and counts what it leaves out."""

    def __init__(self, request: ReadRequest, people: Mapping[str, str], others: Mapping[str, str]) -> None:
        self._request = request
        self._people = people
        self._others = others
        self._question = request.question or "label"
        self._found = Incoming()
        self._drafts = self._suggestions = 0

    def incoming(self) -> Incoming:
        """All that was taken."""
        if self._drafts:
            what = f"left out: {counted(self._drafts, 'response')}"
            self._found.left_out.append(f"{what} not submitted, or without a label")
        if self._suggestions:
            what = f"left out: {counted(self._suggestions, 'suggestion')}"
            self._found.left_out.append(f"{what}; --suggestions takes such, as labels of an LLM")
        return self._found

    def record(self, record: Any, where: str) -> None:
        """Take the labels of a record."""
        if not isinstance(record, dict):
            raise DataError("this is no record of Argilla", where=where, hint=_HOW)
        fields, metadata, responses, suggestions = (_part(record, name, where) for name in _PARTS)
        if not isinstance(text := fields.get(self._request.text), str):
            raise DataError(f"there is no field `{self._request.text}`", where=where, hint="name it with --text")
        row_id = metadata.get("id") or record.get("id")
        row = {"id": row_id, "split": metadata.get("split"), "text": text, "text_pair": fields.get(self._request.pair)}
        for user, response in _by_user(responses, where).items():
            status = response.get(_STATUS)
            label = "" if status == "discarded" else response.get(self._question)
            if status == "draft" or not isinstance(label, str):
                self._drafts += 1
                continue
            who = {"labeller": self._people.get(user, user), "labeller_kind": "human"}
            values = {"label": label, **who, **{name: response.get(name) for name in ("certainty", "note")}}
            self._found.lines.append(Line(where, "labels", row | _sure(values)))
        for agent, value, score in self._suggested(suggestions):
            kind = self._others.get(agent) or ("llm" if self._request.suggestions else None)
            if kind is None or not isinstance(value, str):
                self._suggestions += 1
                continue
            certainty = round(score * 3) if agent in self._others and isinstance(score, int | float) else None
            who = {"labeller": agent, "labeller_kind": kind}
            values = {"label": value, "certainty": certainty, **who}
            self._found.lines.append(Line(where, "labels", row | _sure(values)))

    def _suggested(self, suggestions: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
        """Agent, value and score of each suggestion of a label."""
        for question, one in suggestions.items():
            further = question.startswith(f"{self._question}_") and question.rpartition("_")[2].isdecimal()
            if isinstance(one, dict) and (question == self._question or further):
                yield str(one.get("agent") or "suggestions"), one.get("value"), one.get("score")


_PARTS = ("fields", "metadata", "responses", "suggestions")
_STATUS = ""  # no question has this name


def _part(record: dict[str, Any], name: str, where: str) -> dict[str, Any]:
    """A part of a record; empty where it has none."""
    part = record.get(name) or {}
    if not isinstance(part, dict):
        raise DataError(f"`{name}` of the record is no object", where=where, hint=_HOW)
    return part


def _by_user(responses: Mapping[str, Any], where: str) -> dict[str, dict[str, Any]]:
    """What each user answered, by question, with the status."""
    found = defaultdict[str, dict[str, Any]](dict)
    for question, given in responses.items():
        for one in given if isinstance(given, list) else [None]:
            if not isinstance(one, dict) or not isinstance(one.get("user_id"), str):
                raise DataError("a response has no `user_id`", where=where, hint="write the records again")
            found[one["user_id"]][question] = one.get("value")
            found[one["user_id"]][_STATUS] = one.get("status")
    return found


def _sure(values: dict[str, Any]) -> dict[str, Any]:
    """A label has a certainty that goes with it."""
    unsure = not values["label"]
    return values | {"certainty": 0 if unsure else values.get("certainty") or None}


FORMAT = Format("a data set of Argilla 2, as its to_disk writes it", ("labels",), _write, _read)
