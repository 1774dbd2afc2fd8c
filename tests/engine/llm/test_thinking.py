"""Models that think before they answer: where the thinking stands, what it takes, and what they do not take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.labelling.guidelines import guideline_of
from engine.llm.call_costs import call_totals, paid_for_calls
from engine.llm.chat_backend import QuestionFailed
from engine.llm.label_estimate import estimate as label_estimate
from engine.llm.labeller import label
from engine.settings import CostSettings, Price
from tests.engine.llm.asked import GOOD, asked, question
from tests.engine.llm.labels import asking_project, labelling
from tests.engine.llm.server import Fault, LlmServer, body_of, completion, error, response
from tui.commands.asking_llm import calls_line

DRAFT = '{"patterns": ["A draft."]}'
PATTERN = ["Sarcasm is taken at its word."]


def thought(
    words: str, content: Any, *, field: str = "reasoning_content", finish: str = "stop", usage: Any = None
) -> Fault:
    """An answer with thinking beside it."""
    body = completion(content, finish=finish, usage=usage)
    body["choices"][0]["message"][field] = words
    return Fault(body=body_of(body))


def stopped_thinking(words: str = f"<think>Perhaps {DRAFT}") -> Fault:
    """An answer that is cut before its thinking ends."""
    return Fault(body=body_of(completion(words, finish="length")))


@pytest.mark.parametrize(
    "content",
    [
        f"<think>Perhaps {DRAFT}</think>\n{GOOD}",
        f"<thinking>\nPerhaps {DRAFT}\n</thinking>```json\n{GOOD}\n```",
        f"Perhaps {DRAFT}\n</think>\n\n{GOOD}",  # the opening tag stands in the model's prompt
        f"[THINK]Perhaps {DRAFT}[/THINK]{GOOD}",
        f"<think>One.</think><think>Or is </think> the end? {DRAFT}</think>{GOOD}",
        [{"type": "thinking", "thinking": [{"type": "text", "text": DRAFT}]}, {"type": "text", "text": GOOD}],
    ],
)
def test_an_answer_is_what_stands_after_the_thinking(tmp_path: Path, content: Any) -> None:
    with asked(tmp_path, Fault(body=body_of(completion(content)))) as world:
        assert world.client.ask(question()).value.patterns == PATTERN
    assert world.statuses() == ["ok"]


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_thinking_beside_the_answer_is_no_part_of_it(tmp_path: Path, field: str) -> None:
    with asked(tmp_path, thought(f"Perhaps {DRAFT}", GOOD, field=field)) as world:
        assert world.client.ask(question()).value.patterns == PATTERN


def test_an_answer_that_a_server_takes_for_thinking_is_found(tmp_path: Path) -> None:
    with asked(tmp_path, thought(f"\n{GOOD}\n", None)) as world:
        assert world.client.ask(question()).value.patterns == PATTERN


def test_a_draft_in_thinking_without_an_answer_is_none(tmp_path: Path) -> None:
    said = "it thought, and answered nothing"
    with asked(tmp_path, thought(f"Perhaps {DRAFT}", "", finish="stop"), retries=0) as world:
        with pytest.raises(QuestionFailed, match=said):
            world.client.ask(question())
        assert (world.calls[0].status, world.calls[0].error) == ("empty", said)


@pytest.mark.parametrize("cut", [stopped_thinking(), thought(f"Perhaps {DRAFT}", None, finish="length")])
def test_thinking_that_is_cut_gets_more_room_and_so_do_later_questions(tmp_path: Path, cut: Fault) -> None:
    with asked(tmp_path, cut, cut, GOOD, GOOD, max_output_tokens=100) as world:
        assert world.client.ask(question("One?")).value.patterns == PATTERN
        world.client.ask(question("Two?"))
        assert [body["max_tokens"] for body in world.server.requests] == [100, 200, 400, 400]
    assert world.statuses() == ["truncated", "truncated", "ok", "ok"]


def test_a_model_that_thinks_without_end_is_told_so(tmp_path: Path) -> None:
    cut = [stopped_thinking()] * 3
    said = r"the model is still thinking at 400 tokens; raise llm\.max_output_tokens"
    with asked(tmp_path, *cut, max_output_tokens=100) as world, pytest.raises(QuestionFailed, match=said):
        world.client.ask(question())


def test_thinking_is_not_sent_back_to_be_mended(tmp_path: Path) -> None:
    with asked(tmp_path, f'<think>Long.</think>{{"other": "{"x" * 9}"}}', GOOD) as world:
        world.client.ask(question())
        assert world.server.requests[1]["messages"][2]["content"] == '{"other": "xxxxxxxxx"}'


def test_an_answer_that_the_server_cuts_below_the_limit_is_not_asked_for_again(tmp_path: Path) -> None:
    cut = completion('{"patterns": ["a', finish="length", usage={"prompt_tokens": 1900, "completion_tokens": 148})
    said = "cut at 148 of 4,096 tokens: the server has room for no more; start the server with a longer context"
    with asked(tmp_path, Fault(body=body_of(cut))) as world, pytest.raises(QuestionFailed, match=said):
        world.client.ask(question())


@pytest.mark.parametrize("total", [130, 160])  # thinking is among the tokens of the answer, or beside them
def test_tokens_of_thinking_are_paid_whichever_way_a_server_counts_them(tmp_path: Path, total: int) -> None:
    answer, thinking = (30, 20) if total == 130 else (40, 20)
    counts: dict[str, Any] = {"prompt_tokens": 100, "completion_tokens": answer, "total_tokens": total}
    counts |= {"completion_tokens_details": {"reasoning_tokens": thinking}}
    with asked(tmp_path, thought("Hm.", GOOD, usage=counts)) as world:
        world.client.ask(question())
    (call,) = world.calls
    assert (call.tokens_out, call.tokens_thought) == (total - 100, 20)
    assert call_totals([call]).tokens_thought == 20
    price = CostSettings(prices={"local": Price(input=0, output=1e6)})
    assert paid_for_calls([call], price).value == total - 100


def test_thinking_that_is_not_counted_is_part_of_the_guess(tmp_path: Path) -> None:
    with asked(tmp_path, thought("x" * 4_000, GOOD)) as world:
        world.client.ask(question())
    assert world.calls[0].estimated
    assert world.calls[0].tokens_out == 1_012


def test_an_estimate_counts_thinking_by_what_was_thought_before(tmp_path: Path) -> None:
    usage = {"prompt_tokens": 100, "completion_tokens": 530, "completion_tokens_details": {"reasoning_tokens": 500}}
    says = labelling()

    def answer(body: dict[str, Any]) -> Fault:
        text = says(body)
        assert isinstance(text, str)
        return Fault(body=body_of(completion(text, usage=usage)))

    with LlmServer(answer) as server:
        project = asking_project(tmp_path / "work", server, rows=12, batch=4)
        before = label_estimate(project, "all", guideline_of(project))
        report = label(project, rows="4")
        left = label_estimate(project, "all", guideline_of(project))
    assert (before.calls, left.calls) == (3, 2)
    assert before.tokens_out < 500
    assert left.tokens_out > 2 * 500
    assert "530 out (500 of them thinking)" in calls_line(report.calls, report.cost, report.currency)


def test_tokens_of_thinking_are_known_by_the_responses_protocol_too(tmp_path: Path) -> None:
    usage = {"input_tokens": 9, "output_tokens": 30, "output_tokens_details": {"reasoning_tokens": 20}}
    with asked(tmp_path, response(GOOD, usage=usage), protocol="responses") as world:
        world.client.ask(question())
    assert (world.calls[0].tokens_out, world.calls[0].tokens_thought) == (30, 20)


@pytest.mark.parametrize(
    "refusal",
    [
        error(400, "Unsupported value: 'temperature' does not support 0.2 with this model.", param="temperature"),
        Fault(422, body_of({"detail": "Unexpected fields in the request: {'temperature'}"})),
    ],
)
def test_a_model_that_takes_no_temperature_is_asked_without_and_that_is_told(tmp_path: Path, refusal: Fault) -> None:
    with asked(tmp_path, refusal, GOOD, GOOD, temperature=0.2) as world:
        world.client.ask(question("One?"))
        world.client.ask(question("Two?"))
        assert ["temperature" in body for body in world.server.requests] == [True, False, False]
        (note,) = world.notes
    assert "does not take llm.temperature, its own is used" in note


def test_a_model_that_takes_neither_temperature_nor_the_old_name_of_the_limit_is_asked_its_way(tmp_path: Path) -> None:
    def answer(body: dict[str, Any]) -> str | Fault:
        for field in ("max_tokens", "temperature"):
            if field in body:
                return error(400, f"Unsupported parameter: '{field}' is not supported with this model.", param=field)
        return GOOD

    with LlmServer(answer) as server, asked(tmp_path, server=server, temperature=0.2, retries=0) as world:
        assert world.client.ask(question()).value.patterns == PATTERN
        assert len(server.requests) == 3
