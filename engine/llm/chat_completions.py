"""The chat completions protocol: OpenAI's first, which nearly every server speaks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from engine.llm.answer_format import schema_of
from engine.llm.call_log import AnswerFormat, token_count
from engine.llm.chat_protocol import Message
from engine.llm.replies import Completion, as_dict, as_text, read_object

if TYPE_CHECKING:
    from pydantic import BaseModel


class ChatCompletions:
    """An `engine.llm.chat_protocol.ChatProtocol`."""

    # Newer models of OpenAI take only the new name, most other servers only the old one.
    limits = ("max_completion_tokens", "max_tokens")

    def endpoint(self, client: Any) -> Callable[..., Any]:
        """`POST /chat/completions`."""
        method: Callable[..., Any] = client.chat.completions.with_streaming_response.create
        return method

    def conversation(self, messages: Sequence[Message]) -> dict[str, Any]:
        """The messages as they are."""
        return {"messages": list(messages)}

    def form(self, answer_format: AnswerFormat, form: type[BaseModel]) -> dict[str, Any]:
        """As ``response_format``."""
        if answer_format == "schema":
            schema = {"name": form.__name__, "strict": True, "schema": schema_of(form)}
            return {"response_format": {"type": "json_schema", "json_schema": schema}}
        if answer_format == "json with schema":
            return {"response_format": {"type": "json_object", "schema": schema_of(form)}}
        return {"response_format": {"type": "json_object"}} if answer_format == "json" else {}

    def completion(self, body: bytes) -> Completion | None:
        """Its first choice. Thinking may stand in its answer or beside it, by either of two names."""
        values = read_object(body)
        if values is None or not isinstance(values.get("choices"), list):
            return None
        choice = as_dict(values["choices"][0]) if values["choices"] else {}
        message = as_dict(choice.get("message"))
        refusal = as_text(message.get("refusal"))
        if not refusal and choice.get("finish_reason") == "content_filter":
            refusal = "its content filter stopped the answer"
        usage = as_dict(values.get("usage"))
        details = as_dict(usage.get("completion_tokens_details"))
        return Completion.of(
            _text(message.get("content")),
            refusal,
            is_cut=choice.get("finish_reason") == "length",
            tokens_in=token_count(usage.get("prompt_tokens")),
            tokens_out=token_count(usage.get("completion_tokens")),
            tokens_cached=token_count(as_dict(usage.get("prompt_tokens_details")).get("cached_tokens")),
            tokens_thought=token_count(details.get("reasoning_tokens")),
            tokens_total=token_count(usage.get("total_tokens")),
            thought=as_text(message.get("reasoning_content")) or as_text(message.get("reasoning")),
        )


def _text(content: Any) -> str:
    """The text of a message, which some servers send in parts, thinking among them."""
    if not isinstance(content, list):
        return as_text(content)
    return "".join(as_text(part.get("text")) for part in map(as_dict, content) if part.get("type") == "text")
