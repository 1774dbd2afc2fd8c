"""Tolerant parsing of servers' responses."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import orjson

if TYPE_CHECKING:
    from pydantic import BaseModel

T = TypeVar("T", bound="BaseModel")

# A samples answer with 10 patterns of 20 texts has some 40,000 characters; 200,000 are no answer but an accident.
LARGEST_ANSWER = 200_000
_FENCE = re.compile(r"```[A-Za-z]*[ \t]*\n(.*?)```", re.DOTALL)
_THOUGHT = re.compile(r"^\s*<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL)
_MOST_STARTS = 100
_MOST_FAULTS = 5


class Unusable(ValueError):
    """An answer is not of its form; the message says why, in words for whoever wrote it."""


@dataclass(frozen=True)
class Completion:
    """An answer of a server, as far as it says something.

    Attributes:
        content: the answer; empty if there is none.
        refusal: the words of a refusal, or the reason of one; empty: it did not refuse.
        is_cut: whether it ended at the token limit.
        tokens_in, tokens_out, tokens_cached: None where it does not say.
    """

    content: str
    refusal: str
    is_cut: bool
    tokens_in: int | None
    tokens_out: int | None
    tokens_cached: int | None

    @classmethod
    def of(
        cls,
        content: str,
        refusal: str,
        *,
        is_cut: bool,
        tokens_in: int | None,
        tokens_out: int | None,
        tokens_cached: int | None,
    ) -> Completion:
        """From what a server says; more cached tokens than there are tokens say nothing."""
        cached = tokens_cached if tokens_cached is None or tokens_cached <= (tokens_in or 0) else None
        return cls(content, refusal, is_cut, tokens_in, tokens_out, cached)

    def mapped(self, change: Callable[[str], str]) -> Completion:
        """The same with its texts changed."""
        return replace(self, content=change(self.content), refusal=change(self.refusal))


def read_object(body: bytes) -> dict[str, Any] | None:
    """The JSON object in the body of a response; None: it is not one."""
    try:
        values = json.loads(body.decode("utf-8"))  # the strict orjson would lose a whole answer for one NaN beside it
    except (ValueError, RecursionError):
        return None
    return values if isinstance(values, dict) else None


def decode(content: str, form: type[T]) -> T:
    """The answer in a text: the text itself, or a JSON object in a code fence or between words.

    Raises:
        Unusable: no object in it is of this form.
    """
    from pydantic import ValidationError

    wrong = ""
    for candidate in _objects(content):
        try:
            orjson.dumps(candidate)
            return form.model_validate(candidate)
        except ValidationError as error:
            wrong = wrong or _faults(error)
        except TypeError:
            wrong = wrong or "it holds half of a surrogate pair, which is no character"
    raise Unusable(wrong or "there is no JSON object in it, or a broken one")


def _objects(content: str) -> Iterator[dict[str, Any]]:
    """The JSON objects in a text: the text itself, those in fences from the last, then any between words."""
    content = _THOUGHT.sub("", content)
    for part in (content.strip(), *(part.strip() for part in reversed(_FENCE.findall(content)))):
        value, end = _object(part, 0)
        if value is not None and end == len(part):
            yield value
    start = content.find("{")
    for _ in range(_MOST_STARTS):
        if start < 0:
            return
        value, end = _object(content, start)
        if value is not None:
            yield value
        start = content.find("{", end)


def _object(text: str, start: int) -> tuple[dict[str, Any] | None, int]:
    """The JSON object that begins here, and where it ends; None and the next place to look if there is none."""
    if not text.startswith("{", start):
        return None, start + 1
    try:
        value, end = json.JSONDecoder(strict=False).raw_decode(text, start)  # models write line ends into strings
    except (ValueError, RecursionError):
        return None, start + 1
    return value, end


def _faults(error: Any) -> str:
    faults = error.errors(include_url=False, include_input=False, include_context=False)
    shown = [f"{'.'.join(map(str, fault['loc'])) or 'the answer'}: {fault['msg']}" for fault in faults[:_MOST_FAULTS]]
    more = len(faults) - len(shown)
    return "; ".join(shown) + (f"; and {more} more" if more else "")


def as_dict(value: Any) -> dict[str, Any]:
    """The object, or an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def as_text(value: Any) -> str:
    """A text as the log can hold it: half a surrogate pair becomes a question mark."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""
