"""A client against a real server, with everything it wrote and said: what the tests of the client start from."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from engine.llm.budget import Budget
from engine.llm.call_log import Call, CallLog, read_calls
from engine.llm.chat_backend import Prompt, Question
from engine.llm.client import Client
from engine.settings import LlmSettings
from tests.engine.llm.server import FORMATS, Fault, LlmServer

KEY = "sk-test-0123456789abcdef"
GOOD = '{"patterns": ["Sarcasm is taken at its word."]}'


class Patterns(BaseModel):
    patterns: list[str]


def question(user: str = "Why do these fail?", **options: Any) -> Question[Patterns]:
    return Question("abstraction", "B1", Prompt("You explain errors.", user, "h1"), Patterns, "e1", **options)


def script(*answers: str | Fault) -> Callable[[dict[str, Any]], str | Fault]:
    """Answers in this order; one more request than answers is an error of the test."""
    left = list(answers)
    return lambda _: left.pop(0)


@dataclass
class Asked:
    """A client and all that can be seen of it from outside."""

    client: Client
    server: LlmServer
    log: Path
    stop: threading.Event
    notes: list[str] = field(default_factory=list)

    @property
    def calls(self) -> list[Call]:
        return list(read_calls(self.log))

    def statuses(self) -> list[str]:
        return [call.status for call in self.calls]

    def formats(self) -> list[str | None]:
        """The kind of ``response_format`` of each request."""
        return [body.get("response_format", {}).get("type") for body in self.server.requests]


@contextmanager
def asked(
    folder: Path,
    *answers: str | Fault,
    formats: tuple[str, ...] = FORMATS,
    budget: Budget | None = None,
    check: Callable[[str], None] = lambda _: None,
    server: LlmServer | None = None,
    **settings: Any,
) -> Iterator[Asked]:
    """A client whose server gives these answers, or a server that runs already."""
    if server is None:
        with (
            LlmServer(script(*answers), formats=formats) as fresh,
            asked(folder, budget=budget, check=check, server=fresh, **settings) as world,
        ):
            yield world
        return
    stop = threading.Event()
    notes: list[str] = []
    log = folder / "calls.jsonl"
    options = LlmSettings(**{"model": "local", "base_url": server.base_url, "retries": 2, **settings})
    client = Client(options, CallLog(log), budget=budget or Budget(), check_prompt=check, stop=stop, note=notes.append)
    try:
        yield Asked(client, server, log, stop, notes)
    finally:
        client.close()
