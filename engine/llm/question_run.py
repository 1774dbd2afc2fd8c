"""Questions in parallel threads until all are answered, the budget is reached or the server refuses. Light."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Generic, TypeVar

from engine.llm.chat_backend import BudgetReached, QuestionFailed
from engine.llm.parallel import Item, Result, in_parallel
from engine.llm.prompt_guard import LeakFound
from engine.progress import Monitor
from engine.text import visible

Told = TypeVar("Told")


class QuestionRun(Generic[Told]):
    """What threads ask, and what they tell the thread that goes through `results`.

    Args:
        monitor: takes the sentences of `note`, in that thread.

    Attributes:
        stopped: why the run ended early: the first question that was too much for the budget; empty: it did not.
    """

    def __init__(self, monitor: Monitor) -> None:
        self._monitor = monitor
        self._notes: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._told: queue.SimpleQueue[Told] = queue.SimpleQueue()
        self.stopped = ""

    def note(self, sentence: str) -> None:
        """Pass a sentence on to the monitor, from any thread."""
        self._notes.put(sentence)

    def tell(self, what: Told) -> None:
        """Hand over a part of a result, from any thread, before the whole is there."""
        self._told.put(what)

    def told(self) -> Iterator[Told]:
        """What was handed over since, the first first."""
        while not self._told.empty():
            yield self._told.get()

    def results(
        self,
        items: Sequence[Item],
        work: Callable[[Item], Result],
        *,
        parallel: int,
        look: Callable[[], None],
    ) -> Iterator[tuple[Item, Result | QuestionFailed | LeakFound]]:
        """Each item with its result, or with why this one has none, as it is done.

        Anything else that goes wrong begins no further item; those under way may still get their answers.

        Args:
            items: what is asked about, in order.
            work: asks about one, in a thread.
            parallel: how many at a time.
            look: called five times a second in the caller's thread; what it raises ends the run.

        Raises:
            ServerRefused: no question can be answered; after the results of those under way.
        """
        halt = threading.Event()
        refused: BaseException | None = None

        def halting(item: Item) -> Result:
            try:
                return work(item)
            except (QuestionFailed, LeakFound):
                raise
            except BaseException:
                halt.set()  # here, not where the error is taken in: until then another item would be begun
                raise

        def look_and_note() -> None:
            while not self._notes.empty():
                self._monitor.note(visible(self._notes.get()))
            look()

        for item, found in in_parallel(items, halting, parallel=parallel, halt=halt, look=look_and_note):
            if isinstance(found, BudgetReached):
                self.stopped = self.stopped or str(found).rstrip(".")
            elif isinstance(found, BaseException) and not isinstance(found, QuestionFailed | LeakFound):
                refused = refused or found
            else:
                yield item, found
        if refused is not None:
            raise refused
