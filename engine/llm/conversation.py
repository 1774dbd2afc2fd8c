"""One question with its repair turn: which messages are sent, and how an answer is validated."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Generic

from engine.llm.answer_format import in_words, simpler
from engine.llm.budget import likely_tokens
from engine.llm.call_log import AnswerFormat, Call, CallStatus
from engine.llm.chat_backend import Question, QuestionFailed, T
from engine.llm.chat_protocol import Message
from engine.llm.replies import LARGEST_ANSWER, Completion, Unusable, decode, without_thought
from engine.llm.transport import LONGEST_BODY, Reply
from engine.text import as_utf8

CUT_THINKING = "cut at the limit of tokens while it was still thinking"
_LONGEST_SHOWN = 10_000
"""Characters of a bad answer that are sent back to be mended."""


@dataclass(frozen=True)
class BadAnswer:
    """An answer to mend, and what is wrong with it."""

    content: str
    wrong: str


@dataclass
class Conversation(Generic[T]):
    """One question while it is being asked.

    Attributes:
        key: of its calls. answer_format: of the next request. max_tokens: of the next answer.
        calls: made so far. broken: how many of the last in a row failed with status 500.
        adapted: fields of its request that were changed because the server turned them down.
    """

    question: Question[T]
    key: str
    answer_format: AnswerFormat
    max_tokens: int
    calls: list[Call] = field(default_factory=list)
    broken: int = 0
    adapted: set[str] = field(default_factory=set)

    @property
    def where(self) -> str:
        """For sentences: blind spot, or rows, and step."""
        rows = len(self.question.rows)
        about = self.question.blind_spot or (f"{rows} rows" if rows > 1 else "one row")
        return f"{about}, {self.question.step}"

    def take_simpler_format(self) -> None:
        """Ask for the form in a simpler way."""
        self.answer_format, self.broken = simpler(self.answer_format), 0

    def failed(self, what: str, hint: str) -> QuestionFailed:
        """The error that says so."""
        return QuestionFailed(what, calls=tuple(self.calls), where=self.where, hint=hint)


def read_reply(
    question: Question[T], reply: Reply, completion: Completion | None, *, is_last: bool
) -> tuple[CallStatus, str, T | None]:
    """What an answer is worth, what is wrong with it, and its value."""
    if reply.code == "content_filter":
        return "refused", reply.error, None
    if reply.trouble:
        return "failed", reply.error, None
    if len(reply.body) > LONGEST_BODY:
        return "too large", f"more than {LONGEST_BODY:,} bytes", None
    if completion is None:
        return "failed", "what came is no answer of this protocol", None
    if len(completion.content) > LARGEST_ANSWER:
        return "too large", f"{len(completion.content):,} characters", None
    if completion.refusal:
        return "refused", completion.refusal, None
    if completion.is_thinking:
        return (
            ("truncated", CUT_THINKING, None)
            if completion.is_cut
            else ("empty", "it thought, and answered nothing", None)
        )
    if not completion.content.strip() and not completion.is_cut:
        return "empty", "the answer is empty", None
    value, wrong = judged(question, completion.content, is_last=is_last)
    if value is not None:
        return "ok", "", value
    return ("truncated", "cut at the limit of tokens", None) if completion.is_cut else ("invalid", wrong, None)


def judged(question: Question[T], content: str, *, is_last: bool) -> tuple[T | None, str]:
    """The value of an answer, or what is wrong with it."""
    try:
        value = decode(content, question.form)
    except Unusable as error:
        return None, str(error)
    check = question.last_check if is_last and question.last_check else question.check
    wrong = check(value) if check else None
    return (None, wrong) if wrong else (value, "")


def messages_of(question: Question[Any], answer_format: AnswerFormat, bad: BadAnswer | None) -> list[Message]:
    """What is sent: the prompt, and for a second turn the bad answer with what is wrong."""
    user = question.prompt.user if answer_format == "schema" else f"{question.prompt.user}\n\n{in_words(question.form)}"
    messages = [{"role": "system", "content": question.prompt.system}, {"role": "user", "content": user}]
    if bad is not None:
        again = f"This answer cannot be used: {bad.wrong}\nAnswer again, in full. {in_words(question.form)}"
        answer = without_thought(bad.content)[:_LONGEST_SHOWN]
        messages += [{"role": "assistant", "content": answer}, {"role": "user", "content": again}]
    return [{"role": message["role"], "content": as_utf8(message["content"])} for message in messages]


def tokens_of(completion: Completion | None, sent: str) -> dict[str, Any]:
    """Tokens as a `Call` has them: a guess where the server does not say, none where nothing was answered."""
    if completion is None:
        return {}
    tokens_in, tokens_out = completion.tokens_in, completion.tokens_out
    written = completion.content + completion.refusal + completion.thought
    return {
        "tokens_in": likely_tokens(sent) if tokens_in is None else tokens_in,
        "tokens_out": likely_tokens(written) if tokens_out is None else tokens_out,
        "tokens_cached": completion.tokens_cached,
        "tokens_thought": completion.tokens_thought,
        "estimated": tokens_in is None or tokens_out is None,
    }
