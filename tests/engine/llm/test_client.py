"""Asking: the form of an answer, its cache, its mending, and what is written of it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from engine.errors import SettingsError, Stopped, TeacherError
from engine.llm.call_log import CallLog
from engine.llm.chat_backend import QuestionFailed, ServerRefused
from tests.engine.llm.asked import GOOD, Patterns, asked, question, script
from tests.engine.llm.server import Fault, LlmServer, cut, error, filtered, no_usage, refused, silent, with_usage
from tests.waiting import until

FENCED = f"Here it is:\n```json\n{GOOD}\n```\nI hope it helps."


def test_an_answer_is_asked_for_by_schema_and_written_with_all_that_is_known(tmp_path: Path) -> None:
    with asked(tmp_path, with_usage(GOOD, 100, 20, cached=60), temperature=0.5, max_output_tokens=500) as world:
        answer = world.client.ask(question(pattern="P1"))
        (body,) = world.server.requests
    assert answer.value.patterns == ["Sarcasm is taken at its word."]
    assert not answer.cached
    assert answer.calls == tuple(world.calls)
    (call,) = world.calls
    assert (call.status, call.answer_format, call.attempt) == ("ok", "schema", 1)
    assert (call.repair, call.http_status) == (False, 200)
    assert (call.tokens_in, call.tokens_out, call.tokens_cached, call.estimated) == (100, 20, 60, False)
    assert (call.teacher, call.model, call.server) == ("local", "local", world.server.base_url[7:-3])
    assert (call.step, call.blind_spot, call.pattern, call.evidence, call.prompt) == (
        "abstraction",
        "B1",
        "P1",
        "e1",
        "h1",
    )
    assert call.content == GOOD
    assert (body["model"], body["temperature"], body["max_tokens"]) == ("local", 0.5, 500)
    form = body["response_format"]["json_schema"]
    assert form["strict"]
    assert form["schema"]["required"] == ["patterns"]
    assert form["schema"]["additionalProperties"] is False


def test_an_answer_in_a_log_of_an_earlier_version_is_found(tmp_path: Path) -> None:
    with asked(tmp_path, GOOD) as world:
        world.client.ask(question())
        before = world.calls
        world.log.write_bytes(world.log.read_bytes().replace(b'"answer_format"', b'"rung"'))
        assert world.calls == before
        assert CallLog(world.log).answer(before[0].key) == before[0]


def test_no_temperature_is_sent_unless_it_is_set(tmp_path: Path) -> None:
    with asked(tmp_path, GOOD) as world:
        world.client.ask(question())
    assert "temperature" not in world.server.requests[0]


@pytest.mark.parametrize(
    "content",
    [
        FENCED,
        f"```\n{GOOD}\n```",
        f"Sure! {GOOD} Anything else?",
        f'<think>{{"patterns": ["A draft."]}}</think>\n{GOOD}',
        GOOD.replace(" at", "\n at"),
        f"In words {{as such}} and then {GOOD}",
    ],
)
def test_json_in_a_fence_or_between_words_is_found(tmp_path: Path, content: str) -> None:
    with asked(tmp_path, content) as world:
        (pattern,) = world.client.ask(question()).value.patterns
    assert pattern.split() == ["Sarcasm", "is", "taken", "at", "its", "word."]
    assert world.statuses() == ["ok"]


def test_a_server_without_schemas_gets_the_form_in_words_and_is_known_from_then_on(tmp_path: Path) -> None:
    with asked(tmp_path, GOOD, GOOD, formats=("json_object",)) as world:
        world.client.ask(question("One?"))
        world.client.ask(question("Two?"))
        assert world.formats() == ["json_schema", "json_object", "json_object"]
        assert '"patterns"' in world.server.requests[1]["messages"][-1]["content"]
        assert "does not know answers by schema:" in world.notes[0]
    assert world.statuses() == ["failed", "ok", "ok"]


def test_a_server_without_any_format_is_asked_in_words_alone(tmp_path: Path) -> None:
    with LlmServer(lambda _: FENCED, formats=()) as server:
        with asked(tmp_path, server=server) as world:
            world.client.ask(question("One?"))
            assert world.formats() == ["json_schema", "json_object", "json_object", None]
            assert ["schema" in body.get("response_format", {}) for body in server.requests[1:]] == [True, False, False]
        with asked(tmp_path, server=server) as later:  # another process reads it from the log
            later.client.ask(question("Two?"))
        assert world.formats()[4:] == [None]
    assert [call.answer_format for call in world.calls] == ["schema", "json with schema", "json", "text", "text"]


def by_schema_in_json_mode_alone(body: dict[str, Any]) -> str | Fault:
    """As llama-cpp-python does: 500 for ``json_schema``, any object in JSON mode, the form with its schema."""
    wanted = body.get("response_format", {"type": "text"})
    if wanted["type"] == "json_schema":
        return error(500, "[{'type': 'literal_error', 'loc': ('body', 'response_format', 'type')}]")
    return GOOD if "schema" in wanted else '{"reason": "sarcasm"}'


def test_a_server_that_enforces_the_schema_in_json_mode_alone_is_asked_that_way_and_remembered(tmp_path: Path) -> None:
    with LlmServer(by_schema_in_json_mode_alone) as server:
        with asked(tmp_path, server=server) as world:
            assert world.client.ask(question("One?")).value.patterns == ["Sarcasm is taken at its word."]
        with asked(tmp_path, server=server) as later:
            later.client.ask(question("Two?"))
        assert world.formats() == ["json_schema", "json_object", "json_object"]
        assert server.requests[1]["response_format"]["schema"]["required"] == ["patterns"]
    assert [(call.answer_format, call.status) for call in world.calls][1:] == [("json with schema", "ok")] * 2


def test_a_server_that_passes_schemas_over_is_told_the_form_in_words_from_the_next_question_on(tmp_path: Path) -> None:
    def answer(body: dict[str, Any]) -> str:
        return GOOD if "JSON schema" in body["messages"][-1]["content"] else "It is the sarcasm."

    with LlmServer(answer) as server, asked(tmp_path, server=server) as world:
        world.client.ask(question("One?"))
        world.client.ask(question("Two?"))
        assert world.notes == [f"{server.base_url[7:-3]} does not hold answers to the form asked for by schema"]
    assert [(call.answer_format, call.status) for call in world.calls] == [
        ("schema", "invalid"),
        ("schema", "ok"),  # mended: the form stands in that turn in words
        ("json with schema", "ok"),
    ]


def test_a_server_that_passes_schemas_over_is_told_of_once(tmp_path: Path) -> None:
    with asked(tmp_path, "It is the sarcasm.", "It is the irony.") as world:
        with pytest.raises(QuestionFailed, match="no JSON object"):
            world.client.ask(question())
        assert len(world.notes) == 1


def test_prose_without_end_where_a_schema_was_asked_for_gets_no_more_room_but_words(tmp_path: Path) -> None:
    with asked(tmp_path, cut("The labels are: the labels are:"), GOOD, max_output_tokens=100) as world:
        world.client.ask(question())
        assert [body["max_tokens"] for body in world.server.requests] == [100, 100]
    assert [call.answer_format for call in world.calls] == ["schema", "json with schema"]


def test_a_server_that_fails_on_schemas_without_a_word_is_taken_down_after_a_while(tmp_path: Path) -> None:
    def answer(body: dict[str, object]) -> object:
        return error(500, "Internal error") if "response_format" in body else GOOD

    with LlmServer(answer) as server, asked(tmp_path, server=server, retries=5) as world:  # type: ignore[arg-type]
        world.client.ask(question("One?"))
        asked_before = len(server.requests)
        world.client.ask(question("Two?"))
        assert len(server.requests) == asked_before + 1
    assert world.calls[-1].answer_format == "text"


def test_a_rung_that_worked_is_not_left_for_a_fault_that_passes(tmp_path: Path) -> None:
    down = error(500, "Internal error")
    with asked(tmp_path, GOOD, down, down, down, GOOD, retries=5) as world:
        world.client.ask(question("One?"))
        world.client.ask(question("Two?"))
        assert set(world.formats()) == {"json_schema"}


def test_a_server_that_no_longer_knows_a_rung_is_not_asked_at_it_again(tmp_path: Path) -> None:
    with asked(tmp_path, GOOD, GOOD, GOOD, formats=("json_schema",)) as world:
        world.client.ask(question("One?"))
        world.server.formats = ("json_object",)
        world.client.ask(question("Two?"))
        world.client.ask(question("Three?"))
    assert world.formats() == ["json_schema", "json_schema", "json_object", "json_object"]


def test_a_server_that_names_the_limit_otherwise_is_asked_again_its_way(tmp_path: Path) -> None:
    other = error(400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.", param="max_tokens")
    with asked(tmp_path, other, GOOD, GOOD) as world:
        world.client.ask(question("One?"))
        world.client.ask(question("Two?"))
        assert ["max_completion_tokens" in body for body in world.server.requests] == [False, True, True]
        assert all("max_tokens" not in body for body in world.server.requests[1:])


def test_a_line_of_the_log_that_is_no_call_is_passed_over(tmp_path: Path) -> None:
    with asked(tmp_path, GOOD) as world:
        world.client.ask(question())
        with world.log.open("ab") as log:
            log.write(b'{}\n7\n{"key": "k"}\n\xff\n{"key": "half')
        with asked(tmp_path, server=world.server) as later:
            assert later.client.ask(question()).cached
            assert later.statuses() == ["ok"]


def test_what_was_answered_is_not_asked_again_by_a_later_process(tmp_path: Path) -> None:
    with LlmServer(script(GOOD)) as server:
        with asked(tmp_path, server=server) as world:
            first = world.client.ask(question())
        with asked(tmp_path, server=server) as later:
            again = later.client.ask(question())
        assert len(server.requests) == 1
    assert again.cached
    assert again.value == first.value
    assert again.calls == first.calls


@pytest.mark.parametrize("changed", [{"model": "other"}, {"temperature": 1.0}])
def test_another_model_or_temperature_is_another_question(tmp_path: Path, changed: dict[str, Any]) -> None:
    with LlmServer(script(GOOD, GOOD)) as server:
        with asked(tmp_path, server=server) as world:
            world.client.ask(question())
        with asked(tmp_path, server=server, **changed) as later:
            assert not later.client.ask(question()).cached


@pytest.mark.parametrize(
    "bad",
    [
        "I would rather talk.",
        '{"patterns": ["cut',
        '{"patterns": "one"}',
        '{"other": []}',
        '["a list"]',
        '{"patterns": ["half a pair: \\ud800"]}',
        "[" * 50_000,
        '{"a":' * 5_000,
    ],
)
def test_a_bad_answer_is_mended_once_with_what_is_wrong(tmp_path: Path, bad: str) -> None:
    with asked(tmp_path, bad, GOOD) as world:
        answer = world.client.ask(question())
        first, second = (body["messages"] for body in world.server.requests)
    assert answer.value.patterns
    assert second[:2] == first
    assert second[2]["role"] == "assistant"
    assert bad.startswith(second[2]["content"])
    assert world.calls[0].error in second[3]["content"]
    assert [(call.status, call.repair) for call in world.calls] == [("invalid", False), ("ok", True)]
    assert world.calls[0].content == bad
    assert {call.key for call in world.calls} == {world.calls[0].key}


def test_a_check_of_its_own_makes_an_answer_bad_as_well(tmp_path: Path) -> None:
    def check(value: Patterns) -> str | None:
        return "the label `neutral` is not one of negative, positive" if "neutral" in value.patterns else None

    with asked(tmp_path, '{"patterns": ["neutral"]}', GOOD) as world:
        world.client.ask(question(check=check))
        assert "the label `neutral` is not one of" in world.server.requests[1]["messages"][3]["content"]
    assert world.statuses() == ["invalid", "ok"]


def too_few(value: Patterns) -> str | None:
    return f"2 patterns were asked for and there are {len(value.patterns)}" if len(value.patterns) < 2 else None


def test_an_answer_that_is_bad_twice_fails_and_both_are_kept(tmp_path: Path) -> None:
    with asked(tmp_path, GOOD, GOOD) as world, pytest.raises(QuestionFailed, match="there are 1") as failed:
        world.client.ask(question(check=too_few))
    assert failed.value.calls == tuple(world.calls)
    assert "B1, abstraction" in str(failed.value)
    assert world.statuses() == ["invalid", "invalid"]


def test_the_second_answer_may_be_held_to_less(tmp_path: Path) -> None:
    with LlmServer(script(GOOD, GOOD)) as server:
        with asked(tmp_path, server=server) as world:
            answer = world.client.ask(question(check=too_few, last_check=lambda _: None))
        with asked(tmp_path, server=server) as later:
            again = later.client.ask(question(check=too_few, last_check=lambda _: None))
    assert len(answer.value.patterns) == 1
    assert [call.status for call in answer.calls] == ["invalid", "ok"]
    assert again.cached


def test_a_bad_answer_from_before_a_crash_is_mended_and_not_asked_for_again(tmp_path: Path) -> None:
    stopped = threading.Event()

    def answer(body: dict[str, Any]) -> str | Fault:
        if len(body["messages"]) == 2:
            return "no JSON"
        if stopped.is_set():
            return GOOD
        stopped.set()
        return silent()

    with LlmServer(answer) as server:
        with asked(tmp_path, server=server) as world, ThreadPoolExecutor(1) as threads:
            asking = threads.submit(world.client.ask, question())
            until(stopped.is_set)
            world.stop.set()
            with pytest.raises(Stopped):
                asking.result()
        with asked(tmp_path, server=server) as later:
            assert later.client.ask(question()).value.patterns
        assert [len(body["messages"]) for body in server.requests] == [2, 4, 4]


def test_a_cut_answer_is_asked_for_again_with_more_room(tmp_path: Path) -> None:
    with asked(tmp_path, cut('{"patterns": ["a'), cut('{"patterns": ["a b'), GOOD, max_output_tokens=100) as world:
        world.client.ask(question())
        assert [body["max_tokens"] for body in world.server.requests] == [100, 200, 400]
    assert world.statuses() == ["truncated", "truncated", "ok"]


def test_an_answer_that_is_cut_at_four_times_the_limit_fails(tmp_path: Path) -> None:
    answers = [cut('{"patterns": ["a')] * 3
    with asked(tmp_path, *answers, max_output_tokens=100) as world, pytest.raises(QuestionFailed, match="max_output"):
        world.client.ask(question())
    assert world.statuses() == ["truncated"] * 3


def test_an_answer_that_is_whole_at_the_limit_counts(tmp_path: Path) -> None:
    with asked(tmp_path, cut(GOOD)) as world:
        assert world.client.ask(question()).value.patterns


@pytest.mark.parametrize(
    "reply",
    [
        refused("I can not help with that."),
        filtered(),
        error(400, "Filtered.", code="content_filter"),
    ],
)
def test_a_refusal_is_kept_and_not_argued_with(tmp_path: Path, reply: Fault) -> None:
    with asked(tmp_path, reply) as world, pytest.raises(QuestionFailed, match="refuses"):
        world.client.ask(question())
    assert world.statuses() == ["refused"]
    assert world.calls[0].error


def test_an_answer_of_two_megabytes_is_not_used_and_kept_in_part(tmp_path: Path) -> None:
    huge = f'{{"patterns": ["{"x" * 2_000_000}"]}}'
    with asked(tmp_path, huge) as world, pytest.raises(QuestionFailed, match="2,000,018 characters"):
        world.client.ask(question())
    (call,) = world.calls
    assert call.status == "too large"
    assert len(call.content) == 10_000
    assert call.tokens_out == len(huge) // 4


def test_a_body_without_end_is_left(tmp_path: Path) -> None:
    with (
        asked(tmp_path, Fault(body=b"x" * 100_000, endless=True)) as world,
        pytest.raises(QuestionFailed, match="bytes"),
    ):
        world.client.ask(question())
    assert world.statuses() == ["too large"]


def test_tokens_that_the_server_does_not_count_are_a_guess_and_say_so(tmp_path: Path) -> None:
    with asked(tmp_path, no_usage(GOOD)) as world:
        world.client.ask(question("x" * 4_000))
    (call,) = world.calls
    assert call.estimated
    assert call.tokens_in is not None
    assert call.tokens_in > 1_000
    assert call.tokens_out == 12


def test_half_a_surrogate_pair_in_the_data_does_not_break_the_request(tmp_path: Path) -> None:
    with asked(tmp_path, GOOD) as world:
        world.client.ask(question("broken \ud800 text"))
        assert world.server.requests[0]["messages"][1]["content"] == "broken ? text"


def test_every_text_is_checked_before_it_leaves(tmp_path: Path) -> None:
    seen: list[str] = []

    def check(text: str) -> None:
        seen.append(text)
        if "no JSON" in text:
            raise TeacherError("it holds a proof row")

    with asked(tmp_path, "no JSON", check=check) as world:
        with pytest.raises(TeacherError, match="proof row"):
            world.client.ask(question())
        assert len(world.server.requests) == 1
    assert "You explain errors." in seen[0]
    assert "Why do these fail?" in seen[0]


def test_no_model_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ServerRefused, match=r"llm\.model: no model is set"), asked(tmp_path, model=""):
        pass


def test_an_address_that_is_none_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="localhost:8000/v1"), asked(tmp_path, base_url="localhost:8000/v1"):
        pass


def test_questions_of_many_threads_are_all_answered_and_written(tmp_path: Path) -> None:
    with LlmServer(lambda _: GOOD) as server, asked(tmp_path, server=server) as world, ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(world.client.ask, [question(f"{number}?") for number in range(40)]))
    assert len({answer.calls[0].key for answer in answers}) == 40
    assert world.statuses() == ["ok"] * 40
