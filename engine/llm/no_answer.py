"""What is told where no usable answer came for good: of the server, so that the run stops, or of one question alone."""

from __future__ import annotations

import re
from typing import Any, Literal

from engine.llm.chat_backend import QuestionFailed, ServerRefused
from engine.llm.conversation import Conversation
from engine.llm.transport import Reply
from engine.settings import LlmSettings

Heard = Literal["nothing", "errors", "answers"]
"""The most that has come of a server so far."""

MOST_IN_A_ROW = 10
"""Questions that a server may leave without an answer, one after the other, before the run stops.

Rows that it cannot take are asked about five times, whole and in parts: two such batches are still the rows' fault.
"""
MOST_UNUSABLE = 30
"""Questions in a row to which no answer can be used, before the run stops. Each answer is paid.

Of a weak model that answers one question of three as asked, one in 190,000 begins such a series by chance.
"""
LONGER_CONTEXT = "start the server with a longer context, or lower labelling.llm_batch or llm.max_output_tokens"
_ENDING = " (it ends in /v1 as a rule)"
_NOT_TAKEN = (400, 413, 422)
_ABOUT_LENGTH = re.compile(r"context.?(length|size|window)|exceed\w*.context|too (long|many tokens)", re.I)


def no_answer(
    talk: Conversation[Any], reply: Reply, settings: LlmSettings, server: str, heard: Heard, in_a_row: int
) -> ServerRefused | QuestionFailed:
    """The error to raise.

    Args:
        talk: the question, with its calls.
        reply: the last that came of it, without an answer.
        settings: whom it was asked.
        server: host and port.
        heard: of the server, in this process.
        in_a_row: questions that it has left without an answer since it last gave one, this one among them.
    """
    model = settings.model
    if reply.trouble == "unreachable":
        return ServerRefused(
            f"{server} is not reached: {reply.error}",
            where="llm.base_url",
            hint="start the server or correct the address, then run it again",
        )
    if reply.trouble == "late" and heard == "nothing":
        return ServerRefused(
            f"{server} takes connections and never answers: {reply.error}",
            where="llm.base_url",
            hint="look after the server, or raise llm.timeout for a slow one",
        )
    if reply.sent_on_to:
        return ServerRefused(
            f"{server} sends requests on to {reply.sent_on_to}, where nothing is sent unasked",
            where="llm.base_url",
            hint="if you know that address, set it there",
        )
    if reply.status in (401, 403):
        return ServerRefused(
            f"{server} refuses the key ({reply.status}): {reply.error}",
            where="llm.key_env",
            hint=f"export a valid key as {settings.key_env}",
        )
    if reply.status == 404:
        return ServerRefused(
            f"{server} has no model `{model}`, or nothing at this address: {reply.error}",
            where="llm.model",
            hint=f"correct llm.model or llm.base_url{_ENDING}",
        )
    if reply.code == "insufficient_quota" or reply.status == 402:
        return ServerRefused(
            f"the account at {server} has nothing left to spend: {reply.error}",
            where="llm.base_url",
            hint="top it up, then run it again",
        )
    # Some servers say so with status 400. An error about the question repeats the name too, but answers come before it.
    if reply.status in _NOT_TAKEN and heard != "answers" and model in reply.error and not _is_too_long(reply):
        return ServerRefused(
            f"{server} does not take the model `{model}`: {reply.error}", where="llm.model", hint="correct llm.model"
        )
    times = f"{len(talk.calls)} attempts" if len(talk.calls) > 1 else "one attempt"
    reason = f"HTTP {reply.status}: {reply.error}" if reply.trouble == "status" else talk.calls[-1].error
    if in_a_row > MOST_IN_A_ROW and reply.status not in _NOT_TAKEN:
        none = f"{server} has answered none of the last {in_a_row} questions: {reason}"
        return ServerRefused(none, where="llm.base_url", hint=_what_to_do(reply))
    return talk.failed(f"no answer after {times} ({reason})", _what_to_do(reply))


def unusable(
    talk: Conversation[Any], what: str, hint: str, server: str, in_a_row: int
) -> ServerRefused | QuestionFailed:
    """The error to raise where answers came, of which none can be used.

    Args:
        talk: the question, with its calls.
        what: is wrong with them.
        hint: what to do about it.
        server: host and port.
        in_a_row: questions whose answers could not be used since the last one that could, this one among them.
    """
    if in_a_row > MOST_UNUSABLE:
        none = f"none of the answers of {server} to the last {in_a_row} questions can be used: {what}"
        return ServerRefused(none, where="llm.model", hint=hint)
    return talk.failed(what, hint)


def _what_to_do(reply: Reply) -> str:
    if not reply.trouble:
        return f"look at llm.base_url{_ENDING}"
    if _is_too_long(reply):
        return LONGER_CONTEXT
    if reply.status in _NOT_TAKEN:
        return "the server does not take this question; others may pass"
    return "run it again later; what is answered is kept"


def _is_too_long(reply: Reply) -> bool:
    return reply.status in _NOT_TAKEN and _ABOUT_LENGTH.search(f"{reply.code} {reply.error}") is not None
