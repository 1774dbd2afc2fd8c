"""Asking: the form of an answer, its cache, its mending, and what is written of it."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from engine.errors import Cancelled, TeacherError
from engine.llm.asking import QuestionFailed, ServerRefused
from engine.llm.budget import Budget
from engine.llm.client import Client
from engine.llm.calls import CallLog
from engine.settings import LlmSettings
from tests.waiting import until

from .asked import GOOD, KEY, Patterns, asked, question
from .server import FORMATS, LlmServer, cut, error, no_usage, refused, filtered, silent, with_usage

FENCED = f"Here it is:\n```json\n{GOOD}\n```\nI hope it helps."


def test_an_answer_is_asked_for_by_schema_and_written_with_all_that_is_known(tmp_path: Path) -> None:
    with asked(tmp_path, with_usage(GOOD, 100, 20, cached=60), temperature=0.5, max_output_tokens=500) as world:
        answer = world.client.ask(question(pattern="P1"))
        (body,) = world.server.requests
    assert answer.value.patterns == ["Sarcasm is taken at its word."]
    assert not answer.cached
    assert answer.calls == tuple(world.calls)
    (call,) = world.calls
    assert (call.status, call.rung, call.attempt, call.repair, call.http_status) == ("ok", "schema", 1, False, 200)
    assert (call.tokens_in, call.tokens_out, call.tokens_cached, call.estimated) == (100, 20, 60, False)
    assert (call.teacher, call.model, call.server) == ("local", "local", world.server.base_url[7:-3])
    assert (call.step, call.blind_spot, call.pattern, call.evidence, call.prompt) == (
        "abstraction", "B1", "P1", "e1", "h1",
    )  # fmt: skip
    assert call.content == GOOD
    assert (body["model"], body["temperature"], body["max_tokens"]) == ("local", 0.5, 500)
    form = body["response_format"]["json_schema"]
    assert form["strict"]
    assert form["schema"]["required"] == ["patterns"]
    assert form["schema"]["additionalProperties"] is False


def test_no_temperature_is_sent_unless_it_is_set(tmp_path: Path) -> None:
    with asked(tmp_path, GOOD) as world:
        world.client.ask(question())
    assert "temperature" not in world.server.requests[0]


@pytest.mark.parametrize("content", [
    FENCED,
    f"```\n{GOOD}\n```",
    f"Sure! {GOOD} Anything else?",
    f"<think>A {{wrong}} turn: {{}}</think>\n{GOOD}",
    '{"patterns": ["Two\nlines."]}',
    f"In words {{as such}} and then {GOOD}",
])  # fmt: skip
def test_json_in_a_fence_or_between_words_is_found(tmp_path: Path, content: str) -> None:
    with asked(tmp_path, content) as world:
        assert len(world.client.ask(question()).value.patterns) == 1
    assert world.statuses() == ["ok"]


def test_a_server_without_schemas_gets_the_form_in_words_and_is_known_from_then_on(tmp_path: Path) -> None:
    with asked(tmp_path, GOOD, GOOD, formats=("json_object",)) as world:
        world.client.ask(question("One?"))
        world.client.ask(question("Two?"))
        assert world.formats() == ["json_schema", "json_object", "json_object"]
        assert '"patterns"' in world.server.requests[1]["messages"][-1]["content"]
        assert "does not know answers by schema" in world.notes[0]
    assert world.statuses() == ["failed", "ok", "ok"]
    with asked(tmp_path, server=None, *[GOOD]) as again:
        pass
    assert again.formats() == []


def test_a_server_without_any_format_is_asked_in_words_alone(tmp_path: Path) -> None:
    with LlmServer(lambda _: FENCED, formats=()) as server:
        with asked(tmp_path, server=server) as world:
            world.client.ask(question("One?"))
            assert world.formats() == ["json_schema", "json_object", None]
        with asked(tmp_path, server=server) as later:  # another process reads it from the log
            later.client.ask(question("Two?"))
        assert world.formats()[3:] == [None]
    assert [call.rung for call in world.calls] == ["schema", "json", "text", "text"]


def test_a_server_that_fails_on_schemas_without_a_word_is_taken_down_after_a_while(tmp_path: Path) -> None:
    def answer(body: dict[str, object]) -> object:
        return error(500, "Internal error") if "response_format" in body else GOOD

    with LlmServer(answer) as server, asked(tmp_path, server=server, retries=5) as world:  # type: ignore[arg-type]
        world.client.ask(question("One?"))
        asked_before = len(server.requests)
        world.client.ask(question("Two?"))
        assert len(server.requests) == asked_before + 1
    assert world.calls[-1].rung == "text"


def test_a_rung_that_worked_is_not_left_for_a_fault_that_passes(tmp_path: Path) -> None:
    down = error(500, "Internal error")
    with asked(tmp_path, GOOD, down, down, down, GOOD, retries=5) as world:
        world.client.ask(question("One?"))
        world.client.ask(question("Two?"))
        assert set(world.formats()) == {"json_schema"}


def test_a_server_that_names_the_limit_otherwise_is_asked_again_its_way(tmp_path: Path) -> None:
    other = error(400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.", param="max_tokens")
    with asked(tmp_path, other, GOOD, GOOD) as world:
        world.client.ask(question("One?"))
        world.client.ask(question("Two?"))
        assert ["max_completion_tokens" in body for body in world.server.requests] == [False, True, True]
        assert all("max_tokens" not in body for body in world.server.requests[1:])


def test_what_was_answered_is_not_asked_again_by_a_later_process(tmp_path: Path) -> None:
    with asked(tmp_path, GOOD) as world:
        first = world.client.ask(question())
    with asked(tmp_path) as later:
        answer = later.client.ask(question())
        assert later.server.requests == []
    # the server is another one by its port: nothing is taken over from it
    assert answer.value == first.value
