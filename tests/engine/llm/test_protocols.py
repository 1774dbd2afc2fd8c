"""Other ways to speak to a server than chat completions, which the tests of the client speak."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import orjson
import pytest
from openai.types.responses import Response

from engine.llm.chat_backend import QuestionFailed
from engine.llm.protocols import PROTOCOLS
from engine.settings import LlmSettings
from tests.engine.llm.asked import GOOD, asked, question
from tests.engine.llm.server import Fault, LlmServer, body_of, completion, response

USAGE = {
    "input_tokens": 100,
    "input_tokens_details": {"cached_tokens": 60, "cache_write_tokens": 0},
    "output_tokens": 20,
    "output_tokens_details": {"reasoning_tokens": 5},
    "total_tokens": 120,
}


def test_the_setting_offers_every_protocol() -> None:
    (setting,) = (key for key in fields(LlmSettings) if key.name == "protocol")
    assert setting.metadata["choices"] == tuple(PROTOCOLS)


def test_a_response_is_asked_for_by_schema_and_nothing_is_kept_at_the_server(tmp_path: Path) -> None:
    answer = response(GOOD, usage=USAGE)
    Response.model_validate(orjson.loads(answer.body))  # the test server speaks as OpenAI's own library expects
    options = {"protocol": "responses", "temperature": 0.5, "max_output_tokens": 500}
    with asked(tmp_path, answer, **options) as world:
        assert world.client.ask(question()).value.patterns == ["Sarcasm is taken at its word."]
        (body,) = world.server.requests
    assert set(body) == {"model", "input", "store", "stream", "text", "temperature", "max_output_tokens"}
    assert body["stream"] is False  # transformers serve 5.23 streams where nothing is said
    assert (body["model"], body["store"], body["temperature"], body["max_output_tokens"]) == ("local", False, 0.5, 500)
    assert [message["role"] for message in body["input"]] == ["system", "user"]
    form = body["text"]["format"]
    assert (form["type"], form["name"], form["strict"]) == ("json_schema", "Patterns", True)
    assert form["schema"]["additionalProperties"] is False
    (call,) = world.calls
    assert (call.tokens_in, call.tokens_out, call.tokens_cached, call.estimated) == (100, 20, 60, False)


def test_a_server_of_responses_without_schemas_is_taken_down_the_ladder(tmp_path: Path) -> None:
    with (
        LlmServer(lambda _: GOOD, formats=()) as server,
        asked(tmp_path, server=server, protocol="responses") as world,
    ):
        world.client.ask(question())
        assert "text" not in server.requests[-1]
    assert world.calls[-1].answer_format == "text"


def test_a_response_that_is_cut_is_asked_for_again_with_more_room(tmp_path: Path) -> None:
    cut = response(GOOD[:20], stopped_by="max_output_tokens")
    with asked(tmp_path, cut, response(GOOD), protocol="responses", max_output_tokens=500) as world:
        world.client.ask(question())
        assert [body["max_output_tokens"] for body in world.server.requests] == [500, 1000]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (response(None, refusal="I would rather not."), "I would rather not"),
        (response("", stopped_by="content_filter"), "its content filter stopped the answer"),
    ],
)
def test_a_response_that_refuses_says_why(tmp_path: Path, answer: Fault, said: str) -> None:
    with asked(tmp_path, answer, protocol="responses") as world, pytest.raises(QuestionFailed, match=said):
        world.client.ask(question())


def test_an_answer_of_another_protocol_is_told(tmp_path: Path) -> None:
    other = Fault(body=body_of(completion(GOOD)))
    with (
        asked(tmp_path, other, protocol="responses", retries=0) as world,
        pytest.raises(QuestionFailed, match=r"no answer of this protocol"),
    ):
        world.client.ask(question())


def test_what_was_answered_is_not_asked_again_by_another_protocol(tmp_path: Path) -> None:
    with LlmServer(lambda _: GOOD) as server:
        for protocol in PROTOCOLS:
            with asked(tmp_path, server=server, protocol=protocol) as world:
                assert world.client.ask(question()).cached == (protocol != "chat-completions")
        assert len(server.requests) == 1
