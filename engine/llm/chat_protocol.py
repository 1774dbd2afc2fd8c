"""What a protocol of chat servers has to say for the client; the protocols there are: `protocols.py`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from engine.llm.call_log import AnswerFormat
from engine.llm.replies import Completion

if TYPE_CHECKING:
    from pydantic import BaseModel

Message = dict[str, str]
"""``role`` (system, user or assistant) and ``content``."""


class ChatProtocol(Protocol):
    """Puts a question into the fields of a request and reads the body of a response; keeps no state.

    ``model`` and ``temperature`` are named alike by all. Limits, waits, retries and the log are the client's, HTTP is
    the transport's.
    """

    @property
    def limits(self) -> tuple[str, ...]:
        """Names of the field for the most tokens of an answer: the newest first, the best known last."""

    def endpoint(self, client: Any) -> Callable[..., Any]:
        """The method of OpenAI's client that takes the fields and gives the response as a stream."""

    def conversation(self, messages: Sequence[Message]) -> dict[str, Any]:
        """The fields that hold the messages."""

    def form(self, answer_format: AnswerFormat, form: type[BaseModel]) -> dict[str, Any]:
        """The fields that say what form the answer must have; empty: none does in this format."""

    def completion(self, body: bytes) -> Completion | None:
        """The answer in the body of a response; None: it is no answer of this protocol."""
