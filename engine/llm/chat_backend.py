"""The protocol between those who ask an LLM and the client that talks to a server: prompt, question, answer, errors.

Light: neither httpx2 nor pydantic is imported here, so that screens and estimates can use these types.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from engine.errors import TeacherError
from engine.llm.call_log import Call, CallStep
from engine.schema import Teacher

if TYPE_CHECKING:
    from pydantic import BaseModel

T = TypeVar("T", bound="BaseModel")


@dataclass(frozen=True)
class Prompt:
    """What is sent. ``hash``: content key of the templates it was made from, not of the data in it."""

    system: str
    user: str
    hash: str


@dataclass(frozen=True)
class Question(Generic[T]):
    """One question about one blind spot, or about rows that are to be labelled.

    Attributes:
        step, blind_spot, pattern, evidence, rows, reading: what it is for, as in `Call`.
        prompt: the texts.
        form: what the answer must be.
        check: what else is wrong with an answer of that form, as a sentence that the LLM is told in the repair turn;
            None: nothing is.
        last_check: the same for the answer to the repair turn, which may ask for less: what is still usable is then
            taken rather than lost. None: `check` again.
    """

    step: CallStep
    blind_spot: str
    prompt: Prompt
    form: type[T]
    evidence: str | None
    pattern: str | None = None
    check: Callable[[T], str | None] | None = None
    last_check: Callable[[T], str | None] | None = None
    rows: tuple[str, ...] = ()
    reading: int = 1


@dataclass(frozen=True)
class ChatAnswer(Generic[T]):
    """A checked answer.

    Attributes:
        value: the answer.
        calls: every call made for it, the one that was used last; a cached answer has the one call of its time.
        cached: it was in the log already, so nobody was asked and nothing was paid.
    """

    value: T
    calls: tuple[Call, ...]
    cached: bool


class ChatBackend(Protocol):
    """Answers questions: a server, or a recording. Safe to use from several threads."""

    @property
    def teacher(self) -> Teacher:
        """Who answers."""

    def ask(self, question: Question[T]) -> ChatAnswer[T]:
        """Ask one question.

        Raises:
            ServerRefused: no question can be answered; stop.
            QuestionFailed: this one cannot be answered; others may be.
            BudgetReached: it could cost more than is left.
            Stopped: the work was asked to stop.
        """

    def close(self) -> None:
        """Let go of connections and files."""


class ServerRefused(TeacherError):
    """Nothing can be asked: no key, a wrong one, no such model, or no server. The whole run stops."""


class QuestionFailed(TeacherError):
    """One question got no usable answer; others may.

    Args:
        what: what is wrong, without a full stop at the end.
        calls: every call made for it.
        where: blind spot and step.
        hint: what to do about it, as an imperative.
    """

    def __init__(
        self, what: str, *, calls: tuple[Call, ...] = (), where: str | None = None, hint: str | None = None
    ) -> None:
        self.calls = calls
        super().__init__(what, where=where, hint=hint)


class BudgetReached(TeacherError):
    """The next call could cost more than is left of the limit. What is answered is kept."""
