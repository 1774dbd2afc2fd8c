"""The protocols of chat servers, by the name that `llm.protocol` gives them."""

from __future__ import annotations

from engine.llm.chat_completions import ChatCompletions
from engine.llm.chat_protocol import ChatProtocol
from engine.llm.responses import Responses

PROTOCOLS: dict[str, ChatProtocol] = {"chat-completions": ChatCompletions(), "responses": Responses()}
"""The choices of `engine.settings.LlmSettings.protocol`."""
