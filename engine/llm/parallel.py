"""Running questions in parallel threads; results are handled in the caller's thread.

The threads are daemons and are not waited for when the caller gives up: what they hold is an open connection, and
closing the asker ends that.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
_LOOK_SECONDS = 0.2  # how often the caller is asked whether to go on


def in_parallel(
    items: Sequence[Item],
    work: Callable[[Item], Result],
    *,
    parallel: int,
    halt: threading.Event,
    look: Callable[[], None],
) -> Iterator[tuple[Item, Result | BaseException]]:
    """Do the work of every item in threads, and give each item with its result, or its error, as it is done.

    Args:
        items: what to do, in order.
        work: what is done with one; called in a thread.
        parallel: how many at a time.
        halt: no item is begun once it is set; set when the caller gives up.
        look: called five times a second in the caller's thread; what it raises ends the work.
    """
    waiting, lock = deque(items), threading.Lock()
    done: queue.SimpleQueue[tuple[Item, Result | BaseException] | None] = queue.SimpleQueue()

    def run() -> None:
        while not halt.is_set():
            with lock:
                if not waiting:
                    break
                item = waiting.popleft()
            try:
                done.put((item, work(item)))
            except BaseException as error:
                done.put((item, error))
        done.put(None)

    threads = [threading.Thread(target=run, daemon=True) for _ in range(min(parallel, len(items)))]
    for thread in threads:
        thread.start()
    left = len(threads)
    try:
        while left:
            look()
            try:
                found = done.get(timeout=_LOOK_SECONDS)
            except queue.Empty:
                continue
            if found is None:
                left -= 1
            else:
                yield found
    except BaseException:
        halt.set()
        raise
