"""Independent trainings side by side, each in a process of its own (`engine.model.training_process`). Light.

A small model leaves cores idle: on two cores that others used too, two trainings of MiniLM with one thread each took
35 s, and one after the other with two threads each 49 and 53 s (`tests/bench/README.md`). What comes of a training
depends on its number of threads, as of any training (`engine.model.training`), and not on what runs beside it.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from engine.child import command, surroundings
from engine.errors import ModelError
from engine.model.text_classifier import classifier_of
from engine.model.training_task import TrainingTask, is_trained
from engine.progress import Monitor
from engine.project import Project

GRACE = 30.0  # seconds that a process has for its checkpoint
_LOOKS_EVERY = 0.5  # seconds
# A training of MiniLM (90 MB, fp32, rows of up to 128 tokens) takes 0.95 GB at most, of which 0.5 are libraries.
_LIBRARIES, _TIMES_WEIGHTS = 0.6e9, 8
_CGROUP = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class QueuedTraining:
    """A training that is to be done.

    Attributes:
        name: for people. work: how much of the whole it is.
        task: makes it, once that one of the list which ``after`` numbers has been trained; None: at once.
    """

    name: str
    work: int
    task: Callable[[], TrainingTask]
    after: int | None = None


@dataclass(frozen=True)
class Room:
    """How many trainings have room side by side, and how many CPU threads each takes."""

    processes: int
    threads: int


def room_for(project: Project, trainings: int, weights: int) -> Room:
    """What this machine has room for now.

    One at a time on a GPU, where a training takes all of it; of a program, which may hold a lock or a GPU that nobody
    here knows of; and where no second core is free, or memory is short or not known.

    Args:
        project: its settings name device and threads.
        trainings: that are to be done.
        weights: bytes of the model's weights.
    """
    if trainings < 2 or not classifier_of(project).has_weights:
        return Room(1, 0)
    from engine.model.device import choose_compute

    compute = choose_compute(project.settings.compute)
    if compute.device != "cpu":
        return Room(1, compute.threads)
    by_memory = int(free_memory() / (_LIBRARIES + _TIMES_WEIGHTS * weights))
    processes = max(1, min(trainings, compute.threads, by_memory))
    return Room(processes, compute.threads // processes)


def free_memory() -> int:
    """Bytes that new processes can take without anything being swapped; 0 where that is not known."""
    found = []
    with suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        found.append(1024 * next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")))
    with suppress(OSError, ValueError):  # of the container; "max" is no number
        most, taken = ((_CGROUP / name).read_text(encoding="ascii") for name in ("memory.max", "memory.current"))
        found.append(int(most) - int(taken))
    return max(0, min(found, default=0))


def train_side_by_side(project: Project, wanted: Sequence[QueuedTraining], room: Room, monitor: Monitor) -> None:
    """Train what has not been trained; afterwards each is found by its content.

    Args:
        project: whose models they are.
        wanted: in the order in which they begin, as far as what they come after has ended.
        room: how many at a time.
        monitor: told of all together, in units of ``work``, and asked whether to go on.

    Raises:
        ModelError: one has failed, or its process was killed. The others leave a checkpoint, as when stopped.
        Stopped: from the monitor.
    """
    schedule = _Schedule(project, wanted)
    processes: list[_Process] = []
    try:
        while True:
            _occupy(project, processes, schedule, room)
            schedule.tell(monitor, processes)
            if not schedule.running:
                return
            _hear(processes, schedule, wanted)
    finally:
        for process in processes:
            process.ask_to_stop()
        for process in processes:
            process.end()


class _Schedule:
    """What is still to be done, what is being done, and what is done."""

    def __init__(self, project: Project, wanted: Sequence[QueuedTraining]) -> None:
        self._project, self._wanted = project, wanted
        self._waiting = list(range(len(wanted)))
        self._ended: set[int] = set()
        self.tasks: dict[int, TrainingTask] = {}
        self._folders: dict[int, Path] = {}
        self.running: set[int] = set()

    def next(self) -> int | None:
        """The first that can begin; those that are found trained have ended."""
        for place in list(self._waiting):
            after = self._wanted[place].after
            if after is not None and after not in self._ended:
                continue
            if place not in self.tasks:
                self.tasks[place] = self._wanted[place].task()
                self._folders[place] = self.tasks[place].folder(self._project)
            folder = self._folders[place]
            if any(self._folders[other] == folder for other in self.running):  # the same model under another name
                continue
            self._waiting.remove(place)
            if not is_trained(folder):
                self.running.add(place)
                return place
            self.end(place)
        return None

    def end(self, place: int) -> None:
        """It has been trained."""
        self.running.discard(place)
        self._ended.add(place)

    def tell(self, monitor: Monitor, processes: Sequence[_Process]) -> None:
        """Tell the monitor of all together."""
        wanted, busy = self._wanted, [process for process in processes if process.at is not None]
        done = sum(wanted[place].work for place in self._ended)
        done += sum(int(wanted[one.at].work * one.share) for one in busy if one.at is not None)
        names = _named([wanted[one.at].name for one in busy if one.at is not None])
        speed = round(sum(float(one.facts.get("rows_per_second", 0.0)) for one in busy), 1)
        stage = f"train {len(wanted)} models, {len(self._ended)} finished" + (f": {names}" if names else "")
        monitor.step(stage, done, max(1, sum(one.work for one in wanted)), rows_per_second=speed)


def _named(names: Sequence[str]) -> str:
    """Names for a line of a screen, which has room for two."""
    more = f" and {len(names) - 2} more" if len(names) > 2 else ""
    return ", ".join(names[:2]) + more


def _occupy(project: Project, processes: list[_Process], schedule: _Schedule, room: Room) -> None:
    """Give those that have nothing to do, and as many new ones as there is room for, a training."""
    while (free := next((one for one in processes if one.at is None), None)) or len(processes) < room.processes:
        place = schedule.next()
        if place is None:
            return
        if free is None:
            free = _Process(project.root, room.threads)
            processes.append(free)
        free.begin(place, schedule.tasks[place])


def _hear(processes: Sequence[_Process], schedule: _Schedule, wanted: Sequence[QueuedTraining]) -> None:
    """Wait a moment for news of the processes, and take it in."""
    with selectors.DefaultSelector() as ready:
        for process in processes:
            ready.register(process.out, selectors.EVENT_READ, process)
        for key, _ in ready.select(_LOOKS_EVERY):
            process = key.data
            at = process.at
            for news in process.news("a model" if at is None else wanted[at].name):
                if "error" in news:
                    process.rest()
                    raise ModelError(news["error"]["what"], where=news["error"]["where"], hint=news["error"]["hint"])
                if "made" in news:
                    schedule.end(at)
                    process.rest()
                elif "done" in news:
                    process.share, process.facts = news["done"] / max(1, news["total"]), news["facts"]


class _Process:
    """A process that trains.

    Attributes:
        at: number of what it trains; None: nothing. share: how much of it is done. facts: of its last step.
    """

    def __init__(self, root: Path, threads: int) -> None:
        self._process = subprocess.Popen(
            [*command("engine.model.training_process"), str(root.absolute()), str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            **surroundings(OMP_NUM_THREADS=str(threads), TOKENIZERS_PARALLELISM="false"),
        )
        assert self._process.stdout is not None
        self.out = self._process.stdout.fileno()
        self._root, self._unread = root, b""
        self.rest()

    def rest(self) -> None:
        """It has nothing to do."""
        self.at: int | None = None
        self.share = 0.0
        self.facts: dict[str, Any] = {}

    def begin(self, at: int, task: TrainingTask) -> None:
        """Give it a training."""
        self.at = at
        self._write({"task": task.as_json()})

    def news(self, name: str) -> list[dict[str, Any]]:
        """What it has written.

        Raises:
            ModelError: it has ended, while it trained what has this name.
        """
        data = os.read(self.out, 1 << 16)
        *lines, self._unread = (self._unread + data).split(b"\n")
        if data:
            return [orjson.loads(line) for line in lines]
        status = self._process.wait()
        how = f"was ended by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
        raise ModelError(
            f"the process that trained {name} {how}",
            where=str(self._root),
            hint="finished trainings are kept: go on with `blindspot jobs DIR --resume JOB`; where memory is "
            "short, set compute.threads to 1 before, and one is trained at a time",
        )

    def ask_to_stop(self) -> None:
        """Ask it for a checkpoint, if it trains; its end is told by closing its input."""
        if self.at is not None:
            self._write({"stop": True})

    def end(self) -> None:
        """See it end."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            if self.at is not None:
                self._await_answer()
            self._process.stdin.close()
            self._process.wait(GRACE)
        except subprocess.TimeoutExpired:
            pass
        finally:
            self._process.kill()
            self._process.wait()
            self._process.stdout.close()

    def _await_answer(self) -> None:
        """Read until it has left its checkpoint, or has ended, or `GRACE` is over."""
        with selectors.DefaultSelector() as ready:
            ready.register(self.out, selectors.EVENT_READ)
            while ready.select(GRACE):
                data = os.read(self.out, 1 << 16)
                *lines, self._unread = (self._unread + data).split(b"\n")
                if not data or any("done" not in orjson.loads(line) for line in lines):
                    return

    def _write(self, what: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        line = memoryview(orjson.dumps(what) + b"\n")
        with suppress(BrokenPipeError):  # its end is seen where it is read
            while line:
                line = line[self._process.stdin.write(line) or 0 :]
