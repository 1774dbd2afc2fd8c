"""The log of all LLM calls: one JSON line each, which is also the cache of answers.

A line is durable before its answer is used, so nothing that was answered is asked, or paid, a second time.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import orjson

from engine.files import append_line, read_lines
from engine.schema import LabelledSplit, Record

CallStep = Literal["abstraction", "extrapolation", "samples", "judge", "refine", "label", "label held-out"]
AnswerFormat = Literal["schema", "json with schema", "json", "text"]
CallStatus = Literal["ok", "invalid", "refused", "truncated", "too large", "empty", "failed"]
STEPS: tuple[CallStep, ...] = get_args(CallStep)
LABEL_STEPS: Mapping[LabelledSplit, CallStep] = {"pool": "label", "proof": "label held-out"}
"""What a call is for that asks for the labels of rows of a split."""
CALLS_FILE = "calls.jsonl"
MOST_TOKENS = 100_000_000
"""Of one call. No model reads a hundredth of it; what a server reports beyond it counts as not reported."""
_TOKENS = ("tokens_in", "tokens_out", "tokens_cached", "tokens_thought")


@dataclass(frozen=True, slots=True)
class Call(Record):
    """One call: a request and what came back.

    Attributes:
        key: content key of the request (server, model, messages, what kind of answer): equal keys, equal question.
        time: seconds since the epoch at its end; seconds: how long it took. attempt: 1 for the first.
        teacher, model, server: who was asked, and where (host and port). recorded: replayed, so nobody was asked.
        step, blind_spot, pattern: what for. evidence: hash of the evidence in the prompt, or of the guideline.
            prompt: of the templates.
        rows: ids of the rows that were to be labelled, in their order; of which split says the step. reading: 1 for the
            first that they got.
        answer_format: how the form of the answer was asked for (``rung`` in files of earlier versions). repair: whether
            it is the turn that mends a bad answer.
        status: ``ok`` was used; ``failed``: no answer came (``http_status``, ``error``); the others: why it was not.
        tokens_in, tokens_out, tokens_cached (those of tokens_in that the server had cached), tokens_thought (those of
            tokens_out that the model thought with): None where the server does not say. estimated: the tokens are a
            guess from the length of the texts.
        content: the answer as it came, cut if it was too large.
    """

    key: str
    time: float
    seconds: float
    teacher: str
    model: str
    server: str
    step: CallStep
    blind_spot: str
    answer_format: AnswerFormat
    status: CallStatus
    attempt: int = 1
    repair: bool = False
    pattern: str | None = None
    evidence: str | None = None
    prompt: str = ""
    tokens_in: int | None = None
    tokens_out: int | None = None
    tokens_cached: int | None = None
    tokens_thought: int | None = None
    estimated: bool = False
    http_status: int | None = None
    error: str = ""
    content: str = ""
    recorded: bool = False
    rows: tuple[str, ...] = ()
    reading: int = 1


class CallLog:
    """The calls of a project; safe for the threads of one process, and one process writes at a time (the job's).

    Args:
        path: the file; it need not exist yet.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._answers = {call.key: call for call in read_calls(path) if call.status == "ok"}

    @property
    def path(self) -> Path:
        """Where it is."""
        return self._path

    def answer(self, key: str) -> Call | None:
        """The call that was answered and used for this content key; None if there is none."""
        return self._answers.get(key)

    def append(self, call: Call) -> None:
        """Write a call and make it durable."""
        with self._lock:
            append_line(self._path, orjson.dumps(call.as_json()), durable=True)
            if call.status == "ok":
                self._answers[call.key] = call


def read_calls(path: Path) -> Iterator[Call]:
    """All whole calls of a file, oldest first; none if it does not exist. What is no whole call is passed over."""
    return (call for line in read_lines(path) if (call := call_of(line)))


def token_count(value: Any) -> int | None:
    """A number of tokens as servers report it; None: it can be none, as it is no whole number, below 0 or absurd."""
    return value if type(value) is int and 0 <= value <= MOST_TOKENS else None


def call_of(line: bytes) -> Call | None:
    """The call in a line of the log; None: it is none. Numbers of tokens that can be none are not known."""
    try:
        values = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(values, dict):
        return None
    if "rung" in values:
        values.setdefault("answer_format", values["rung"])
    try:
        call = Call.from_json(values | {name: token_count(values.get(name)) for name in _TOKENS})
    except ValueError:
        return None
    return call if all(0 <= seconds < 1e12 for seconds in (call.time, call.seconds)) else None
