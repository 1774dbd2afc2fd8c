"""`make bench-servers SERVER=URL MODEL=NAME`: what a chat server makes of all that Blindspot asks of one.

Asked for an answer in each form, with seeds, wrongly, and then for the work itself over a small project: labels, a
blind spot, tests of patterns. A small model writes poor answers; what counts is that each part works or says why not.
``KEY_ENV`` names the variable with the key, ``CONTEXT`` the server's tokens (one question has more then), ``TOKENS``
the most of an answer, ``ROWS`` how many to label, ``NAME`` what the server and its version are called. All that was
asked and answered goes to ``RECORD``; `tests/engine/llm/test_real_servers.py` replays such files.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import httpx2
import orjson
from pydantic import BaseModel

from engine.errors import TeacherError
from engine.llm.address import Address
from engine.llm.answer_format import ANSWER_FORMATS
from engine.llm.budget import Budget
from engine.llm.call_log import CALLS_FILE, AnswerFormat, Call, CallLog, read_calls
from engine.llm.chat_backend import Prompt, Question
from engine.llm.client import Client
from engine.llm.labeller import label
from engine.llm.pattern_judge import judge
from engine.llm.protocols import PROTOCOLS
from engine.llm.replies import Completion, Unusable, decode
from engine.llm.teacher import teach
from engine.llm.transport import Reply, Transport
from engine.progress import Silent
from engine.project import SETTINGS_FILE, Project
from engine.settings import LabellingSettings, LlmSettings, TeachingSettings, read_settings, write_settings
from tests.engine.llm.server import Fault, LlmServer
from tests.engine.llm.spots import set_llm
from tests.engine.teaching.tested_patterns import pattern_project, write

Part = Callable[[str], AbstractContextManager[str]]
"""Opens the server for a part of what is asked; gives its address."""
Facts = dict[str, str]

CHAT = PROTOCOLS["chat-completions"]
WHALES = [{"role": "user", "content": "Tell me about whales in one sentence."}]
SECONDS = 900.0
ANSWER = 64  # most tokens of an answer to a short question
WRONG, _WRONG_KEY = "wrong-key-0123456789", "BLINDSPOT_WRONG_KEY"
ANSWERED = "answered all the same"
_LONGEST_TOLD = 160


class Label(BaseModel):
    """A form that no answer has by chance, and that a short one can have."""

    label: Literal["negative", "positive"]


def examine(part: Part, model: str, *, key_env: str = "", context: int, tokens: int, rows: int, folder: Path) -> Facts:
    """Ask a server all of it.

    Args:
        part: opens it.
        model: its name there.
        key_env: the variable with the key; empty: it needs none.
        context: tokens that it takes at most; one question has more. 0: none is asked.
        tokens: the most of an answer of the work; up to four times as many are asked for where one is cut.
        rows: to be labelled, in fours.
        folder: takes the project.
    """
    settings = LlmSettings(model=model, key_env=key_env, timeout=SECONDS, parallel=1, retries=1)
    facts: Facts = {}

    def ask(about: str, asked: LlmSettings, asks: Callable[[LlmSettings], Facts]) -> None:
        with part(about) as url:
            found = asks(replace(asked, base_url=url))
        address = Address.of(url).server  # another one each time
        facts.update({name: " ".join(said.replace(address, "the server").split()) for name, said in found.items()})

    ask("forms", settings, forms)
    ask("seeds", settings, seeds)
    for about, wrong, words in mistakes(settings, context):
        ask(about, wrong, partial(told, about, words, folder))
    project = small_project(folder / "project")
    for name, work in (("label", partial(labels, rows)), ("teach", patterns), ("judge", verdicts)):
        brief = replace(settings, max_output_tokens=tokens)
        ask(name, brief, partial(at_work, name, work, project))
    return facts


def forms(settings: LlmSettings) -> Facts:
    """What comes of a question that no form fits, by each way to ask for one, and what the answers are counted as."""
    facts, answers = {}, []
    for answer_format in ANSWER_FORMATS[:-1]:
        reply, answer = exchange(settings, CHAT.form(answer_format, Label))
        answers += [answer] if answer else []
        facts[f"form by {answer_format}"] = held(reply, answer)
    known = {name for one in answers for name in ("in", "out", "cached", "thought") if has_count(one, name)}
    facts["usage"] = ", ".join(name for name in ("in", "out", "cached", "thought") if name in known) or "none"
    return facts


def has_count(answer: Completion, name: str) -> bool:
    return getattr(answer, f"tokens_{name}") is not None


def held(reply: Reply, answer: Completion | None) -> str:
    """Whether a server held its answer to the form."""
    if answer is None:
        return f"refused: {reply.status} {reply.error}"[:_LONGEST_TOLD]
    try:
        decode(answer.content, Label)
    except Unusable:
        return "any object" if answer.content.lstrip().startswith("{") else "passed over"
    return "held to"


def seeds(settings: LlmSettings) -> Facts:
    """Whether a seed repeats an answer."""
    said = []
    for seed in (7, 7, 8):
        _, answer = exchange(settings, {"seed": seed, "temperature": 1.0})
        said.append(answer.content if answer else None)
    if None in said:
        return {"seed": "refused"}
    if len(set(said)) == 1:
        return {"seed": "not looked at: every answer is the same"}
    return {"seed": "repeats the answer" if said[0] == said[1] else "not looked at: no answer is the same"}


def exchange(settings: LlmSettings, fields: dict[str, Any]) -> tuple[Reply, Completion | None]:
    """One request, and its answer if one came."""
    wire = Transport(settings, CHAT)
    request = {"model": settings.model, **CHAT.conversation(WHALES), **fields}
    try:
        reply = wire.send(request, max_tokens=ANSWER, stop=threading.Event())
    finally:
        wire.close()
    return reply, None if reply.trouble else CHAT.completion(reply.body)


def mistakes(settings: LlmSettings, context: int) -> Iterator[tuple[str, LlmSettings, str]]:
    """What may be wrong with a question: name, settings and words."""
    brief = replace(settings, max_output_tokens=ANSWER)
    yield "unknown model", replace(brief, model="no-such-model"), "Which label?"
    os.environ[_WRONG_KEY] = WRONG
    yield "wrong key", replace(brief, key_env=_WRONG_KEY), "Which label?"
    del os.environ[_WRONG_KEY]
    if context:
        yield "too long", brief, "whale " * context


def told(about: str, words: str, folder: Path, settings: LlmSettings) -> Facts:
    """What a person is told of a question."""
    log = CallLog(folder / f"{time.monotonic_ns()}.jsonl")
    question = Question("label", "", Prompt("You label texts.", words, ""), Label, None)
    client = Client(
        settings, log, budget=Budget(), check_prompt=lambda _: None, stop=threading.Event(), note=lambda _: None
    )
    try:
        client.ask(question)
    except TeacherError as error:
        answered = any(call.http_status == 200 for call in read_calls(log.path))
        return {about: ANSWERED if answered else f"{type(error).__name__}: {error}"}
    finally:
        client.close()
    return {about: ANSWERED}


def small_project(root: Path) -> Project:
    """A blind spot of ten rows, labels to give, and a person's pattern to be tested."""
    project = pattern_project(root)
    path = project.root / SETTINGS_FILE
    few = TeachingSettings(targets=1, counters=1, anchors=1)
    write_settings(path, replace(read_settings(path), labelling=LabellingSettings(llm_batch=4), teaching=few))
    write(project, "ann")
    return Project.open(project.root)


