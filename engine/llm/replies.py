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
# Before an answer. Of some models the opening tag stands at the end of their prompt and only the closing one is
# answered; what has only the opening one is nothing but thinking, cut off. What begins with an object has no thinking.
_CLOSED_THOUGHT = re.compile(r"^\s*(?![\s{]).*(?:</think(?:ing)?>|\[/THINK\])", re.DOTALL)
_OPEN_THOUGHT = re.compile(r"^\s*(?:<think(?:ing)?>|\[THINK\]).*", re.DOTALL)
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
        tokens_thought: those of tokens_out that the model thought with; None where it does not say.
        thought: what the model thought, where that comes apart from the answer.
    """

    content: str
    refusal: str
    is_cut: bool
    tokens_in: int | None
    tokens_out: int | None
    tokens_cached: int | None
    tokens_thought: int | None = None
    thought: str = ""

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
        tokens_thought: int | None = None,
        tokens_total: int | None = None,
        thought: str = "",
    ) -> Completion:
        """From what a server says; more cached tokens than there are tokens say nothing.

        ``tokens_total`` are those of prompt, thinking and answer: some servers count thinking only there.
        """
        cached = tokens_cached if tokens_cached is None or tokens_cached <= (tokens_in or 0) else None
        if tokens_thought and tokens_in is not None and tokens_out is not None:
            apart = tokens_in + tokens_out + tokens_thought
            tokens_out += tokens_thought if tokens_total == apart else 0
        thinking = tokens_thought if tokens_thought is None or tokens_thought <= (tokens_out or 0) else None
        if not content.strip() and not is_cut and _object(thought.strip(), 0)[1] == len(thought.strip()):
            content, thought = thought, ""  # servers that take all for thinking that a model writes
        return cls(content, refusal, is_cut, tokens_in, tokens_out, cached, thinking, thought)

    def mapped(self, change: Callable[[str], str]) -> Completion:
        """The same with its texts changed."""
        return replace(self, content=change(self.content), refusal=change(self.refusal), thought=change(self.thought))

    @property
    def is_thinking(self) -> bool:
        """Whether all of it is thinking, and no answer."""
        return not without_thought(self.content).strip() and bool(self.content.strip() or self.thought.strip())


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


def is_of_form(content: str, form: type[BaseModel]) -> bool:
    """Whether there is an answer in a text."""
    try:
        decode(content, form)
    except Unusable:
        return False
    return True


def without_thought(content: str) -> str:
    """An answer without what the model thought before it."""
    return _OPEN_THOUGHT.sub("", _CLOSED_THOUGHT.sub("", content))


def _objects(content: str) -> Iterator[dict[str, Any]]:
    """The JSON objects in a text: the text itself, those in fences from the last, then any between words."""
    content = without_thought(content)
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
