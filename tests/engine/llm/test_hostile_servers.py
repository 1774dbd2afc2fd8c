"""Servers that mean harm: what they send has an end here, and nothing but the request goes to them, or beyond them."""

from __future__ import annotations

import gzip
import json
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import orjson
import pytest

from engine.errors import SettingsError
from engine.llm.budget import Budget
from engine.llm.call_costs import call_totals, paid_for_calls
from engine.llm.call_log import MOST_TOKENS, CallLog, read_calls
from engine.llm.chat_backend import QuestionFailed, ServerRefused
from engine.llm.transport import LONGEST_BODY
from engine.settings import CostSettings, Price
from tests.engine.llm.asked import GOOD, KEY, asked, question
from tests.engine.llm.server import Fault, LlmServer, body_of, completion, error

GZIP = {"Content-Encoding": "gzip"}
ABSURD = [2**63 - 1, 2**64, 10**30, -1, 12.5, 1e300, "12", True, None, [3], {"a": 1}, MOST_TOKENS + 1]


def deflated_zeros() -> bytes:
    """A raw stream of 300 MB of zeros; a million is packed once and stands there 300 times, for speed."""
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    million = packer.compress(bytes(1_000_000)) + packer.flush(zlib.Z_FULL_FLUSH)
    return million * 300 + packer.flush()


ZEROS = deflated_zeros()  # the sums at the end of the two formats are never reached
AS_GZIP = b"\x1f\x8b\x08" + bytes(7) + ZEROS + bytes(8)
AS_ZLIB = b"\x78\x9c" + ZEROS + bytes(4)


class TestSizes:
    @pytest.mark.parametrize("status", [200, 401, 500])
    @pytest.mark.parametrize(
        ("body", "headers"),
        [
            (AS_GZIP, GZIP),
            (AS_ZLIB, {"Content-Encoding": "deflate"}),
            (gzip.compress(AS_GZIP), {"Content-Encoding": "gzip, gzip"}),
        ],
    )
    def test_a_body_that_unpacks_to_gigabytes_is_left_soon(
        self, tmp_path: Path, status: int, body: bytes, headers: dict[str, str]
    ) -> None:
        with asked(tmp_path, Fault(status, body, headers), retries=0) as world:
            tracemalloc.start()
            try:
                with pytest.raises((QuestionFailed, ServerRefused)):
                    world.client.ask(question())
                _, peak = tracemalloc.get_traced_memory()
            finally:
                tracemalloc.stop()
        assert peak < 6 * LONGEST_BODY
        (call,) = world.calls
        assert call.status in ("failed", "too large")
        assert len(call.error) <= 300

    @pytest.mark.parametrize("status", [400, 404, 429, 500, 503])
    def test_the_body_of_an_error_without_end_is_left(self, tmp_path: Path, status: int) -> None:
        fault = Fault(status, b"no end " * 10_000, endless=True)
        with asked(tmp_path, fault, retries=0) as world, pytest.raises((QuestionFailed, ServerRefused), match="no end"):
            world.client.ask(question())
        assert world.calls[0].http_status == status

    def test_a_good_packed_answer_is_read_though_none_was_asked_for(self, tmp_path: Path) -> None:
        packed = Fault(200, gzip.compress(body_of(completion(GOOD))), GZIP)
        with asked(tmp_path, packed) as world:
            assert world.client.ask(question()).value.patterns


class TestUsage:
    @pytest.mark.parametrize("absurd", ABSURD)
    def test_a_number_that_can_be_none_counts_as_not_reported(self, tmp_path: Path, absurd: Any) -> None:
        usage = {"prompt_tokens": absurd, "completion_tokens": absurd, "prompt_tokens_details": {"cached_tokens": 7}}
        price = Price(1.0, 1.0)
        with asked(
            tmp_path, Fault(body=body_of(completion(GOOD, usage=usage))), budget=Budget(9.0, None, price)
        ) as world:
            world.client.ask(question("x" * 4_000))
        (call,) = world.calls
        assert call.estimated
        assert call.tokens_in is not None
        assert 1_000 < call.tokens_in < 2_000
        assert call.tokens_cached is None or call.tokens_cached == 7
        orjson.dumps(call_totals([call] * 1000).as_json())

    @pytest.mark.parametrize("absurd", ["NaN", "Infinity", "-Infinity", "1e999"])
    def test_what_is_no_json_beside_an_answer_does_not_lose_it(self, tmp_path: Path, absurd: str) -> None:
        body = json.dumps(completion(GOOD, usage={"prompt_tokens": "X"})).replace('"X"', absurd).encode()
        with asked(tmp_path, Fault(body=body)) as world:
            assert world.client.ask(question()).value.patterns
        assert world.calls[0].estimated

    def test_more_cached_tokens_than_there_were_are_not_counted(self, tmp_path: Path) -> None:
        usage = {"prompt_tokens": 10, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 10**6}}
        with asked(tmp_path, Fault(body=body_of(completion(GOOD, usage=usage)))) as world:
            world.client.ask(question())
        assert world.calls[0].tokens_cached is None