def labels(rows: int, project: Project) -> str:
    """Some rows."""
    return label(project, rows=str(rows)).sentence


def patterns(project: Project) -> str:
    """One blind spot."""
    return teach(project, spots=["B1"]).sentence


def verdicts(project: Project) -> str:
    """All patterns."""
    report = judge(project, monitor=Silent())
    return f"{len(report.judged)} patterns judged, {len(report.failed)} not"


def at_work(name: str, work: Callable[[Project], str], project: Project, settings: LlmSettings) -> Facts:
    """What a part of the work comes to, by its own words and by its calls."""
    project = set_llm(project, **asdict(settings))
    log = project.llm_dir / CALLS_FILE
    before = len(list(read_calls(log)))
    try:
        said = work(project)
    except TeacherError as error:
        said = f"{type(error).__name__}: {error}"
    calls = list(read_calls(log))[before:]
    return {name: said, f"{name}: calls": counts(calls)}


def counts(calls: Sequence[Call]) -> str:
    """Calls by answer format and worth, with their seconds."""
    by_format: dict[AnswerFormat, Counter[str]] = {}
    for call in calls:
        by_format.setdefault(call.answer_format, Counter())[call.status] += 1
    parts = [
        f"{answer_format}: " + ", ".join(f"{n} {what}" for what, n in found.items())
        for answer_format, found in by_format.items()
    ]
    took = sum(call.tokens_in or 0 for call in calls), sum(call.tokens_out or 0 for call in calls)
    return "; ".join([*parts, f"{took[0]:,} tokens in, {took[1]:,} out"])


