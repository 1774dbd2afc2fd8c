"""Replaying recorded LLM answers without a server; every record made so is marked as recorded.

A recording is a file of JSON lines, one answer a line: the `calls.jsonl` of a project (see `engine.llm.call_log`), or
lines with the same fields of which these are read::

    {"teacher": "demo-llm",             name of who answered; one file, one teacher
     "step": "abstraction",             abstraction, extrapolation or samples
     "blind_spot": "B1",                id in the project of the recording; it only holds the three answers together
     "gold": "negative",                direction of the blind spot
     "predicted": "positive",
     "rows": ["pool-17", "pool-4"],     ids of the UUs that the teacher was shown (those held back are not among them)
     "evidence": "0123456789abcdef",    hash of the evidence that the teacher was shown (`Evidence.hash`)
     "content": "{...}"}                the answer: a JSON object, as a text

``gold``, ``predicted`` and ``rows`` may be missing (as in `calls.jsonl`); then only an equal hash finds the blind spot.
Lines with a ``status`` other than ``ok`` are passed over; of several answers to one question the last counts. The
answers, by step (see `answer_schemas`; `teaching.patterns` patterns a kind, `teaching.targets` ... samples)::

    abstraction, extrapolation   {"patterns": ["why these fail ..."]}
    samples   {"patterns": [{"pattern": 1, "targets": [{"text": "...", "label": "..."}],
                                           "counters": [{"text": "...", "label": "..."}]}],
               "anchors": [{"text": "...", "label": "..."}]}

``pattern`` counts from 1: first the patterns of the abstraction in their order, then those of the extrapolation. Where
rows are pairs each sample has a ``text_pair`` too.

A recorded blind spot stands for the project's of equal evidence hash; else for one of the same direction of whose rows
its teacher was shown at least half, the largest share first, each for one alone; else it is not used. After a promotion
blind spots are smaller, and still of rows that were recorded.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import orjson

from engine.errors import FileError, TeacherError
from engine.files import content_key, read_bytes
from engine.llm.call_log import STEPS, Call, CallLog, CallStep
from engine.llm.chat_backend import ChatAnswer, Question, QuestionFailed
from engine.llm.replies import Unusable, decode
from engine.schema import Teacher
from engine.teaching.evidence import Evidence

if TYPE_CHECKING:
    from pydantic import BaseModel

RECORDED_FILE = "recorded.jsonl"
_LEAST_SHARED = 0.5
_STEPS = STEPS[:3]  # abstraction, extrapolation, samples
_NEEDED = ("teacher", "step", "blind_spot", "evidence", "content")
_CHECKS: dict[str, Callable[[Any], bool]] = {
    "teacher": lambda value: bool(value.strip()),
    "gold": lambda value: isinstance(value, str),
    "predicted": lambda value: isinstance(value, str),
    "rows": lambda value: isinstance(value, list) and all(isinstance(row, str) for row in value),
}

T = TypeVar("T", bound="BaseModel")


@dataclass(frozen=True)
class RecordedSpot:
    """The answers to one blind spot.

    Attributes:
        gold, predicted, rows: of its evidence; empty where the recording does not say.
        evidence: hash of it.
        answers: by step.
    """

    gold: str
    predicted: str
    rows: frozenset[str]
    evidence: str
    answers: Mapping[CallStep, str]

    def closeness(self, evidence: Evidence) -> tuple[bool, float, float]:
        """Whether it has seen just this evidence, which share (0..1) of its rows, and how much else (Jaccard, 0..1)."""
        rows = {row.id for row in evidence.rows}
        same_way = (self.gold, self.predicted) == (evidence.gold, evidence.predicted)
        if not same_way or not rows:
            return self.evidence == evidence.hash, 0.0, 0.0
        shared = len(rows & self.rows)
        return self.evidence == evidence.hash, shared / len(rows), shared / len(rows | self.rows)


@dataclass(frozen=True)
class Recording:
    """The answers of one LLM, to one blind spot at least."""

    teacher: Teacher
    spots: tuple[RecordedSpot, ...]

    def match(self, shown: Sequence[Evidence]) -> dict[str, RecordedSpot | None]:
        """Which recorded blind spot stands for which of the project's, by its id; None: none does.

        Args:
            shown: evidence of the project's blind spots.
        """
        pairs = [(spot.closeness(evidence), evidence, spot) for evidence in shown for spot in self.spots]
        found: dict[str, RecordedSpot | None] = {evidence.blind_spot: None for evidence in shown}
        used: set[tuple[str, frozenset[str] | str]] = set()
        for (equal, share, _), evidence, spot in sorted(pairs, key=lambda pair: pair[0], reverse=True):
            same = spot.gold, spot.rows or spot.evidence  # answers of other machines about the same rows
            if found[evidence.blind_spot] is None and same not in used and (equal or share >= _LEAST_SHARED):
                found[evidence.blind_spot] = spot
                used.add(same)
        return found


class Replay:
    """Answers from a recording: an `engine.llm.chat_backend.ChatBackend` that asks nobody.

    Args:
        recording: the answers.
        matched: which of its blind spots stands for which of the project's, by the project's id.
        log: takes one call for each answer.
    """

    def __init__(self, recording: Recording, matched: Mapping[str, RecordedSpot], log: CallLog) -> None:
        self._recording = recording
        self._matched = matched
        self._log = log

    @property
    def teacher(self) -> Teacher:
        """Who answered."""
        return self._recording.teacher

    def ask(self, question: Question[T]) -> ChatAnswer[T]:
        """What was answered to this question then.

        Raises:
            QuestionFailed: nothing, or something that cannot be used.
        """
        where = f"{question.blind_spot} {question.step}"
        spot = self._matched.get(question.blind_spot)
        content = spot.answers.get(question.step) if spot else None
        if spot is None or content is None:
            raise QuestionFailed("the recording has no answer", where=where)
        check = question.last_check or question.check
        try:
            value = decode(content, question.form)
            problem = check(value) if check else None
        except Unusable as error:
            problem = str(error)
        if problem:
            raise QuestionFailed(f"the recorded answer cannot be used: {problem}", where=where)
        name = self.teacher.name
        call = Call(
            key=content_key("recorded", name, spot.evidence, question.step, question.blind_spot, content),
            time=time.time(),
            seconds=0.0,
            teacher=name,
            model=name,
            server="",
            step=question.step,
            blind_spot=question.blind_spot,
            answer_format="text",
            status="ok",
            evidence=spot.evidence,
            prompt=question.prompt.hash,
            tokens_in=0,
            tokens_out=0,
            content=content,
            recorded=True,
        )
        known = self._log.answer(call.key)
        if known is None:
            self._log.append(call)
        return ChatAnswer(value, (known or call,), cached=known is not None)

    def close(self) -> None:
        """Nothing to let go of."""


def read_recording(path: Path) -> Recording:
    """Read a file of recorded answers; a torn line is passed over.

    Raises:
        TeacherError: it cannot be read, a line lacks something, or it has answers of no or of several teachers.
    """
    teachers: set[str] = set()
    spots: dict[tuple[str, str], RecordedSpot] = {}
    try:
        lines = read_bytes(path).splitlines()
    except (FileNotFoundError, FileError) as error:
        raise TeacherError("the recording cannot be read", where=str(path), hint="name another file") from error
    for number, line in enumerate(lines, start=1):
        try:
            values = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue
        if isinstance(values, dict) and values.get("step") in STEPS and values["step"] not in _STEPS:
            continue  # of patterns that were judged or reworded, by a project's own log
        missing = [name for name in _NEEDED if not isinstance(values, dict) or not isinstance(values.get(name), str)]
        if not missing:
            missing = [name for name, is_good in _CHECKS.items() if name in values and not is_good(values[name])]
        if missing:
            raise TeacherError(
                f"this is no recorded answer: it has no usable `{missing[0]}`",
                where=f"{path}:{number}",
                hint="correct or remove the line",
            )
        if values.get("status", "ok") == "ok" and values["step"] in _STEPS:
            teachers.add(values["teacher"])
            place = values["blind_spot"], values["evidence"]
            spot = spots.get(place, RecordedSpot("", "", frozenset(), values["evidence"], {}))
            spots[place] = RecordedSpot(
                values.get("gold", spot.gold),
                values.get("predicted", spot.predicted),
                frozenset(values.get("rows", spot.rows)),
                spot.evidence,
                {**spot.answers, values["step"]: values["content"]},
            )
    if len(teachers) != 1:
        what = f"answers of {', '.join(sorted(teachers))} are in this file" if teachers else "no answer is in this file"
        raise TeacherError(what, where=str(path), hint="give a file with the answers of one LLM")
    return Recording(Teacher(teachers.pop(), "llm", recorded=True), tuple(spots.values()))
