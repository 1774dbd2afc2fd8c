"""The answer format: how JSON is asked for, by schema, in JSON mode with or without a schema, or in words.

JSON mode with a schema is what llama-cpp-python enforces, which does not know the first way. A server that knows less,
or lets answers pass that the schema does not, is asked in the next simpler format, and what worked is remembered.
"""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Any, get_args

import orjson

from engine.llm.call_log import AnswerFormat

if TYPE_CHECKING:
    from pydantic import BaseModel

ANSWER_FORMATS: tuple[AnswerFormat, ...] = get_args(AnswerFormat)
"""The strictest first."""
WITH_SCHEMA: tuple[AnswerFormat, ...] = ("schema", "json with schema")
"""Those in which a server that knows them lets no other answer pass."""
_REJECTING = (400, 404, 415, 422, 500, 501)
_ABOUT_FORMAT = re.compile(
    r"response.?format|text\.format|json.?(schema|object|mode)|schema|structured|grammar|guided", re.I
)
# Constraints that servers in strict mode refuse; the answer is validated here in any case.
_DROPPED = {"title", "default", "minLength", "maxLength"}


class FormatsOfServer:
    """The answer format to begin with at one model of one server. Safe for threads.

    Args:
        worked: that of its last good answer; None: it was never asked.
    """

    def __init__(self, worked: AnswerFormat | None) -> None:
        self._lock = threading.Lock()
        self._worked = worked
        self._first: AnswerFormat = worked or "schema"

    @property
    def first(self) -> AnswerFormat:
        """Which to begin with."""
        return self._first

    def has_worked(self, answer_format: AnswerFormat) -> bool:
        """Whether there was a good answer in just this format."""
        return self._worked == answer_format

    def works(self, answer_format: AnswerFormat) -> None:
        """There was a good answer; a stricter format that worked stands."""
        with self._lock:
            if self._worked is None or _place(answer_format) < _place(self._worked):
                self._worked = self._first = answer_format

    def rejected(self, answer_format: AnswerFormat) -> None:
        """The server does not know this format, or does not hold answers to it."""
        with self._lock:
            if self._first == answer_format:
                self._first, self._worked = simpler(answer_format), None


def simpler(answer_format: AnswerFormat) -> AnswerFormat:
    """The next simpler format; the simplest is its own."""
    return ANSWER_FORMATS[min(_place(answer_format) + 1, len(ANSWER_FORMATS) - 1)]


def _place(answer_format: AnswerFormat) -> int:
    return ANSWER_FORMATS.index(answer_format)


def rejects_format(status: int | None, error: str) -> bool:
    """Whether an error is about the form that was asked for and not about the question."""
    return status in _REJECTING and _ABOUT_FORMAT.search(error) is not None


def in_words(form: type[BaseModel]) -> str:
    """The form as a sentence of the prompt, for servers that cannot be held to it."""
    schema = orjson.dumps(schema_of(form)).decode()
    return f"Answer with one JSON object that fits this JSON schema, and with nothing else:\n{schema}"


def schema_of(form: type[BaseModel]) -> dict[str, Any]:
    """Its JSON schema as strict servers want it: every object closed, every key required."""
    strict: dict[str, Any] = _strict(form.model_json_schema())
    return strict


def _strict(node: Any) -> Any:
    if isinstance(node, list):
        return [_strict(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept: dict[str, Any] = {}
    for key, value in node.items():
        if key in ("properties", "$defs"):
            kept[key] = {name: _strict(inner) for name, inner in value.items()}  # names, not keywords
        elif key not in _DROPPED:
            kept[key] = _strict(value)
    if isinstance(node.get("properties"), dict):
        kept["required"] = list(node["properties"])
        kept["additionalProperties"] = False
    return kept
