"""Work in parts, by this process or by workers on Ray: each loads once, then does one part after the other. Light."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

from engine.errors import BlindspotError
from engine.progress import Monitor
from engine.shards.where import Where

Part = TypeVar("Part")
Done = TypeVar("Done", covariant=True)


class Worker(Protocol[Part, Done]):  # type: ignore[misc]
    """Does parts, with what it has loaded."""

    def __call__(self, part: Part, /) -> Done:
        """Do one.

        Raises:
            BlindspotError: it cannot be done; others may.
        """

    def close(self) -> None:
        """Let go of what it has loaded."""


Load = Callable[[Monitor], Worker[Part, Done]]
"""Makes a worker. For Ray it is pickled, and called in another process, on another machine maybe."""


def do_parts(
    load: Load[Part, Done], parts: Sequence[Part], *, where: Where, threads: int, monitor: Monitor
) -> Iterator[tuple[Part, Done | BlindspotError]]:
    """Do all parts, and yield each as it ends, with its result or why it has none; one that fails stops no other.

    Args:
        load: makes a worker.
        parts: to be done, in about this order.
        where: this process, or a Ray cluster.
        threads: CPU threads that each worker on Ray uses (`engine.shards.on_ray`).
        monitor: asked whether to go on; a worker of this process tells it how far it is, those on Ray by stage
            ``workers`` how many parts have ended.

    Raises:
        JobError: the cluster cannot be reached, or no worker starts there.
        Stopped: from the monitor.
    """
    if not parts:
        return
    if where.kind == "ray":
        os.environ.update(_ray_environment(where))
        from engine.shards.on_ray import do_parts_on_ray

        yield from do_parts_on_ray(load, parts, where=where, threads=threads, monitor=monitor)
        return
    worker = load(monitor)
    try:
        for part in parts:
            try:
                yield part, worker(part)
            except BlindspotError as error:
                yield part, error
    finally:
        worker.close()


def _ray_environment(where: Where) -> dict[str, str]:
    """What Ray reads of the environment when it is imported, so no later.

    It tells nobody that it is used. On a cluster of this machine alone it listens on all addresses, whatever address it
    is told: there it lets in only who has a token, which is made anew and handed on in the environment alone.
    """
    told = {"RAY_USAGE_STATS_ENABLED": "0"}
    if where.address or "RAY_AUTH_TOKEN" in os.environ:
        return told
    secret = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    return told | secret | {"RAY_worker_niceness": "0"}  # a job is nice already: 15 more, and others take all cores
