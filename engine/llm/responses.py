"""The responses protocol: OpenAI's newer one, the only one that some of its models speak.

Source: https://platform.openai.com/docs/api-reference/responses. The server is told to keep nothing (``store``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from engine.llm.answer_format import schema_of
from engine.llm.call_log import AnswerFormat, token_count
from engine.llm.chat_protocol import Message
from engine.llm.replies import Completion, as_dict, as_text, read_object

if TYPE_CHECKING:
    from pydantic import BaseModel


class Responses:
    """An `engine.llm.chat_protocol.ChatProtocol`."""

    limits = ("max_output_tokens",)

    def endpoint(self, client: Any) -> Callable[..., Any]:
        """`POST /responses`."""
        method: Callable[..., Any] = client.responses.with_streaming_response.create
        return method

    def conversation(self, messages: Sequence[Message]) -> dict[str, Any]:
        """As ``input``; ``transformers serve`` streams unless it is told not to."""
        return {"input": list(messages), "store": False, "stream": False}

    def form(self, answer_format: AnswerFormat, form: type[BaseModel]) -> dict[str, Any]:
        """As ``text.format``; JSON mode takes no schema here."""
        if answer_format == "schema":
            schema = {"name": form.__name__, "strict": True, "schema": schema_of(form)}
            return {"text": {"format": {"type": "json_schema", **schema}}}
        return {} if answer_format == "text" else {"text": {"format": {"type": "json_object"}}}

    def completion(self, body: bytes) -> Completion | None:
        """The texts of its messages; reasoning beside them is passed over."""
        values = read_object(body)
        if values is None or not isinstance(values.get("output"), list):
            return None
        messages = [item for item in map(as_dict, values["output"]) if item.get("type") == "message"]
        parts = [as_dict(part) for message in messages for part in message.get("content") or []]
        refusal = "".join(as_text(part.get("refusal")) for part in parts if part.get("type") == "refusal")
        why = as_dict(values.get("incomplete_details")).get("reason")
        if not refusal and why == "content_filter":
            refusal = "its content filter stopped the answer"
        usage = as_dict(values.get("usage"))
        return Completion.of(
            "".join(as_text(part.get("text")) for part in parts if part.get("type") == "output_text"),
            refusal,
            is_cut=why == "max_output_tokens",
            tokens_in=token_count(usage.get("input_tokens")),
            tokens_out=token_count(usage.get("output_tokens")),
            tokens_cached=token_count(as_dict(usage.get("input_tokens_details")).get("cached_tokens")),
            tokens_thought=token_count(as_dict(usage.get("output_tokens_details")).get("reasoning_tokens")),
        )
