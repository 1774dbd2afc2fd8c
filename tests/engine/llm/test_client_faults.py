"""Faults of servers and of the way to them: each is survived, waited out or told in one sentence, and written down."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from email.message import Message
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from engine.errors import SettingsError, Stopped
from engine.llm.chat_backend import QuestionFailed, ServerRefused
from engine.llm.no_answer import MOST_IN_A_ROW, MOST_UNUSABLE
from tests.engine.llm.asked import GOOD, KEY, asked, question
from tests.engine.llm.server import (
    Fault,
    LlmServer,
    broken,
    busy,
    dripped,
    error,
    no_choices,
    no_model,
    reset,
    silent,
    wrong_key,
)
from tests.waiting import until

HTML = Fault(body=b"<html>Bad gateway, but with status 200</html>")


@pytest.mark.parametrize(
    "fault",
    [
        busy(),
        busy("0"),
        busy("no time"),
        broken(),
        error(503, "Overloaded"),
        error(408, "Late"),
        reset(GOOD),
        no_choices(),
        HTML,
        Fault(body=b"[]"),
        Fault(body=b'{"choices": [7]}'),
        Fault(body=b'{"choices": [{"message": 1}]}'),
    ],
)
def test_a_fault_that_passes_is_tried_again_and_written(tmp_path: Path, fault: Fault) -> None:
    with asked(tmp_path, fault, GOOD) as world:
        answer = world.client.ask(question())
    assert [call.attempt for call in answer.calls] == [1, 2]
    assert answer.calls == tuple(world.calls)
    assert world.calls[0].status in ("failed", "empty")
    assert world.calls[0].error
    assert "next attempt in" in world.notes[0]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (busy("0"), "HTTP 429: Rate limit reached"),
        (reset(GOOD), "the connection broke"),
        (no_choices(), "the answer is empty"),
        (HTML, "what came is no answer of this protocol"),
    ],
)
def test_a_fault_that_stays_ends_this_question_only(tmp_path: Path, fault: Fault, said: str) -> None:
    with asked(tmp_path, fault, fault, fault, GOOD) as world:
        with pytest.raises(QuestionFailed, match=f"no answer after 3 attempts .{said}") as failed:
            world.client.ask(question("One?"))
        assert len(failed.value.calls) == 3
        assert world.client.ask(question("Two?")).value.patterns


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (wrong_key(), "refuses the key.*Incorrect API key.*export a valid key as OPENAI_API_KEY"),
        (error(403, "No access"), "refuses the key"),
        (no_model("local"), "has no model `local`.*does not exist"),
        (error(429, "You exceeded your quota.", code="insufficient_quota"), "nothing left to spend"),
        (Fault(404, b"<h1>nothing here</h1>"), "nothing at this address"),
    ],
)
def test_what_will_not_pass_stops_the_run_at_once(tmp_path: Path, fault: Fault, said: str) -> None:
    with asked(tmp_path, fault) as world, pytest.raises(ServerRefused, match=said):
        world.client.ask(question())
    assert world.statuses() == ["failed"]


def test_a_bad_request_ends_this_question_only(tmp_path: Path) -> None:
    with asked(tmp_path, error(400, "The context is too long."), GOOD) as world:
        with pytest.raises(QuestionFailed, match="HTTP 400: The context is too long"):
            world.client.ask(question("One?"))
        world.client.ask(question("Two?"))


def test_a_server_that_is_not_there_stops_the_run_after_its_attempts(tmp_path: Path) -> None:
    with socket.socket() as taken:  # bound and not listening: nobody answers at this port
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        with asked(tmp_path, base_url=url) as world, pytest.raises(ServerRefused, match="is not reached"):
            world.client.ask(question())
    assert world.statuses() == ["failed"] * 3


def test_a_slow_first_byte_is_left_at_the_time_limit(tmp_path: Path) -> None:
    def answer(_: object) -> str | Fault:
        return GOOD if len(server.requests) > 1 else silent()

    with LlmServer(answer) as server, asked(tmp_path, server=server, timeout=0.3, retries=20) as world:
        world.client.ask(question())
    assert world.calls[0].error == "no answer within 0.3 s"


def test_a_server_that_never_sent_a_byte_stops_the_run(tmp_path: Path) -> None:
    with asked(tmp_path, silent(), silent(), silent(), timeout=0.3) as world:
        with pytest.raises(ServerRefused, match=r"never answers: no answer within 0\.3 s.*llm\.timeout"):
            world.client.ask(question())
        assert world.statuses() == ["failed"] * 3


def test_one_that_has_answered_before_is_only_late_for_this_question(tmp_path: Path) -> None:
    with asked(tmp_path, GOOD, silent(), silent(), silent(), timeout=0.3) as world:
        world.client.ask(question("One?"))
        with pytest.raises(QuestionFailed, match=r"no answer after 3 attempts .no answer within 0\.3 s"):
            world.client.ask(question("Two?"))


@pytest.mark.parametrize(("fault", "said"), [(busy(), "HTTP 429: Rate limit"), (no_choices(), "is empty; look at llm")])
def test_a_server_that_answers_nothing_any_more_stops_the_run(tmp_path: Path, fault: Fault, said: str) -> None:
    faults = [fault] * MOST_IN_A_ROW
    with asked(tmp_path, *faults, GOOD, *faults, fault, retries=0) as world:

        def ask_in_vain() -> None:
            for number in range(len(faults)):
                with pytest.raises(QuestionFailed):
                    world.client.ask(question(f"{len(world.calls)} {number}?"))

        ask_in_vain()
        world.client.ask(question("An answer in between?"))
        ask_in_vain()
        with pytest.raises(ServerRefused, match=f"has answered none of the last {MOST_IN_A_ROW + 1} questions.*{said}"):
            world.client.ask(question("One more?"))


def test_a_server_whose_answers_can_never_be_used_stops_the_run(tmp_path: Path) -> None:
    bad = ["no JSON at all"] * 2  # the answer, and the corrected one
    with asked(tmp_path, *bad, GOOD, *bad * MOST_UNUSABLE, busy(), *bad, retries=0) as world:

        def ask_in_vain() -> None:
            with pytest.raises(QuestionFailed, match="neither the first answer nor the corrected one"):
                world.client.ask(question(f"{len(world.calls)}?"))

        ask_in_vain()
        world.client.ask(question("An answer in between?"))
        for _ in range(MOST_UNUSABLE):
            ask_in_vain()
        with pytest.raises(QuestionFailed, match="no answer after one attempt"):  # the server has answered till now
            world.client.ask(question("Busy?"))
        with pytest.raises(ServerRefused, match=f"to the last {MOST_UNUSABLE + 1} questions can be used.*stronger"):
            world.client.ask(question("One more?"))


def test_questions_that_a_server_does_not_take_are_no_reason_to_stop(tmp_path: Path) -> None:
    faults = [error(400, "The context is too long.")] * (MOST_IN_A_ROW + 2)
    with asked(tmp_path, *faults) as world:
        for number in range(len(faults)):
            with pytest.raises(QuestionFailed):
                world.client.ask(question(f"{number}?"))


def test_a_page_instead_of_an_answer_points_to_the_address(tmp_path: Path) -> None:
    with asked(tmp_path, HTML, retries=0) as world, pytest.raises(QuestionFailed, match=r"it ends in /v1"):
        world.client.ask(question())


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:8000/v1",
        "ftp://host/v1",
        "http://127.0.0.1:99999/v1",
        "http://[::1/v1",
        "http://host:abc/v1",
        "http://a..b/v1",
        f"http://{'a' * 70}.net/v1",
        "http://127.0.0.1/v1\n",
    ],
)
def test_what_is_no_address_is_told(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingsError, match="must be an address such as"), asked(tmp_path, base_url=url):
        pass


def test_a_proxy_of_an_unknown_kind_is_told_without_its_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "foo://me:hunter2@127.0.0.1:9")
    with pytest.raises(ServerRefused, match="proxy") as caught, asked(tmp_path):
        pass
    assert "hunter2" not in str(caught.value)


def test_an_answer_in_small_pieces_is_whole(tmp_path: Path) -> None:
    with asked(tmp_path, dripped(GOOD)) as world:
        assert world.client.ask(question()).value.patterns


def http_date(seconds: float) -> str:
    return format_datetime(datetime.now(timezone.utc) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(
    ("header", "low", "high"),
    [
        (lambda: "30", 30.0, 30.0),
        (lambda: http_date(60), 30.0, 60.0),
        (lambda: "9999", 120.0, 120.0),
    ],
)
def test_retry_after_is_honoured_and_the_wait_ends_when_asked_to_stop(
    tmp_path: Path, header: Callable[[], str], low: float, high: float
) -> None:
    with asked(tmp_path, busy(header())) as world, ThreadPoolExecutor(1) as threads:
        asking = threads.submit(world.client.ask, question())
        until(lambda: world.notes)
        world.stop.set()
        with pytest.raises(Stopped):
            asking.result(timeout=20)  # less than any of the waits
    assert low <= float(world.notes[0].split("next attempt in ")[1].removesuffix(" s")) <= high


def test_a_retry_date_in_the_past_means_no_wait(tmp_path: Path) -> None:
    with asked(tmp_path, busy(http_date(-60)), GOOD) as world:
        world.client.ask(question())
    assert world.notes[0].endswith("next attempt in 0.0 s")


def test_a_request_in_flight_is_left_when_asked_to_stop_and_is_written(tmp_path: Path) -> None:
    with asked(tmp_path, silent()) as world, ThreadPoolExecutor(1) as threads:
        asking = threads.submit(world.client.ask, question())
        until(lambda: world.server.requests)
        world.stop.set()
        with pytest.raises(Stopped):
            asking.result(timeout=20)  # the server would keep it for a minute
    (call,) = world.calls
    assert (call.status, call.error) == ("failed", "stopped before the answer was there")


def test_nothing_is_sent_once_it_is_stopped(tmp_path: Path) -> None:
    with asked(tmp_path) as world:
        world.stop.set()
        with pytest.raises(Stopped):
            world.client.ask(question())
        assert world.server.requests == []


class TestKey:
    def test_it_goes_to_the_server_and_nowhere_else(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("OPENAI_API_KEY", KEY)

        def answer(body: dict[str, Any]) -> str | Fault:
            return answers.pop(0)

        answers: list[str | Fault] = [
            error(500, f"Crashed with Authorization: Bearer {KEY}"),
            busy("0"),
            f'{{"patterns": ["I was told {KEY}"], "x"',
            f'{{"patterns": ["I was told {KEY}"]}}',
            error(400, f"{KEY} is not welcome", code=KEY),
            error(401, f"Incorrect API key provided: {KEY}"),
        ]
        raised = []
        with LlmServer(answer) as server, asked(tmp_path, server=server) as world:
            value = world.client.ask(question("One?")).value
            for words, kind in (("Two?", QuestionFailed), ("Three?", ServerRefused)):
                with pytest.raises(kind) as caught:
                    world.client.ask(question(words))
                raised.append(caught.value)
            assert set(server.keys) == {f"Bearer {KEY}"}
        assert answers == []
        assert value.patterns == ["I was told [key]"]
        files = [path.read_text() for path in tmp_path.rglob("*") if path.is_file()]
        printed = "".join(capfd.readouterr())
        everything = [*files, *world.notes, printed, *map(str, raised), *(repr(error.__cause__) for error in raised)]
        assert len(files) == 1
        assert "[key]" in files[0]
        assert not [text for text in everything if KEY in text]

    def test_a_placeholder_spoils_no_answer(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("OPENAI_API_KEY", "e")
        with asked(tmp_path, GOOD) as world:
            assert world.client.ask(question()).value.patterns == ["Sarcasm is taken at its word."]

    def test_a_server_of_ones_own_needs_none(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("OPENAI_API_KEY", raising=False)
        with asked(tmp_path, GOOD) as world:
            assert world.client.ask(question()).value.patterns

    def test_it_is_read_from_the_variable_that_the_settings_name(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-not-this-one")
        monkeypatch.setenv("LOCAL_KEY", f" {KEY}\n")
        with asked(tmp_path, GOOD, key_env="LOCAL_KEY") as world:
            world.client.ask(question())
            assert world.server.keys == [f"Bearer {KEY}"]

    def test_the_public_server_without_one_is_one_sentence(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("MY_KEY", raising=False)
        url = "https://api.openai.com/v1"
        with pytest.raises(ServerRefused, match="MY_KEY is not set"), asked(tmp_path, base_url=url, key_env="MY_KEY"):
            pass

    def test_what_can_be_no_key_is_refused_without_showing_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-pasted…twice")
        with pytest.raises(ServerRefused, match="OPENAI_API_KEY holds") as caught, asked(tmp_path):
            pass
        assert "pasted" not in str(caught.value)

    def test_one_that_stands_in_the_settings_in_place_of_the_name_is_refused_without_showing_it(
        self, tmp_path: Path
    ) -> None:
        with pytest.raises(SettingsError, match="never the key itself") as caught, asked(tmp_path, key_env=KEY):
            pass
        assert KEY not in str(caught.value)


def test_two_questions_at_once_do_not_wait_for_each_other(tmp_path: Path) -> None:
    both = threading.Barrier(2, timeout=30)

    class Meeting(LlmServer):
        def reply(self, body: dict[str, Any], headers: Message) -> Fault:
            both.wait()
            return super().reply(body, headers)

    with Meeting(lambda _: GOOD) as server, asked(tmp_path, server=server) as world, ThreadPoolExecutor(2) as threads:
        assert len(list(threads.map(world.client.ask, [question("One?"), question("Two?")]))) == 2
