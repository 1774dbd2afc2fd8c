"""How JSON is asked for: by schema, in JSON mode with or without a schema, or in words; stepping down when refused.

JSON mode with a schema is what llama-cpp-python enforces, which does not know the first way. A server that knows less,
or lets answers pass that the schema does not, is taken one rung down, once, and what worked is remembered.
"""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Any, get_args

import orjson

from engine.llm.call_log import ResponseFormat

if TYPE_CHECKING:
    from pydantic import BaseModel

RUNGS: tuple[ResponseFormat, ...] = get_args(ResponseFormat)
WITH_SCHEMA: tuple[ResponseFormat, ...] = ("schema", "json with schema")
"""The rungs at which a server that knows them lets no other answer pass."""
_REJECTING = (400, 404, 415, 422, 500, 501)
_ABOUT_FORMAT = re.compile(
    r"response.?format|text\.format|json.?(schema|object|mode)|schema|structured|grammar|guided", re.I
)
# Constraints that servers in strict mode refuse; the answer is validated here in any case.
_DROPPED = {"title", "default", "minLength", "maxLength"}


class FormatLadder:
    """The rung to begin at with one model of one server. Safe for threads.

    Args:
        worked: the rung of its last good answer; None: it was never asked.
    """

    def __init__(self, worked: ResponseFormat | None) -> None:
        self._lock = threading.Lock()
        self._worked = worked
        self._rung: ResponseFormat = worked or "schema"

    @property
    def rung(self) -> ResponseFormat:
        """Where to begin."""
        return self._rung

    def has_worked(self, rung: ResponseFormat) -> bool:
        """Whether there was a good answer at just this rung."""
        return self._worked == rung

    def works(self, rung: ResponseFormat) -> None:
        """There was a good answer; a higher rung that worked stands."""
        with self._lock:
            if self._worked is None or RUNGS.index(rung) < RUNGS.index(self._worked):
                self._worked = self._rung = rung

    def rejected(self, rung: ResponseFormat) -> None:
        """The server does not know this rung, or does not hold answers to it."""
        with self._lock:
            if self._rung == rung:
                self._rung, self._worked = below(rung), None


def below(rung: ResponseFormat) -> ResponseFormat:
    """The next rung down; the lowest is its own."""
    return RUNGS[min(RUNGS.index(rung) + 1, len(RUNGS) - 1)]


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
