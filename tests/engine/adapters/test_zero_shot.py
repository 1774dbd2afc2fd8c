"""An LLM as a classifier, at a real server of the tests."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.adapters.zero_shot import main
from engine.llm.call_log import read_calls
from tests.engine.adapters.talk import talk
from tests.engine.llm.server import Fault, LlmServer, body_of, busy, completion, refused, wrong_key

ROWS = [{"text": f"the soup was {word}"} for word in ("fine", "slow", "warm", "late", "kind")]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "calls.jsonl"


def ask(
    answer: Callable[[dict[str, Any]], str | Fault], log: Path, *words: str, requests: int = 1
) -> tuple[int, list[dict[str, Any]], LlmServer]:
    """What the program says of the rows, and the server that it asked."""
    with LlmServer(answer) as server:
        options = ["--model", "local", "--base-url", server.base_url, "--log", str(log), *words]
        status, lines = talk(main, options, [ROWS] * requests)
    return status, lines, server


def shown(body: dict[str, Any]) -> list[str]:
    """The texts of a question."""
    asked = body["messages"][1]["content"]
    found = json.loads(asked[asked.index("<data>") + 6 : asked.index("</data>")])
    return [row["text"] for row in found] if isinstance(found, list) else [found["text"]]


def is_good(text: str) -> bool:
    return text.split()[-1] in ("fine", "warm", "kind")


def stated(body: dict[str, Any]) -> str:
    """Sure of good ones to 95 %, of others to 80."""
    said = [
        {"row": number, "label": "good" if is_good(text) else "bad", "confidence": 95 if is_good(text) else 80}
        for number, text in enumerate(shown(body), start=1)
    ]
    return json.dumps({"labels": said})


def letters(body: dict[str, Any], told: bool = True) -> Fault:
    """The letter of the label, with what the server says of the letters."""
    sure, other = (" B", "A") if is_good(shown(body)[0]) else ("A", " B")
    tops = [{"token": sure, "logprob": math.log(0.75)}, {"token": other, "logprob": math.log(0.15)}]
    value = completion(sure)
    if told:
        value["choices"][0]["logprobs"] = {
            "content": [{"token": sure, "top_logprobs": [*tops, {"token": "C", "logprob": -3}]}]
        }
    return Fault(body=body_of(value))


def test_probabilities_follow_from_the_stated_confidence_of_several_texts_at_a_time(
    log: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", "secret")
    status, (hello, answer), server = ask(stated, log, "--batch", "3", "--key-env", "MY_KEY")
    assert (status, hello) == (0, {"protocol": 1, "name": "local, zero-shot", "labels": ["bad", "good"]})
    sure, unsure = pytest.approx([0.05, 0.95]), pytest.approx([0.8, 0.2])
    assert answer["probabilities"] == [sure, unsure, sure, unsure, sure]
    assert sorted(len(shown(body)) for body in server.requests) == [2, 3]
    assert set(server.keys) == {"Bearer secret"}
    assert server.requests[0]["temperature"] == 0
    assert "5 rows; " in capsys.readouterr().err


def test_what_was_answered_is_not_asked_again(log: Path) -> None:
    with LlmServer(stated) as server:
        words = ["--model", "local", "--base-url", server.base_url, "--log", str(log)]
        before, asked = talk(main, words, [ROWS]), len(server.requests)
        assert talk(main, words, [ROWS]) == before
        assert len(server.requests) == asked


def test_probabilities_follow_from_log_probabilities_of_the_letters(log: Path) -> None:
    status, (_, answer), server = ask(letters, log, "--probabilities", "logprobs")
    good, bad = pytest.approx([0.15 / 0.9, 0.75 / 0.9]), pytest.approx([0.75 / 0.9, 0.15 / 0.9])
    assert (status, answer["probabilities"]) == (0, [good, bad, good, bad, good])
    assert all(body["logprobs"] and body["top_logprobs"] == 20 for body in server.requests)
    assert {body["messages"][1]["content"].splitlines()[1] for body in server.requests} == {'A: "bad"'}


def test_a_server_without_log_probabilities_is_told_of(log: Path) -> None:
    _, (_, answer), _ = ask(
        lambda body: letters(body, told=False), log, "--probabilities", "logprobs", "--parallel", "1"
    )
    assert answer["error"].endswith("tells no log probabilities; use --probabilities stated")


def test_a_row_that_gets_no_answer_has_all_labels_alike_and_the_others_keep_theirs(
    log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, (_, answer), _ = ask(lambda body: refused("no") if "the soup was late" in shown(body) else stated(body), log)
    assert answer["probabilities"][3] == [0.5, 0.5]
    assert answer["probabilities"][4] == pytest.approx([0.05, 0.95])
    assert "5 rows, 1 without an answer" in capsys.readouterr().err


def test_a_busy_server_is_asked_again_and_a_wrong_key_is_an_error_of_the_request(log: Path) -> None:
    first = [True]

    def once_busy(body: dict[str, Any]) -> str | Fault:
        return busy("0") if first and first.pop() else stated(body)

    _, (_, answer), _ = ask(once_busy, log)
    assert len(answer["probabilities"]) == 5
    status, (_, answer), _ = ask(lambda body: wrong_key(), log, "--batch", "1", "--parallel", "1")
    assert (status, "refuses the key (401)" in answer["error"]) == (0, True)
    assert answer["error"].startswith("--key-env: ")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--batch", "0"], "argument --batch: 0 is less than 1"),
        (["--base-url", "nowhere"], "`--base-url` is 'nowhere'; it must be an address"),
        (["--key-env", "NO_SUCH_KEY", "--base-url", "https://api.openai.com/v1"], "or set --base-url to a server"),
    ],
)
def test_an_option_that_cannot_be_is_named(
    log: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    try:
        status, _ = talk(main, ["--model", "local", "--log", str(log), *words], [ROWS])
    except SystemExit as ended:
        status = int(str(ended))
    assert status > 0
    assert said in capsys.readouterr().err


def test_tokens_are_limited_over_all_calls_of_the_log(log: Path) -> None:
    ask(stated, log, "--batch", "5")
    spent = sum((call.tokens_in or 0) + (call.tokens_out or 0) for call in read_calls(log))
    _, (_, answer), server = ask(stated, log, "--batch", "2", "--max-tokens", str(spent + 100))
    assert f"{spent} of {spent + 100} tokens are spent" in answer["error"]
    assert server.requests == []
