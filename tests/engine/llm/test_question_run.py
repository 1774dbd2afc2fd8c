"""Questions in threads: what ends a run, what is kept of it, and which thread hears of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

import pytest

from engine.llm.chat_backend import BudgetReached, QuestionFailed, ServerRefused
from engine.llm.question_run import QuestionRun
from engine.progress import Silent

Result = TypeVar("Result")


class Heard(Silent):
    """Keeps each note with the thread that told it."""

    def __init__(self) -> None:
        self.notes: list[tuple[str, int]] = []

    def note(self, message: str) -> None:
        self.notes.append((message, threading.get_ident()))


def results_of(run: QuestionRun[str], work: Callable[[int], Result], *, items: int, parallel: int = 1) -> list[object]:
    return [found for _, found in run.results(range(items), work, parallel=parallel, look=lambda: None)]


def test_one_question_that_fails_leaves_the_others_their_answers() -> None:
    def work(item: int) -> int:
        if item == 1:
            raise QuestionFailed("no usable answer")
        return item

    first, failed, last = results_of(QuestionRun(Silent()), work, items=3)
    assert (first, str(failed), last) == (0, "no usable answer.", 2)


def test_a_refusal_begins_no_further_question_and_keeps_the_answer_that_is_under_way() -> None:
    threads: dict[int, threading.Thread] = {}
    both = threading.Barrier(2)

    def work(item: int) -> int:
        threads[item] = threading.current_thread()
        both.wait(60)
        if item == 0:
            raise ServerRefused("a wrong key")
        threads[0].join(60)  # it has refused, and takes no other
        return item

    run = QuestionRun[str](Silent())
    results = run.results(range(9), work, parallel=2, look=lambda: None)
    assert next(results) == (1, 1)
    with pytest.raises(ServerRefused):
        next(results)
    assert sorted(threads) == [0, 1]
    assert run.stopped == ""


def test_the_end_of_the_budget_is_told_by_the_first_question_that_was_too_much() -> None:
    first_told, both = threading.Event(), threading.Barrier(2)

    def work(item: int) -> int:
        both.wait(60)
        if item == 1:
            assert first_told.wait(60)
        raise BudgetReached(f"{item} of 2 tokens are spent")

    run = QuestionRun[str](Silent())

    def look() -> None:
        if run.stopped:
            first_told.set()

    assert list(run.results(range(2), work, parallel=2, look=look)) == []
    assert run.stopped == "0 of 2 tokens are spent"


def test_notes_and_parts_of_results_reach_the_thread_that_goes_through_them() -> None:
    monitor = Heard()
    run: QuestionRun[str] = QuestionRun(monitor)

    def work(item: int) -> None:
        run.note("waiting \x1b[2J for the server")
        run.tell(f"the answer to {item}")

    results_of(run, work, items=2)
    assert list(run.told()) == ["the answer to 0", "the answer to 1"]
    assert [thread for _, thread in monitor.notes] == [threading.get_ident()] * 2
    assert "\x1b" not in monitor.notes[0][0]
