"""Parts of work on a Ray cluster: the only module that knows Ray.

Workers are actors, which keep what they have loaded; each has one GPU where there are some. A part is given only to a
worker that has started. Where a worker, its machine or its memory ends, another one is asked for and the part is given
to whoever is free, three times at most; so a machine that never comes back holds nothing up.

Nothing is shipped but what a worker is asked to do: rows, weights and results lie in the project's folder, which all
machines see at the same path. An array job needs that too, results need no way through this process, and what is whole
stays when it dies.
"""

from __future__ import annotations

import shutil
import signal
import socket
import tempfile
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import ray
from ray.exceptions import OutOfMemoryError, RayError, RayTaskError

import engine
from engine.child import in_root_folder
from engine.errors import BlindspotError, JobError
from engine.progress import Monitor, Silent
from engine.shards.parts import Done, Load, Part, Worker
from engine.shards.where import Where
from engine.text import visible

MOST_THREADS = 4
"""CPU threads of a worker unless the settings name a number: more of them wait for one that tokenises."""
ATTEMPTS = 3
_POLL_SECONDS = 0.5
_CONNECT_SECONDS = 5.0
_OBJECT_STORE = 256 << 20  # bytes on a cluster of this machine alone: rows and results do not go through it


@dataclass(frozen=True)
class _Failed:
    """Why a part was not done, on which machine."""

    what: str
    where: str | None
    hint: str | None

    def error(self) -> BlindspotError:
        return BlindspotError(self.what, where=self.where, hint=self.hint)


class _Actor:
    """A worker as an actor of Ray, on some machine of the cluster."""

    def __init__(self, load: Load[Any, Any]) -> None:
        self._load = load
        self._worker: Worker[Any, Any] | None = None

    def version(self) -> str:
        """Of this package, there."""
        return engine.__version__

    def do(self, part: Any) -> Any:
        """Do a part, with what was loaded for the first one."""
        try:
            if self._worker is None:
                self._worker = self._load(Silent())
            return self._worker(part)
        except BlindspotError as error:
            return _Failed(f"on {socket.gethostname()}: {error.what}", error.where, error.hint)


