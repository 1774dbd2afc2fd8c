"""The limit of a run: reserved at the worst case before a call, settled with what it took."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from engine.errors import SettingsError, Stopped
from engine.llm.budget import Budget, cost_of, likely_tokens, most_tokens
from engine.llm.chat_backend import BudgetReached, QuestionFailed
from engine.settings import Price
from tests.engine.llm.asked import GOOD, asked, question
from tests.engine.llm.server import LlmServer, broken, busy, silent, with_usage
from tests.waiting import until

NEVER = threading.Event()
PRICE = Price(input=1.0, output=10.0, cached=0.1)


def test_cached_tokens_have_their_own_price() -> None:
    assert cost_of(PRICE, 1_000_000, 100_000) == pytest.approx(2.0)
    assert cost_of(PRICE, 1_000_000, 100_000, 500_000) == pytest.approx(1.55)
    assert cost_of(Price(input=1.0, output=10.0), 1_000_000, 0, 500_000) == pytest.approx(1.0)


def test_tokens_are_guessed_by_bytes_with_room_at_worst() -> None:
    assert (likely_tokens("x" * 400), most_tokens("x" * 400), most_tokens("ü" * 200)) == (100, 160, 400)
    assert most_tokens("🙂") == 4  # a token for each byte, where a tokenizer knows no more of it
    assert most_tokens("\ud800") == 3


def test_a_limit_of_cost_without_a_price_is_refused() -> None:
    with pytest.raises(SettingsError, match="price of the model"):
        Budget(max_cost=1.0)


@pytest.mark.parametrize(
    "limits",
    [
        {"max_tokens": -5},
        {"max_cost": -0.1, "price": PRICE},
        {"max_cost": float("nan"), "price": PRICE},
    ],
)
def test_what_is_no_limit_is_refused_and_not_taken_for_none(limits: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match=r"a limit of (tokens|cost) cannot be"):
        Budget(**limits)


def test_a_call_that_could_pass_the_limit_is_not_begun() -> None:
    budget = Budget(max_tokens=1_000)
    with budget.reserve(400, 200, stop=NEVER) as held:
        held.settle(300, 50)
    assert budget.tokens == 350
    with (
        pytest.raises(BudgetReached, match="350 of 1,000 tokens are spent, and the next call could take 651"),
        budget.reserve(451, 200, stop=NEVER),
    ):
        pass
    with budget.reserve(450, 200, stop=NEVER):
        pass
    assert budget.tokens == 1_000  # not settled: at its worst


def test_money_is_limited_likewise() -> None:
    budget = Budget(max_cost=0.002, price=PRICE)
    with budget.reserve(1_000, 100, stop=NEVER) as held:
        held.settle(1_000, 20, 500)
    assert budget.cost == pytest.approx(0.00075)
    with pytest.raises(BudgetReached, match=r"0\.0008 of 0\.002 are spent"), budget.reserve(300, 100, stop=NEVER):
        pass


def test_a_call_waits_for_those_in_flight_if_they_may_leave_enough() -> None:
    budget, began = Budget(max_tokens=100), threading.Event()

    def take() -> None:
        began.set()
        with budget.reserve(60, 0, stop=NEVER):
            pass

    with ThreadPoolExecutor(1) as threads:
        with budget.reserve(60, 0, stop=NEVER) as first:
            second = threads.submit(take)
            until(began.is_set)
            first.settle(10, 0)
        second.result(timeout=20)
    assert budget.tokens == 70


def test_that_wait_ends_when_asked_to_stop() -> None:
    budget, stop = Budget(max_tokens=100), threading.Event()
    stop.set()
    with budget.reserve(60, 0, stop=NEVER), pytest.raises(Stopped), budget.reserve(60, 0, stop=stop):
        pass


def test_the_limit_stands_with_many_threads_and_a_server_that_takes_all_it_may(tmp_path: Path) -> None:
    budget = Budget(max_tokens=5_000)

    def answer(body: dict[str, object]) -> object:
        return with_usage(GOOD, 100, int(str(body["max_tokens"])))

    def ask(number: int) -> bool:
        try:
            world.client.ask(question(f"{number}?"))
        except BudgetReached:
            return False
        return True

    with (
        LlmServer(answer) as server,
        asked(  # type: ignore[arg-type]
            tmp_path, server=server, budget=budget, max_output_tokens=900
        ) as world,
        ThreadPoolExecutor(8) as threads,
    ):
        answered = list(threads.map(ask, range(12)))
    spent = sum((call.tokens_in or 0) + (call.tokens_out or 0) for call in world.calls)
    assert spent == budget.tokens <= 5_000
    assert answered.count(True) == len(world.calls) == 4


def test_an_error_of_the_server_costs_nothing_and_an_answer_that_was_lost_its_worst_case(tmp_path: Path) -> None:
    budget = Budget(max_tokens=10_000)
    with asked(
        tmp_path,
        broken(),
        busy("0"),
        with_usage(GOOD, 30, 7),
        silent(),
        budget=budget,
        max_output_tokens=1_000,
        retries=2,
    ) as world:
        world.client.ask(question("One?"))
        assert budget.tokens == 37
        stop = threading.Thread(target=lambda: (until(lambda: len(world.server.requests) == 4), world.stop.set()))
        stop.start()
        with pytest.raises(Stopped):
            world.client.ask(question("Two?"))
        stop.join()
    assert budget.tokens > 1_037


def test_a_cached_answer_costs_nothing(tmp_path: Path) -> None:
    with LlmServer(lambda _: GOOD) as server:
        with asked(tmp_path, server=server) as world:
            world.client.ask(question())
        with asked(tmp_path, server=server, budget=Budget(max_tokens=0)) as later:
            assert later.client.ask(question()).cached
            with pytest.raises(BudgetReached):
                later.client.ask(question("Another?"))


def test_a_repair_turn_is_reserved_as_well(tmp_path: Path) -> None:
    with asked(tmp_path, "no JSON", budget=Budget(max_tokens=1_200), max_output_tokens=1_000) as world:
        with pytest.raises(BudgetReached):
            world.client.ask(question())
        assert len(world.server.requests) == 1
    assert not issubclass(BudgetReached, QuestionFailed)