class TestOldLog:
    @pytest.mark.parametrize("field", ["tokens_in", "tokens_out", "tokens_cached"])
    @pytest.mark.parametrize("absurd", ABSURD[:-1])
    def test_absurd_numbers_of_a_log_break_no_sum(self, tmp_path: Path, field: str, absurd: Any) -> None:
        with asked(tmp_path, GOOD) as world:
            world.client.ask(question())
        (line,) = world.log.read_bytes().splitlines()
        world.log.write_text(json.dumps({**json.loads(line), field: absurd}) + "\n")
        calls = list(read_calls(world.log))
        costs = CostSettings(prices={"local": Price(1.0, 1.0, 0.5)})
        orjson.dumps([call_totals(calls * 1000).as_json(), paid_for_calls(calls, costs).as_json()])
        budget = Budget(5.0, 10**6, Price(1.0, 1.0))
        budget.count_earlier(calls, 0.0)
        assert budget.tokens < MOST_TOKENS
        assert CallLog(world.log).answer(calls[0].key)

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("time", "now"),
            ("time", None),
            ("seconds", -1),
            ("answer_format", "ladder"),
            ("status", 7),
            ("step", ["judge"]),
            ("key", None),
            ("content", 3),
            ("blind_spot", {}),
            ("http_status", "200"),
            ("evidence", 1),
            ("time", 1e300),
        ],
    )
    def test_a_line_with_what_is_no_call_is_passed_over(self, tmp_path: Path, field: str, value: Any) -> None:
        with asked(tmp_path, GOOD) as world:
            world.client.ask(question())
        (line,) = world.log.read_bytes().splitlines()
        world.log.write_text(json.dumps({**json.loads(line), field: value}) + "\n" + line.decode() + "\n")
        assert [call.key for call in read_calls(world.log)] == [json.loads(line)["key"]]


class TestWhatLeaves:
    def test_no_other_variable_of_the_environment_goes_to_a_server(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("ORG_ID", "PROJECT_ID", "ADMIN_KEY", "WEBHOOK_SECRET"):
            monkeypatch.setenv(f"OPENAI_{name}", f"secret-{name}")
        monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Secret: secret-header")
        monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        with asked(tmp_path, GOOD) as world:
            world.client.ask(question())
            (headers,) = world.server.headers
        assert "secret" not in str(headers).casefold()
        assert set(map(str.casefold, headers)) == {
            "host",
            "accept",
            "accept-encoding",
            "authorization",
            "connection",
            "content-length",
            "content-type",
            "user-agent",
            "x-stainless-raw-response",
        }
        assert headers["Authorization"] == f"Bearer {KEY}"

    def test_without_a_key_none_is_made_up(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("OPENAI_API_KEY", raising=False)
        with asked(tmp_path, GOOD) as world:
            world.client.ask(question())
            assert world.server.keys == [""]

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_a_redirect_is_not_followed_and_names_the_other_address(self, tmp_path: Path, status: int) -> None:
        with LlmServer(lambda _: GOOD) as other:
            fault = Fault(status, headers={"Location": f"{other.base_url}/chat/completions"})
            with asked(tmp_path, fault) as world, pytest.raises(ServerRefused) as refused:
                world.client.ask(question())
            assert other.requests == []
        assert f"sends requests on to {other.base_url}" in str(refused.value)
        assert world.statuses() == ["failed"]

    def test_a_redirect_to_nowhere_is_told_as_well(self, tmp_path: Path) -> None:
        with asked(tmp_path, Fault(307)) as world, pytest.raises(ServerRefused, match="on to nowhere"):
            world.client.ask(question())

    @pytest.mark.parametrize(
        "url",
        [
            "http://me:hunter2@127.0.0.1:9/v1",
            "https://api.openai.com@127.0.0.1:9/v1",
            "http+unix://%2Ftmp%2Fs/v1",
            "unix:/tmp/s",
            "http://127.0.0.1:9\\@api.openai.com/v1",
            "http://127.0.0.1:9/v1?next=http://x",
            "http://127.0.0.1:9/v1#api.openai.com",
            "http://127.0.0.1:9/v1\r\nX-Evil: 1",
            "http://\u0430pi.openai.com/v1",
            "file:///etc/passwd",
            "http://[fe80::1%25eth0]/v1",
            "http://[::g]/v1",
            "http:///v1",
            " http://127.0.0.1/v1",
        ],
    )
    def test_an_address_that_can_be_misread_is_refused(self, tmp_path: Path, url: str) -> None:
        with pytest.raises(SettingsError, match=r"llm\.base_url") as refused, asked(tmp_path, base_url=url):
            pass
        assert "hunter2" not in str(refused.value)

    def test_a_name_of_a_variable_with_a_line_end_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(SettingsError, match="not the name of"), asked(tmp_path, key_env="OPENAI_API_KEY\n"):
            pass


def test_an_error_in_json_that_is_too_deep_is_told_as_it_stands(tmp_path: Path) -> None:
    deep = Fault(400, b'{"error":' + b"[" * 50_000)
    with asked(tmp_path, deep) as world, pytest.raises(QuestionFailed, match="HTTP 400"):
        world.client.ask(question())


@pytest.mark.parametrize("code", [7, None, {"a": 1}])
def test_a_code_that_is_no_text_is_passed_over(tmp_path: Path, code: Any) -> None:
    fault = error(400, "Not this way.", code=code)
    with asked(tmp_path, fault) as world, pytest.raises(QuestionFailed, match="Not this way"):
        world.client.ask(question())