def do_parts_on_ray(
    load: Load[Part, Done], parts: Sequence[Part], *, where: Where, threads: int, monitor: Monitor
) -> Iterator[tuple[Part, Done | BlindspotError]]:
    """See `engine.shards.parts.do_parts`; ``threads`` 0: up to `MOST_THREADS`, as many as the smallest machine has."""
    with _cluster(where):
        nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        cores = [int(node["CPU"]) for node in nodes if node.get("CPU", 0) >= 1]
        threads = threads or min([MOST_THREADS, *cores])
        gpus = int(sum(node.get("GPU", 0) for node in nodes))
        room = gpus or sum(core // threads for core in cores) or 1
        count = min(where.workers or room, len(parts))
        kind = f"a GPU and {threads} CPU threads" if gpus else f"{threads} CPU threads"
        monitor.note(f"{len(parts)} parts on Ray: up to {count} workers with {kind} each, on {len(nodes)} machines")
        needs = {"num_cpus": 1, "num_gpus": 1} if gpus else {"num_cpus": threads}
        yield from _Workers(load, parts, count, needs, monitor).work()


class _Workers:
    """The actors and the part that each is doing; a part is named by its place in the list."""

    def __init__(
        self, load: Load[Any, Any], parts: Sequence[Any], count: int, needs: dict[str, Any], monitor: Monitor
    ) -> None:
        self._parts, self._needs, self._monitor = parts, needs, monitor
        self._load = ray.put(load)
        self._waiting = deque(range(len(parts)))
        self._attempts: Counter[int] = Counter()
        self._at: dict[Any, tuple[Any, int | None]] = {}
        """By what is awaited the worker, and the part that it does; None: it starts."""
        self._idle: list[Any] = []
        self._lost_starts = 0
        for _ in range(count):
            self._start_actor()

    def work(self) -> Iterator[tuple[Any, Any]]:
        """Yield each part with what came of it."""
        ended = 0
        while ended < len(self._parts):
            busy = sum(part is not None for _, part in self._at.values())
            self._monitor.step("workers", ended, len(self._parts), busy=busy)
            ready, _ = ray.wait(list(self._at), timeout=_POLL_SECONDS)
            for awaited in ready:
                actor, part = self._at.pop(awaited)
                result, alive = self._result(awaited, part)
                if not alive:
                    with suppress(RayError):
                        ray.kill(actor)
                    self._start_actor()
                else:
                    self._idle.append(actor)
                if part is not None and result is not None:
                    ended += 1
                    yield self._parts[part], result
            while self._idle and self._waiting:
                actor, part = self._idle.pop(), self._waiting.popleft()
                self._at[actor.do.remote(self._parts[part])] = (actor, part)

    def _start_actor(self) -> None:
        actor = ray.remote(**self._needs, max_restarts=0)(_Actor).remote(self._load)
        self._at[actor.version.remote()] = (actor, None)

    def _result(self, awaited: Any, part: int | None) -> tuple[Any, bool]:
        """What came of a part (None: it is to be tried again, or was none), and whether its worker lives."""
        try:
            found = ray.get(awaited)
        except RayTaskError as error:  # a fault of the program, not of a machine: it would be the same again
            reason = str(error.cause) if error.cause else str(error)
            return JobError(f"its worker failed ({type(error.cause).__name__}: {reason})"), True
        except RayError as error:
            return self._lost(part, error), False
        if part is None:
            self._lost_starts = 0
            if found != engine.__version__:
                what = f"this is version {engine.__version__}, and a machine of the cluster has {found}"
                raise JobError(what, hint="install the same version on all machines")
            return None, True
        return (found.error() if isinstance(found, _Failed) else found), True

    def _lost(self, part: int | None, error: RayError) -> BlindspotError | None:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        told_last = part is None and not isinstance(error, OutOfMemoryError)
        reason = visible(lines[-1 if told_last else 0].strip().rstrip("."))
        if part is None:
            self._lost_starts += 1
            if self._lost_starts >= ATTEMPTS:
                hint = "install the package on every machine of the cluster"
                raise JobError(f"no worker starts on the cluster: {reason}", hint=hint) from error
            return None
        self._attempts[part] += 1
        self._monitor.note(f"a worker ended in the middle of part {self._parts[part]} ({reason}); another one takes it")
        if self._attempts[part] < ATTEMPTS:
            self._waiting.appendleft(part)
            return None
        what = f"it ended its worker {ATTEMPTS} times ({reason})"
        return JobError(what, hint="look for what ended it, such as a lack of memory, and resume")


@contextmanager
def _cluster(where: Where) -> Iterator[None]:
    """The cluster that was named, else a new one of this machine alone, which ends with the block.

    Raises:
        JobError: it cannot be reached or started.
    """
    at_term = signal.getsignal(signal.SIGTERM)
    options: dict[str, Any] = {"log_to_driver": False, "configure_logging": False}
    folder = None
    try:
        try:
            if where.address:
                _refuse_unreachable(where.address)
                options["address"] = where.address
            else:
                from engine.model.device import usable_cores  # torch, which a worker loads when it has work

                folder = tempfile.mkdtemp(prefix="ray-", dir="/tmp")  # a socket's path has 107 characters at most
                options |= {"address": "local", "_node_ip_address": "127.0.0.1", "include_dashboard": False}
                options |= {"_temp_dir": folder, "num_cpus": int(usable_cores()), "object_store_memory": _OBJECT_STORE}
            with in_root_folder():  # workers look for modules in the folder where their driver is
                ray.init(**options)
        except Exception as error:  # where a process starts too slowly, Ray raises no other class
            reason = next(iter(str(error).strip().splitlines()), type(error).__name__).rstrip(".")
            what, place = f"the Ray cluster cannot be used ({reason})", where.address or "--on ray"
            raise JobError(what, where=place, hint="look whether it runs, or leave --on out") from error
        signal.signal(signal.SIGTERM, at_term)  # Ray puts its own, which ends the process
        yield
    finally:
        ray.shutdown()
        signal.signal(signal.SIGTERM, at_term)
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def _refuse_unreachable(address: str) -> None:
    """Ray itself tries for minutes."""
    host, _, port = address.rpartition("//")[2].rpartition(":")
    socket.create_connection((host.strip("[]"), int(port)), timeout=_CONNECT_SECONDS).close()