def seconds(exchanges: Sequence[dict[str, Any]]) -> str:
    """How long answers took."""
    times = sorted(one["seconds"] for one in exchanges if one["status"] == 200)
    return f"median {times[len(times) // 2]:.1f}, longest {times[-1]:.1f}, n = {len(times)}" if times else "no answer"


def relay_to(server: str, key: str, kept: list[dict[str, Any]]) -> Part:
    """Passes everything on to a server, and keeps what was asked and answered."""

    @contextmanager
    def part(name: str) -> Iterator[str]:
        with httpx2.Client(timeout=SECONDS) as http:

            def pass_on(body: dict[str, Any]) -> Fault:
                sent = WRONG if name == "wrong key" else key
                headers = {"Authorization": f"Bearer {sent}"} if sent else {}
                began = time.monotonic()
                got = http.post(f"{server.rstrip('/')}/chat/completions", json=body, headers=headers)
                took = round(time.monotonic() - began, 1)
                kept.append({"part": name, "asks": kind(body), "status": got.status_code, "seconds": took})
                kept[-1]["body"] = got.text
                return Fault(got.status_code, got.content)

            with LlmServer(pass_on, formats=None) as relay:
                yield relay.base_url

    return part


def kind(body: dict[str, Any]) -> str:
    """How a request asks for its form, and whether it has a bad answer mended."""
    form = body.get("response_format") or {"type": "text"}
    schema = " with schema" if form["type"] == "json_object" and "schema" in form else ""
    return f"{form['type']}{schema}{', again' if len(body['messages']) > 2 else ''}"


def main() -> int:
    """Examine the server that the environment names."""
    given = os.environ.get
    server, model, key_env = given("SERVER", ""), given("MODEL", ""), given("KEY_ENV", "")
    if not (server and model):
        print("name a server and its model: make bench-servers SERVER=http://127.0.0.1:8000/v1 MODEL=qwen3")
        return 2
    kept: list[dict[str, Any]] = []
    context, tokens, rows = (
        int(given(name) or usual) for name, usual in (("CONTEXT", 0), ("TOKENS", 1024), ("ROWS", 8))
    )
    with tempfile.TemporaryDirectory() as folder:
        part = relay_to(server, given(key_env, "") if key_env else "", kept)
        try:
            facts = examine(part, model, context=context, tokens=tokens, rows=rows, folder=Path(folder))
        except httpx2.TransportError as error:
            print(f"{server} does not answer: {error}")
            return 1
    name = given("NAME") or server
    print(f"| | {name}, {model}, {time.strftime('%Y-%m-%d')} |\n| --- | --- |")
    for about, said in {**facts, "seconds": seconds(kept)}.items():
        print(f"| {about} | {said} |")
    if record := given("RECORD"):
        asked = {"model": model, "context": context, "tokens": tokens, "rows": rows}
        head = {"recorded": True, "server": name, "date": time.strftime("%Y-%m-%d"), **asked, "facts": facts}
        lines = [orjson.dumps(one) for one in [head, *kept]]
        Path(record).write_bytes(b"\n".join(lines) + b"\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
