"""The client of a chat server: cache, retries, rate limits; each answer is logged before it is used."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic

from engine.errors import Stopped
from engine.files import content_key
from engine.llm.answer_format import WITH_SCHEMA, FormatsOfServer, rejects_format, schema_of
from engine.llm.budget import Budget, Reservation, most_tokens
from engine.llm.call_log import AnswerFormat, Call, CallLog, read_calls
from engine.llm.chat_backend import ChatAnswer, Question, QuestionFailed, ServerRefused, T
from engine.llm.chat_protocol import ChatProtocol
from engine.llm.conversation import (
    CUT_THINKING,
    BadAnswer,
    Conversation,
    judged,
    messages_of,
    read_reply,
    tokens_of,
)
from engine.llm.no_answer import LONGER_CONTEXT, Heard, no_answer, unusable
from engine.llm.protocols import PROTOCOLS
from engine.llm.replies import Completion, is_of_form, without_thought
from engine.llm.transport import TEMPERATURE, Reply, Transport
from engine.schema import Teacher
from engine.settings import LlmSettings
from engine.text import as_utf8

LONGEST_WAIT = 120.0
_BUSY_SECONDS, _BROKEN_SECONDS, _LONGEST_BACKOFF = 1.0, 0.25, 60.0
"""First waits, at most: a limit of requests counts by the minute, other faults pass sooner."""
_KEPT_OF_TOO_LARGE = 10_000
_BROKEN_BEFORE_SIMPLER = 3
_LARGEST_LIMIT = 4


@dataclass(frozen=True)
class _Outcome(Generic[T]):
    """What one call came to: a value, or a bad answer, or neither (the server's words are in the reply)."""

    call: Call
    reply: Reply
    value: T | None = None


class _Again(Exception):
    """The same call may succeed a little later.

    Args:
        outcome: what it came to now.
        busy: whether the server has too much to do.
    """

    def __init__(self, outcome: _Outcome[Any], *, busy: bool) -> None:
        self.outcome = outcome
        self.busy = busy
        super().__init__(outcome.call.error)


class Client:
    """Asks one model of one server. Safe for threads; close it at the end.

    Args:
        settings: which model, where, and how patiently. The key is read from the environment and goes nowhere else.
        log: where each call is written, and where answers are found that were given before.
        budget: the limit; reserved before each call.
        check_prompt: is given all text that is about to leave and raises if it must not.
        stop: set it to end every wait; `Stopped` is then raised where questions are asked.
        note: is told of waits and of what the server cannot do, in sentences; called from the asking threads.
        protocol: how the server is spoken to; default: as the settings say.

    Raises:
        ServerRefused: no model is set, or the key is missing.
        SettingsError: the address is none.
    """

    def __init__(
        self,
        settings: LlmSettings,
        log: CallLog,
        *,
        budget: Budget,
        check_prompt: Callable[[str], None],
        stop: threading.Event,
        note: Callable[[str], None],
        protocol: ChatProtocol | None = None,
    ) -> None:
        if not settings.model:
            raise ServerRefused(
                "no model is set", where="llm.model", hint="set it in blindspot.toml, or replay recorded answers"
            )
        self._settings = settings
        self._log = log
        self._budget = budget
        self._check_prompt = check_prompt
        self._stop = stop
        self._note = note
        self._protocol = protocol or PROTOCOLS[settings.protocol]
        self._wire = Transport(settings, self._protocol)
        self._teacher = Teacher(settings.model, "llm")
        worked: AnswerFormat | None = None
        self._unmended: dict[str, Call] = {}
        """Bad answers from before this process that wait to be mended: they are paid already."""
        for call in read_calls(log.path):
            if call.recorded or (call.server, call.model) != (self._wire.server, settings.model):
                continue
            if call.status == "ok" and not call.repair:  # in that turn the form stands in the prompt too
                worked = call.answer_format
            if call.status == "invalid" and not call.repair:
                self._unmended[call.key] = call
            elif call.status not in ("failed", "empty", "truncated"):  # those say nothing about the mended answer
                self._unmended.pop(call.key, None)
        self._formats = FormatsOfServer(worked)
        self._max_tokens = settings.max_output_tokens
        """Of the next answer: more than the settings say once thinking has taken more."""
        self._heard: Heard = "nothing"
        self._unanswered = 0
        """Questions that were left without an answer since the last one came."""
        self._unusable = 0
        """Questions whose answers could not be used since the last one that could."""

    @property
    def teacher(self) -> Teacher:
        """Who answers."""
        return self._teacher

    def close(self) -> None:
        """Close all connections."""
        self._wire.close()

    def ask(self, question: Question[T]) -> ChatAnswer[T]:
        """Ask one question; a bad answer may be mended once.

        Raises:
            ServerRefused: the key, the model or the address is wrong, there is no server, or too many questions in a
                row came to nothing.
            QuestionFailed: no usable answer came.
            BudgetReached: a call could cost more than is left.
            Stopped: ``stop`` was set.
            TeacherError: whatever ``check_prompt`` raises.
        """
        talk = Conversation(question, self._key(question), self._formats.first, self._max_tokens)
        known = self._log.answer(talk.key)
        if known is not None:
            value, _ = judged(question, known.content, is_last=known.repair)
            if value is not None:
                return ChatAnswer(value, (known,), cached=True)
        call, value = self._unmended.pop(talk.key, None), None
        if call is None:
            outcome = self._turn(talk, None)
            call, value = outcome.call, outcome.value
        if value is None:
            outcome = self._turn(talk, BadAnswer(call.content, call.error))
            call, value = outcome.call, outcome.value
        if value is None:
            what = f"neither the first answer nor the corrected one can be used: {call.error}"
            raise self._not_used(talk, what, "look at the prompt, or take a stronger model")
        return ChatAnswer(value, tuple(talk.calls), cached=False)

    def _key(self, question: Question[Any]) -> str:
        return content_key(
            self._wire.server,
            self._settings.model,
            self._settings.temperature,
            as_utf8(question.prompt.system),
            as_utf8(question.prompt.user),
            question.form.__name__,
            schema_of(question.form),
        )

    def _turn(self, talk: Conversation[T], bad: BadAnswer | None) -> _Outcome[T]:
        """One answer, good or invalid, in ever simpler formats and through every fault that passes."""
        while True:
            outcome = self._patiently(talk, bad)
            call, reply = outcome.call, outcome.reply
            is_ignored = self._ignores_format(talk, call)
            if is_ignored and talk.answer_format == self._formats.first:
                self._formats.rejected(talk.answer_format)
                self._note(f"{self._wire.server} does not hold answers to the form asked for by {talk.answer_format}")
            if call.status in ("ok", "invalid"):
                return outcome
            if is_ignored:
                talk.take_simpler_format()
            elif call.status == "truncated":
                self._give_room(talk, call)
            elif call.status == "refused":
                raise talk.failed(f"the model refuses to answer: {call.error}", "leave it to people")
            elif call.status == "too large":
                hint = "lower llm.max_output_tokens, or take another model"
                raise self._not_used(talk, f"the answer has {call.error}", hint)
            elif reply.adapted and reply.adapted not in talk.adapted:
                if reply.adapted == TEMPERATURE:
                    self._note(f"{self._wire.server} does not take llm.temperature, its own is used: {reply.error}")
                talk.adapted.add(reply.adapted)
            elif _rejects_format(talk, reply):
                self._formats.rejected(talk.answer_format)
                self._note(f"{self._wire.server} does not know answers by {talk.answer_format}: {reply.error}")
                talk.take_simpler_format()
            elif self._may_be_format(talk):
                talk.take_simpler_format()
            else:
                self._unanswered += 1
                raise no_answer(talk, reply, self._settings, self._wire.server, self._heard, self._unanswered)

    def _ignores_format(self, talk: Conversation[Any], call: Call) -> bool:
        """Whether an answer shows that the schema of its request did not bind it: some servers pass it over."""
        if talk.answer_format not in WITH_SCHEMA or self._formats.has_worked(talk.answer_format):
            return False
        if call.status == "truncated":
            answer = without_thought(call.content).lstrip()
            return bool(answer) and not answer.startswith("{")
        return call.status == "invalid" and not is_of_form(call.content, talk.question.form)

    def _give_room(self, talk: Conversation[Any], call: Call) -> None:
        """After a cut answer: twice as many tokens for the next; for those of later questions too if it only thought.

        Raises:
            QuestionFailed: that would be too many, or the limit is not what cut it.
        """
        room, was_thinking = talk.max_tokens, call.error == CUT_THINKING
        if not call.estimated and call.tokens_out is not None and 10 * call.tokens_out < 9 * room:
            cut = f"the answer is cut at {call.tokens_out:,} of {room:,} tokens: the server has room for no more"
            raise self._not_used(talk, cut, LONGER_CONTEXT)
        if room >= _LARGEST_LIMIT * self._settings.max_output_tokens:
            how = "the model is still thinking" if was_thinking else "the answer is cut, even"
            hint = "raise llm.max_output_tokens, or ask for less at a time"
            raise self._not_used(talk, f"{how} at {room:,} tokens", hint)
        talk.max_tokens *= 2
        if was_thinking:
            self._max_tokens = max(self._max_tokens, talk.max_tokens)

    def _not_used(self, talk: Conversation[Any], what: str, hint: str) -> ServerRefused | QuestionFailed:
        """The error to raise where answers came, of which none can be used."""
        self._unusable += 1
        return unusable(talk, what, hint, self._wire.server, self._unusable)

    def _patiently(self, talk: Conversation[T], bad: BadAnswer | None) -> _Outcome[T]:
        """One call, again while that may help: as long as the server says, or a growing random time."""
        import tenacity

        busy = tenacity.wait_random_exponential(multiplier=_BUSY_SECONDS, max=_LONGEST_BACKOFF)
        broken = tenacity.wait_random_exponential(multiplier=_BROKEN_SECONDS, max=_LONGEST_BACKOFF)

        def seconds(state: tenacity.RetryCallState) -> float:
            again = _again(state)
            wait = again.outcome.reply.retry_after
            if wait is not None:
                return min(wait, LONGEST_WAIT)
            return (busy if again.busy else broken)(state)

        def tell(state: tenacity.RetryCallState) -> None:
            self._note(f"{talk.where}: {_again(state)}; next attempt in {state.upcoming_sleep:.1f} s")

        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self._settings.retries + 1),
            retry=tenacity.retry_if_exception_type(_Again),
            wait=seconds,
            before_sleep=tell,
            sleep=self._sleep,
            reraise=True,
        )
        try:
            return retrying(self._call, talk, bad)
        except _Again as again:
            outcome: _Outcome[T] = again.outcome
        return outcome

    def _sleep(self, seconds: float) -> None:
        if self._stop.wait(seconds):
            raise Stopped

    def _call(self, talk: Conversation[T], bad: BadAnswer | None) -> _Outcome[T]:
        """One HTTP request, written to the log.

        Raises:
            _Again: a fault that may pass.
        """
        if self._stop.is_set():
            raise Stopped
        question = talk.question
        messages = messages_of(question, talk.answer_format, bad)
        text = "\n".join(message["content"] for message in messages)
        self._check_prompt(text)
        form = self._protocol.form(talk.answer_format, question.form)
        request = {"model": self._settings.model, **self._protocol.conversation(messages), **form}
        text += "".join(map(str, form.values()))
        if self._settings.temperature >= 0:
            request[TEMPERATURE] = self._settings.temperature
        with self._budget.reserve(most_tokens(text), talk.max_tokens, stop=self._stop) as reservation:
            reply = self._wire.send(request, max_tokens=talk.max_tokens, stop=self._stop)
            if not reply.trouble:
                self._heard = "answers"
            elif self._heard == "nothing" and (reply.status is not None or reply.trouble == "cut off"):
                self._heard = "errors"
            completion = self._protocol.completion(reply.body) if not reply.trouble else None
            if completion is not None:
                completion = completion.mapped(self._wire.redact)
            outcome = self._written(talk, reply, completion, repair=bad is not None, sent=text)
            _settle(reservation, outcome.call)
        if reply.trouble == "stopped":
            raise Stopped
        if outcome.call.status not in ("failed", "empty"):
            self._unanswered = 0
        if outcome.call.status in ("ok", "refused"):
            self._unusable = 0
        if outcome.call.status == "ok" and bad is None:
            self._formats.works(talk.answer_format)
        self._raise_if_passing(talk, outcome)
        return outcome

    def _raise_if_passing(self, talk: Conversation[Any], outcome: _Outcome[Any]) -> None:
        call, reply = outcome.call, outcome.reply
        talk.broken = talk.broken + 1 if reply.status == 500 else 0
        if call.status == "empty":
            raise _Again(outcome, busy=False)
        if call.status != "failed" or _rejects_format(talk, reply) or self._may_be_format(talk):
            return
        if reply.trouble != "status" or reply.status in (408, 409, 425) or (reply.status or 0) >= 500:
            raise _Again(outcome, busy=False)
        if reply.status == 429 and reply.code != "insufficient_quota":
            raise _Again(outcome, busy=True)

    def _may_be_format(self, talk: Conversation[Any]) -> bool:
        """Whether it fails again and again in a format that never worked: some servers say no more than that."""
        return (
            talk.broken >= _BROKEN_BEFORE_SIMPLER
            and talk.answer_format != "text"
            and not self._formats.has_worked(talk.answer_format)
        )

    def _written(
        self, talk: Conversation[T], reply: Reply, completion: Completion | None, *, repair: bool, sent: str
    ) -> _Outcome[T]:
        """The call and its worth, in the log."""
        status, error, value = read_reply(talk.question, reply, completion, is_last=repair)
        content = completion.content if completion else ""
        if status == "too large":
            content = content[:_KEPT_OF_TOO_LARGE]
        call = Call(
            key=talk.key,
            time=time.time(),
            seconds=round(reply.seconds, 3),
            teacher=self._teacher.name,
            model=self._settings.model,
            server=self._wire.server,
            step=talk.question.step,
            blind_spot=talk.question.blind_spot,
            answer_format=talk.answer_format,
            status=status,
            attempt=len(talk.calls) + 1,
            repair=repair,
            pattern=talk.question.pattern,
            evidence=talk.question.evidence,
            prompt=talk.question.prompt.hash,
            **tokens_of(completion, sent),
            http_status=reply.status,
            error=error,
            content=content,
            rows=talk.question.rows,
            reading=talk.question.reading,
        )
        self._log.append(call)
        talk.calls.append(call)
        return _Outcome(call, reply, value)


def _again(state: Any) -> _Again:
    error = state.outcome.exception()
    assert isinstance(error, _Again)
    return error


def _rejects_format(talk: Conversation[Any], reply: Reply) -> bool:
    return talk.answer_format != "text" and rejects_format(reply.status, reply.error)


def _settle(reservation: Reservation, call: Call) -> None:
    """What a call took; where that is not known, because the answer was lost, its worst case stays reserved."""
    if call.tokens_in is not None and call.tokens_out is not None:
        reservation.settle(call.tokens_in, call.tokens_out, min(call.tokens_cached or 0, call.tokens_in))
    elif call.http_status is not None and call.http_status >= 300:
        reservation.settle(0, 0)
